"""Which fiscal year the net of an invoice belongs to: by its days of service, both ends counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import EXACT, ZERO, Amount, figure, half_up
from interlock.processes.billing.calendar import DAY
from interlock.processes.billing.proration import part


class YearShare(BaseModel):
    """The net of one currency that falls to a fiscal year; first_day and last_day are the year's."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    first_day: date
    last_day: date
    currency: str
    net: Amount

    @property
    def year(self) -> str:
        """Name the year as people do: `2026`, or `2026/27` where it is no calendar year."""
        first, last = self.first_day.year, self.last_day.year
        return str(first) if first == last else f"{first}/{last % 100:02}"

    @property
    def figure(self) -> str:
        """The net with all digits of the currency's minor unit, as people read it."""
        return figure(self.net, self.currency)


def shares(invoices: Iterable[Invoice], starts: str) -> tuple[YearShare, ...]:
    """Share out the net of each line to fiscal years that start on `starts` (MM-DD), and add up by year and currency."""
    found: dict[tuple[date, str], Decimal] = {}
    for invoice in invoices:
        for line in invoice.lines:
            for year, net in share_out(line.net, *_days(line, invoice), invoice.currency, starts):
                found[year, invoice.currency] = EXACT.add(found.get((year, invoice.currency), ZERO), net)
    return tuple(
        YearShare(first_day=year, last_day=_next(year) - DAY, currency=currency, net=found[year, currency])
        for year, currency in sorted(found)
    )


def share_out(net: Decimal, first: date, last: date, currency: str, starts: str) -> Iterator[tuple[date, Decimal]]:
    """Yield the first day of each fiscal year from `first` to `last` with its part of `net`, half-up by days.

    The parts add up to `net`: what rounding leaves goes to the last year.
    """
    days, rest, year = (last - first).days + 1, net, _year_of(first, starts)
    while (following := _next(year)) <= last:
        served = (following - max(first, year)).days
        share = half_up(part(net, (served, days)), currency)
        rest = EXACT.subtract(rest, share)
        yield year, share
        year = following
    yield year, rest


def _days(line: InvoiceLine, invoice: Invoice) -> tuple[date, date]:
    """Return a line's first and last day of service; one without days has those of the invoice."""
    known = sorted(day for day in (line.service_from, line.service_to) if day)
    known = known or sorted(day for day in (invoice.service_from, invoice.service_to) if day) or [invoice.key.period_start]
    return known[0], known[-1]


def _year_of(day: date, starts: str) -> date:
    year = date.fromisoformat(f"{day.year:04}-{starts}")
    return year if year <= day else year.replace(year=day.year - 1)


def _next(year: date) -> date:
    return year.replace(year=year.year + 1)
