"""The service periods of a term: cut from a grid that is always reckoned from the contract's first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from interlock.domain.billing_rules import BillingRules
from interlock.domain.contract import MONTHS, Term
from interlock.processes.billing.calendar import DAY, end_after


@dataclass(frozen=True, slots=True)
class Period:
    """Days of service that one invoice covers, both ends counted; full_first to full_last is the whole period it is part of."""

    term: Term
    first: date
    last: date
    full_first: date
    full_last: date

    def due_on(self, rules: BillingRules) -> date:
        """Return the local date from which it is invoiced: before its start, or the day after its end, shortened or not."""
        if self.term.billed == "arrears":
            return self.last + DAY
        return self.first - timedelta(days=rules.lead_days)


def periods(term: Term, start: date, rules: BillingRules, *, ends: date | None, until: date) -> Iterator[Period]:
    """Yield a term's periods whose first day is not after `until`, in order; the term, or the service's end, cuts the last one.

    start: the contract's first day. ends: the last day of service, if it ends.
    """
    bound = min(day for day in (term.last_day, ends, date.max) if day)
    for full_first, full_last in _grid(term, start, rules):
        first, last = max(full_first, term.first_day), min(full_last, bound)
        if first > until or first > bound:
            return
        if first <= last:
            yield Period(term, first, last, full_first, full_last)


def _grid(term: Term, start: date, rules: BillingRules) -> Iterator[tuple[date, date]]:
    months = MONTHS[term.interval]
    origin = date(start.year, 1, 1) if rules.anchor == "calendar" else start
    apart = (term.first_day.year - origin.year) * 12 + term.first_day.month - origin.month
    step = max(0, apart // months - 1)
    first = end_after(origin, step * months) + DAY if step else origin
    while True:
        step += 1
        last = end_after(origin, step * months)
        if last >= term.first_day:
            yield first, last
        first = last + DAY
