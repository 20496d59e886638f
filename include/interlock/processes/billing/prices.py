"""What each line of a period costs, net: quantity x unit price less discount, for the days served, rounded once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from interlock.domain.billing_rules import BillingRules
from interlock.domain.contract import Line
from interlock.domain.invoice import InvoiceLine
from interlock.domain.money import half_up, product
from interlock.processes.billing.freezing import day_of, is_once
from interlock.processes.billing.periods import Period
from interlock.processes.billing.proration import WHOLE, Share, part, share


@dataclass(frozen=True, slots=True)
class Priced:
    """The lines of a period, not yet taxed; `missing`: reason codes of lines that wait for a price or a reading."""

    lines: tuple[InvoiceLine, ...] = ()
    missing: tuple[str, ...] = ()


def price(period: Period, start: date, rules: BillingRules, billed_from: date) -> Priced:
    """Price every line that serves days of this period from billed_from on. start: the contract's first day."""
    lines, missing = [], []
    for line in period.term.lines:
        for served, of in _served(line, period, start, rules, billed_from):
            if line.unit_price is None or line.quantity is None:
                missing.append(_reason(line))
            else:
                lines.append(_priced(line, line.quantity, line.unit_price, served, of, period.term.currency))
    return Priced(tuple(lines), tuple(dict.fromkeys(missing)))


def line_total(quantity: Decimal, unit_price: Decimal, discount: Decimal) -> Decimal:
    """Return quantity x unit price x (1 - discount / 100), not yet rounded; discount in percent."""
    return product(quantity, unit_price, (100 - discount) / 100)


def _served(
    line: Line, period: Period, start: date, rules: BillingRules, billed_from: date
) -> Iterator[tuple[tuple[date, date], Share]]:
    if is_once(line):
        day = day_of(line, period.term.number, period.term.first_day)
        if max(period.first, billed_from) <= day <= period.last:
            begins = line.valid_from or day
            yield (begins, line.valid_to or begins), WHOLE
        return
    begins = max(period.first, line.valid_from or period.first, billed_from)
    ends = min(period.last, line.valid_to or period.last)
    if begins > ends:
        return
    first_owed = max(period.full_first, line.valid_from or start, start)
    if rules.proration == "none" and not begins <= first_owed <= ends:
        return  # charged with the earlier part of this full period, in the term before or elsewhere
    yield (begins, ends), share((begins, ends), (period.full_first, period.full_last), rules.proration)


def _priced(
    line: Line, quantity: Decimal, unit_price: Decimal, served: tuple[date, date], of: Share, currency: str
) -> InvoiceLine:
    net = half_up(part(line_total(quantity, unit_price, line.discount), of), currency)
    return InvoiceLine(
        line=line.id, product=line.product, description=line.description, unit=line.unit, quantity=quantity,
        unit_price=unit_price, discount=line.discount, share="" if of == WHOLE else f"{of[0]}/{of[1]}", net=net,
        supply=line.supply, tax_class=line.tax_class, service_from=served[0], service_to=served[1],
    )  # fmt: skip


def _reason(line: Line) -> str:
    if line.quantity is None:
        return "reading_missing" if line.usage else "quantity_missing"
    return "price_missing"
