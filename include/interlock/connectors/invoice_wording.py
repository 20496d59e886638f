"""What people read in an invoice, in its readers' language: days of service, the reckoning of a line, the buyer's references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import plain


@dataclass(frozen=True, slots=True)
class Words:
    """An invoice's words in one language; `{}` is the place of the value."""

    period: str
    discount: str
    share: str
    buyer_reference: str
    contract: str
    purchase_order: str
    corrects: str
    day: str
    comma: str


GERMAN: Final = Words(
    "Leistungszeitraum {} bis {}", "abzüglich {} %", "anteilig {}", "Leitweg-ID: {}", "Vertrag: {}", "Bestellnummer: {}",
    "Zu Rechnung: {}", "%d.%m.%Y", ",",
)  # fmt: skip
ENGLISH: Final = Words(
    "Service period {} to {}", "less {} %", "pro rata {}", "Buyer reference: {}", "Contract: {}", "Purchase order: {}",
    "Concerning invoice: {}", "%Y-%m-%d", ".",
)  # fmt: skip


def words(language: str) -> Words:
    """Return German words for German readers, English ones for all others."""
    return GERMAN if language.startswith("de") else ENGLISH


def description(line: InvoiceLine, said: Words, *, whole: bool) -> str:
    """Return a line's description; `whole` when quantity and price stand in fields of their own as agreed."""
    parts = [line.description or line.product]
    if not whole:
        reckoning = f"{_number(line.quantity, said)} \u00d7 {_number(line.unit_price, said)}"
        if line.discount:
            reckoning += f" {said.discount.format(_number(line.discount, said))}"
        parts.append(f"{reckoning} {said.share.format(line.share)}" if line.share else reckoning)
    if line.service_from and line.service_to:
        parts.append(said.period.format(line.service_from.strftime(said.day), line.service_to.strftime(said.day)))
    return "\n".join(parts)


def comment(invoice: Invoice, said: Words, reasons: Sequence[str] = ()) -> str:
    """Return the buyer's references, one a line, and why there is no tax where the ERP's tax does not say so itself."""
    lines = (
        (said.buyer_reference, invoice.buyer_reference), (said.contract, invoice.contract_reference or invoice.key.contract),
        (said.purchase_order, invoice.purchase_order), (said.corrects, invoice.corrects),
    )  # fmt: skip
    return "\n".join([*(text.format(value) for text, value in lines if value), *reasons])


def read_period(text: str) -> tuple[date | None, date | None]:
    """Return the days of service that a line's description says, in either language; none where it says none."""
    for said in (GERMAN, ENGLISH):
        before, between, after = said.period.split("{}")
        found = re.search(rf"{re.escape(before)}(\S+){re.escape(between)}([\d.-]*\d){re.escape(after)}", text)
        try:
            days = [datetime.strptime(day, said.day).date() for day in found.groups()] if found else []  # noqa: DTZ007 - days
        except ValueError:
            continue
        if days:
            return days[0], days[1]
    return None, None


def _number(value: Decimal, said: Words) -> str:
    return plain(value).replace(".", said.comma)
