"""From where to where a contract's terms run, before anything is frozen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from interlock.domain.contract import Contract, Term
from interlock.processes.billing.calendar import DAY, end_after

Stretch = tuple[int, date, date | None]
"""A term's number, first and last day; None while it has no end."""


def first_stretch(contract: Contract, start: date) -> Stretch:
    """Return the first term's stretch."""
    return 1, start, end_after(start, contract.initial_term) if contract.initial_term else None


def next_stretch(contract: Contract, start: date, term: Stretch) -> Stretch | None:
    """Return what follows a term if the contract is renewed, or None if nothing can."""
    number, _, last = term
    if last is None or not (is_confirmed(contract, last) or renews_itself(contract)):
        return None
    first = last + DAY
    if contract.renewal_mode == "indefinite":
        return number + 1, first, None
    ends = [_aligned_end(start, first, contract.renewal_term)] if contract.renewal_term else []
    if contract.renewed_through and is_confirmed(contract, last):
        ends.append(contract.renewed_through)
    return number + 1, first, min(ends)


def stretches(contract: Contract, start: date, frozen: tuple[Term, ...]) -> Iterator[Stretch]:
    """Yield the terms there are, then those that would follow if nobody ever cancelled."""
    term: Stretch | None = None
    for known in frozen:
        term = known.number, known.first_day, known.last_day
        yield term
    term = next_stretch(contract, start, term) if term else first_stretch(contract, start)
    while term:
        yield term
        term = next_stretch(contract, start, term)


def is_confirmed(contract: Contract, last: date) -> bool:
    """Tell whether a person confirmed the contract beyond this day."""
    return contract.renewed_through is not None and contract.renewed_through > last


def renews_itself(contract: Contract) -> bool:
    """Tell whether the contract goes on unless somebody cancels it."""
    return contract.renewal_mode == "indefinite" or (contract.renewal_mode == "fixed" and contract.renewal_term > 0)


def _aligned_end(start: date, first: date, months: int) -> date:
    """Reckon from the contract's first day where the term begins a whole number of months after it, else from the term's own."""
    apart = (first.year - start.year) * 12 + first.month - start.month
    for count in (apart - 1, apart):
        if count > 0 and end_after(start, count) + DAY == first:
            return end_after(start, count + months)
    return end_after(first, months)
