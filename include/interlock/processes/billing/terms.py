"""Which terms a contract has by now: frozen when first seen and when a renewal takes effect, for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from interlock.domain.billing_rules import RenewalRules
from interlock.domain.contract import Contract, Term
from interlock.domain.record import Problem
from interlock.processes.billing.calendar import DAY, last_receipt
from interlock.processes.billing.ending import OPEN, Ending, find_ending
from interlock.processes.billing.freezing import OUTSIDE, freeze, notices, outside, thaw
from interlock.processes.billing.stretches import Stretch, first_stretch, is_confirmed, next_stretch, renews_itself

CONSUMER: Final = Problem(
    "consumer_auto_renewal", "customer_kind",
    "a consumer's contract, or one of unknown kind, may not renew itself for a fixed term (§ 309 Nr. 9 BGB, 1 March 2022);"
    " make the renewal indefinite, or confirm it in the CRM",
)  # fmt: skip
BLOCKED: Final = Problem(
    "customer_blocked", "account", "the customer is blocked or archived in the ERP, so nothing is renewed by itself or invoiced"
)
MOVED: Final = Problem(
    "start_changed",
    "start",
    "the contract's start was changed after its first term began; set it back, or make it a new contract",
)
TAKEN_BACK: Final = Problem(
    "renewal_taken_back", "renewed_through",
    "a term began because the contract was confirmed or renewed itself, and that no longer holds in the CRM; confirm it, or enter"
    " the cancellation. Until then nothing of that term is invoiced",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TermPlan:
    """A contract's terms by now; `fresh` are those to be stored: new ones, and frozen ones that were completed or dated.

    problems: why it goes no further, or what a person should look at. look_again: the day on which time alone renews it.
    """

    terms: tuple[Term, ...] = ()
    fresh: tuple[Term, ...] = ()
    ending: Ending = OPEN
    problems: tuple[Problem, ...] = ()
    look_again: date | None = None


def plan_terms(
    contract: Contract, frozen: tuple[Term, ...], rules: RenewalRules, as_of: date, *, blocked: bool = False
) -> TermPlan:
    """Freeze what has taken effect up to `as_of`, a local date; a contract that is a draft or has no start has no terms.

    blocked: the ERP's customer is blocked or archived.
    """
    start = frozen[0].first_day if frozen else contract.start
    if start is None or (contract.status == "draft" and not frozen):
        return TermPlan()
    endings = find_ending(contract, start, frozen), _doubted(contract, frozen, rules, as_of)
    ending = min(endings, key=lambda found: found.last_day or date.max)
    terms: list[Term] = []
    for term in frozen:
        terms.append(thaw(contract, term, terms, (*terms, *frozen[len(terms) :])))
    if not terms:
        terms.append(_frozen(contract, first_stretch(contract, start), ()))
    look_again: date | None = None
    problem: Problem | None = None
    while following := _following(contract, start, terms[-1], ending):
        takes_effect = _takes_effect(contract, terms[-1], rules)
        look_again = takes_effect if takes_effect > as_of else None
        problem = _obstacle(contract, terms[-1], blocked=blocked)
        if look_again or problem:
            break
        terms.append(_frozen(contract, following, tuple(terms)))
    found = (
        ending.problem, None if look_again else problem, MOVED if contract.start != start else None,
        OUTSIDE if not (following or ending.problem) and outside(contract, tuple(terms), ending.last_day) else None,
        *notices(contract, tuple(terms)),
    )  # fmt: skip
    fresh = tuple(term for term in terms if term not in frozen)
    return TermPlan(tuple(terms), fresh, ending, tuple(p for p in found if p), look_again)


def _doubted(contract: Contract, frozen: tuple[Term, ...], rules: RenewalRules, as_of: date) -> Ending:
    """Return up to where the frozen terms are still borne out by the CRM, if not to their end."""
    for before, term in pairwise(frozen):
        if before.last_day is None or (_renews_itself(contract) and _after_notice(contract, before.last_day, rules) <= as_of):
            continue
        through = contract.renewed_through or before.last_day
        if through < (term.last_day or term.first_day):
            return Ending(max(before.last_day, through), TAKEN_BACK)
    return OPEN


def _renews_itself(contract: Contract) -> bool:
    return renews_itself(contract) and (contract.renewal_mode == "indefinite" or contract.customer_kind == "business")


def _following(contract: Contract, start: date, term: Term, ending: Ending) -> Stretch | None:
    if ending.last_day and term.last_day and ending.last_day <= term.last_day:
        return None
    return next_stretch(contract, start, (term.number, term.first_day, term.last_day))


def _takes_effect(contract: Contract, term: Term, rules: RenewalRules) -> date:
    """Return the first day on which what follows the term may be frozen: at once when confirmed, else after notice and grace."""
    if term.last_day is None or is_confirmed(contract, term.last_day):
        return date.min
    return _after_notice(contract, term.last_day, rules)


def _after_notice(contract: Contract, end: date, rules: RenewalRules) -> date:
    last = last_receipt(end, contract.notice_value, contract.notice_unit)
    return last + timedelta(days=rules.grace_days) + DAY


def _obstacle(contract: Contract, term: Term, *, blocked: bool) -> Problem | None:
    confirmed = term.last_day is not None and is_confirmed(contract, term.last_day)
    if blocked and not confirmed:
        return BLOCKED
    return None if confirmed or _renews_itself(contract) else CONSUMER


def _frozen(contract: Contract, stretch: Stretch, earlier: tuple[Term, ...]) -> Term:
    number, first, last = stretch
    return Term(
        contract=contract.number, number=number, first_day=first, last_day=last, interval=contract.interval,
        billed=contract.billed, currency=contract.currency, lines=freeze(contract, stretch, earlier),
    )  # fmt: skip
