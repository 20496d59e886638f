"""Contract, terms and what is billed -> planned invoices, supplements, and what is held with its exact amounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from interlock.domain.contract import Contract
from interlock.domain.invoice import Invoice, InvoiceKey
from interlock.processes.billing.calendar import DAY
from interlock.processes.billing.checks import check
from interlock.processes.billing.judge import Case, judge
from interlock.processes.billing.known import Billing, Held, Known, Rules, Settled, Waiting
from interlock.processes.billing.periods import Period, periods
from interlock.processes.billing.prices import price
from interlock.processes.billing.terms import TermPlan, plan_terms

UNCLEAR: Final = "cancellation_unclear"
Answer = Invoice | Held | Waiting | Settled


def decide_invoices(contract: Contract, known: Known, rules: Rules) -> Billing:
    """Answer for one contract as of a local date; the same question always has the same answer.

    Periods are judged one by one, so that one that is held stops no other.
    """
    if problems := check(contract):
        return Billing(problems=problems)
    plan = plan_terms(contract, known.terms, rules.renewal, known.as_of, blocked=known.recipient.blocked)
    if not plan.terms:
        return Billing(plan)
    billed = _by_period(known.billed)
    found: list[Answer] = []
    later = list[date]()
    for period in _periods(plan, known, rules):
        invoices = billed.pop(period.first, ())
        due = period.due_on(rules.billing)
        if due > known.as_of and not invoices:
            later.append(due)
        elif _is_ours(period, rules):
            found.append(_judge(contract, plan, period, invoices, known, rules))
    found += _not_owed(contract, billed, known, rules)
    waiting = tuple(answer for answer in found if isinstance(answer, Waiting))
    return Billing(
        plan=plan,
        planned=tuple(answer for answer in found if isinstance(answer, Invoice)),
        held=tuple(answer for answer in found if isinstance(answer, Held)),
        waiting=waiting,
        problems=plan.problems,
        settled=tuple(answer for answer in found if isinstance(answer, Settled)),
        next_due=min(later, default=None),
        look_again=min(filter(None, (*later, plan.look_again, known.as_of + DAY if waiting else None)), default=None),
    )


def _by_period(billed: tuple[Invoice, ...]) -> dict[date, tuple[Invoice, ...]]:
    found: dict[date, tuple[Invoice, ...]] = {}
    for invoice in billed:
        start = invoice.key.period_start
        found[start] = (*found.get(start, ()), invoice)
    return found


def _periods(plan: TermPlan, known: Known, rules: Rules) -> Iterator[Period]:
    """Yield every period that is due or was invoiced, and the first that is neither.

    A cancellation that is not clear cuts nothing: what reaches beyond its earliest day waits instead.
    """
    ends = None if plan.ending.problem else plan.ending.last_day
    soon = known.as_of + timedelta(days=rules.billing.lead_days)
    until = max((soon, *(invoice.key.period_start for invoice in known.billed)))
    for term in plan.terms:
        for period in periods(term, plan.terms[0].first_day, rules.billing, ends=ends, until=date.max):
            yield period
            if period.first > until:
                return


def _is_ours(period: Period, rules: Rules) -> bool:
    """Tell whether Interlock invoices the period: it does not lie wholly before go-live, nor in a first term billed elsewhere."""
    return period.last >= rules.billing.go_live and (rules.billing.first_term or period.term.number > 1)


def _judge(
    contract: Contract, plan: TermPlan, period: Period, invoices: tuple[Invoice, ...], known: Known, rules: Rules
) -> Answer:
    if plan.ending.problem and plan.ending.last_day and period.last > plan.ending.last_day:
        return Waiting(UNCLEAR, period.first)
    billed_from = contract.billed_through + DAY if contract.billed_through else date.min
    priced = price(period, plan.terms[0].first_day, rules.billing, billed_from)
    if priced.missing:
        return Waiting(priced.missing[0], period.first)
    straddles = period.first < rules.billing.go_live and contract.billed_through is None
    key = InvoiceKey(contract=contract.number, period_start=period.first)
    return judge(Case(contract, known, rules, key, period.term.currency, priced.lines, invoices, straddles))


def _not_owed(contract: Contract, billed: dict[date, tuple[Invoice, ...]], known: Known, rules: Rules) -> Iterator[Answer]:
    """Judge invoices whose period is no longer one: the contract ended before, is void, or its periods were moved."""
    for start, invoices in billed.items():
        if start >= rules.billing.go_live:
            key = InvoiceKey(contract=contract.number, period_start=start)
            yield judge(Case(contract, known, rules, key, invoices[0].currency, (), invoices))
