"""The lines of a term: frozen when it takes effect, completed by what was missing, changed by what bears a date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from interlock.domain.contract import Contract, Line, Term
from interlock.domain.record import Problem
from interlock.processes.billing.stretches import Stretch
from interlock.processes.billing.uplift import price_for

UNDATED: Final = Problem(
    "line_without_date", "lines", "a line was added within a term; enter from which day it holds, until then it is not invoiced"
)
CHANGED: Final = Problem(
    "line_changed_without_date", "lines",
    "a line was changed or removed within a term; it holds from the next term. To change it earlier, end it and add a new one",
)  # fmt: skip
OUTSIDE: Final = Problem(
    "line_after_end", "lines", "a line begins after the contract's end, so it is never invoiced; correct its dates, or the end"
)
PRICE_DATE: Final = Problem(
    "new_price_unfit", "lines",
    "a new price holds from a term's first day, and must be entered before that term takes effect; else end the line on a day and"
    " add a new one",
)  # fmt: skip
COMPARED: Final = ("product", "quantity", "unit_price", "discount", "tax_class", "supply", "recurrence", "usage")


def day_of(line: Line, number: int, first_day: date) -> date:
    """Return the day that decides to which term and period a one-off line belongs; a reading belongs where its last day lies.

    What was supplied before a contract's first day, such as its setting up, belongs to the first day of its first term.
    """
    found = (line.valid_to if line.usage else None) or line.valid_from or first_day
    return max(found, first_day) if number == 1 else found


def is_once(line: Line) -> bool:
    """Tell whether a line is invoiced once: a one-off, or a reading."""
    return line.usage or line.recurrence == "one_off"


def belongs(line: Line, number: int, first: date, last: date | None) -> bool:
    """Tell whether a line has anything to do with the stretch of days."""
    begins, ends = (line.valid_from or first, line.valid_to or date.max)
    if is_once(line):
        begins = ends = day_of(line, number, first)
    return begins <= ends and ends >= first and (last is None or begins <= last)


def freeze(contract: Contract, stretch: Stretch, earlier: Iterable[Term]) -> tuple[Line, ...]:
    """Return the lines of a term that takes effect now: the CRM's, at their prices in this term."""
    terms = tuple(earlier)
    number, first, last = stretch
    return tuple(
        _taken(line, contract, first, terms)
        for line in contract.lines
        if belongs(line, number, first, last) and not (is_once(line) and any(_states(line, terms)))
    )


def thaw(contract: Contract, term: Term, earlier: Iterable[Term], everything: Iterable[Term]) -> Term:
    """Return a frozen term with the ends, additions and missing values that the CRM brought since; all else stays."""
    terms, all_terms = tuple(earlier), tuple(everything)
    current = {line.id: line for line in contract.lines}
    kept = [_completed(line, current[line.id], contract, term, terms) if line.id in current else line for line in term.lines]
    known = {line.id for line in term.lines}
    added = [
        _taken(line, contract, term.first_day, terms)
        for line in contract.lines
        if line.id not in known
        and belongs(line, term.number, term.first_day, term.last_day)
        and _may_join(line, terms, all_terms)
    ]
    lines = (*kept, *added)
    return term if lines == term.lines else term.model_copy(update={"lines": lines})


def notices(contract: Contract, terms: tuple[Term, ...]) -> tuple[Problem, ...]:
    """Name what was changed in the CRM in a way that no running term takes up."""
    current = {line.id: line for line in contract.lines}
    found = []
    known = {line.id for term in terms for line in term.lines}
    if any(line.id not in known and line.valid_from is None for line in contract.lines):
        found.append(UNDATED)
    if any(line.id not in current or _differs(current[line.id], terms) for line in terms[-1].lines):
        found.append(CHANGED)
    if any(_missed(line, term) for line in contract.lines for term in terms):
        found.append(PRICE_DATE)
    return tuple(found)


def outside(contract: Contract, terms: tuple[Term, ...], ends: date | None) -> bool:
    """Tell whether a line begins after the last day of a contract that nothing follows; one that is void has none."""
    first = terms[0].first_day
    end = min(day for day in (ends, terms[-1].last_day, date.max) if day)
    return end >= first and any(
        (day_of(line, 1, first) if is_once(line) else line.valid_from or first) > end for line in contract.lines
    )


def _may_join(line: Line, earlier: tuple[Term, ...], everything: tuple[Term, ...]) -> bool:
    if is_once(line):
        return line.valid_from is not None and not any(_states(line, everything))
    return line.valid_from is not None or any(_states(line, earlier[-1:]))


def _taken(line: Line, contract: Contract, first: date, earlier: tuple[Term, ...]) -> Line:
    price = line.unit_price if is_once(line) else price_for(line, contract, first, _states(line, earlier))
    dated = {} if line.valid_from or not earlier or any(_states(line, earlier)) else {"valid_from": first}
    return line.model_copy(update={"unit_price": price, "new_unit_price": None, "new_price_from": None, **dated})


def _completed(frozen: Line, line: Line, contract: Contract, term: Term, earlier: tuple[Term, ...]) -> Line:
    update: dict[str, object] = {} if is_once(frozen) else {"valid_to": line.valid_to}
    if frozen.quantity is None:
        update["quantity"] = line.quantity
    if frozen.unit_price is None:
        update["unit_price"] = _taken(line, contract, term.first_day, earlier).unit_price
    return frozen.model_copy(update=update)


def _states(line: Line, terms: Iterable[Term]) -> Iterator[Line]:
    return (known for term in terms for known in term.lines if known.id == line.id)


def _differs(line: Line, terms: tuple[Term, ...]) -> bool:
    states = tuple(_states(line, terms))
    begun = {state.valid_from or terms[0].first_day for state in states}
    moved = line.valid_from is not None and line.valid_from not in begun
    return moved or any(getattr(line, name) not in {getattr(state, name) for state in states} for name in COMPARED)


def _missed(line: Line, term: Term) -> bool:
    """Tell whether a new price was meant for this term, but not from its first day, or came after it was frozen."""
    since = line.new_price_from
    if since is None or line.new_unit_price is None or not term.first_day <= since <= (term.last_day or date.max):
        return False
    return since > term.first_day or any(state.unit_price != line.new_unit_price for state in _states(line, (term,)))
