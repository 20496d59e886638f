"""What is billed against what is owed: line by line, category by category, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from interlock.domain.invoice import Category, Invoice, InvoiceLine, TaxTotal
from interlock.domain.money import ZERO
from interlock.processes.billing.calendar import DAY

Group = tuple[Category, Decimal]


def differing(owed: Iterable[TaxTotal], billed: Iterable[Invoice]) -> tuple[TaxTotal, ...]:
    """Return owed less billed for each category and rate whose base differs; the tax billed is the ERP's own figure."""
    one = {(total.category, total.rate): total for total in owed}
    two: dict[Group, list[TaxTotal]] = {}
    for invoice in billed:
        for total in invoice.taxes:
            two.setdefault((total.category, total.rate), []).append(total)
    return tuple(found for group in sorted({*one, *two}) if (found := _less(one.get(group), two.get(group, []))).base)


def _less(owed: TaxTotal | None, billed: list[TaxTotal]) -> TaxTotal:
    base = (owed.base if owed else ZERO) - sum((total.base for total in billed), ZERO)
    tax = (owed.tax if owed else ZERO) - sum((total.tax for total in billed), ZERO)
    return (owed or billed[0]).model_copy(update={"base": base, "tax": tax})


def supplement_lines(owed: Iterable[InvoiceLine], billed: Iterable[Invoice]) -> tuple[InvoiceLine, ...]:
    """Return one line for each contract line that is owed more, or less, than was billed."""
    before: dict[str, list[InvoiceLine]] = {}
    for invoice in billed:
        for line in invoice.lines:
            before.setdefault(line.line, []).append(line)
    now = {line.line: line for line in owed}
    return tuple(
        _difference(now.get(key), before.get(key, [])) for key in (*now, *(before.keys() - now)) if _net(now, before, key)
    )


def _net(now: dict[str, InvoiceLine], before: dict[str, list[InvoiceLine]], key: str) -> Decimal:
    return (now[key].net if key in now else ZERO) - sum((line.net for line in before.get(key, [])), ZERO)


def _difference(owed: InvoiceLine | None, billed: list[InvoiceLine]) -> InvoiceLine:
    """A price is never negative (EN 16931 BR-27): what is owed less has the quantity -1."""
    line = owed or billed[0]
    if not billed:
        return line
    net = (owed.net if owed else ZERO) - sum((known.net for known in billed), ZERO)
    through = max((known.service_to for known in billed if known.service_to), default=None)
    more = owed and through and owed.service_to and owed.service_from and owed.service_from <= through < owed.service_to
    return line.model_copy(
        update={
            "quantity": Decimal(1).copy_sign(net), "unit_price": abs(net), "discount": ZERO, "share": "", "net": net,
            "service_from": through + DAY if more and through else line.service_from,
        }
    )  # fmt: skip


def unidentified(billed: Iterable[Invoice]) -> bool:
    """Tell whether some invoice has lines that were not made from the contract's."""
    return any(not line.line for invoice in billed for line in invoice.lines)


def retaxed(owed: Iterable[InvoiceLine], billed: Iterable[Invoice]) -> bool:
    """Tell whether a line was billed in another category or at another rate than it is owed."""
    now = {line.line: (line.category, line.rate) for line in owed}
    return any(now.get(line.line, (line.category, line.rate)) != (line.category, line.rate) for i in billed for line in i.lines)


def estranged(owed: Iterable[InvoiceLine], regular: Invoice | None, since: date | None) -> bool:
    """Tell whether a line of a time when the recipient was another would be taxed in a category that its period does not have."""
    if regular is None or since is None:
        return False
    categories = {total.category for total in regular.taxes}
    return any(line.category not in categories for line in owed if line.service_to and line.service_to < since)


def overlapping(lines: Iterable[InvoiceLine], period_start: date, billed: Iterable[Invoice]) -> bool:
    """Tell whether a service day of these lines is covered by a live regular invoice of another period."""
    others = [i for i in billed if i.state.live and i.key.kind == "regular" and i.key.period_start != period_start]
    known = [(line.line, days) for i in others for line in i.lines for days in _days(line, i)]
    return any(
        other in {line.line, ""} and first <= theirs[1] and theirs[0] <= last
        for line in lines
        for first, last in _days(line, None)
        for other, theirs in known
    )


def _days(line: InvoiceLine, invoice: Invoice | None) -> Iterator[tuple[date, date]]:
    first = line.service_from or (invoice.service_from if invoice else None)
    last = line.service_to or (invoice.service_to if invoice else None)
    if first and last:
        yield first, last
