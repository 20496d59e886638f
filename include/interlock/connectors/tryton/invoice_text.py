"""What an invoice in Tryton says in words, and the mark by which each of its lines is known again.

Tryton 8.0 has no fields for service days, nor for the buyer's references: people read them in the line's description and in the
comment, and we read the days in the line's note, which is not printed:
`[il:<contract line> <from> <to> <category> <tax class> <customer>]`, with the customer's id in Tryton.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import plain

MARK: Final = re.compile(
    r"\[il:(?P<line>\S+) (?P<first>\S+) (?P<last>\S+) (?P<category>[A-Z]+) (?P<tax_class>\S+) (?P<customer>\d+)\]"
)
NOTHING: Final = "-"


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


def mark(line: InvoiceLine, customer: int) -> str:
    """Return the mark of a line."""
    days = (day.isoformat() if day else NOTHING for day in (line.service_from, line.service_to))
    tax_class = re.sub(r"[\s\]]", "_", line.tax_class) or NOTHING
    return f"[il:{line.line} {' '.join(days)} {line.category} {tax_class} {customer}]"


def read_mark(note: str) -> dict[str, object]:
    """Return a line's own part of `InvoiceLine`; nothing for one that is not ours."""
    found = MARK.search(note)
    if not found:
        return {}
    try:
        first, last = (None if text == NOTHING else date.fromisoformat(text) for text in found.group("first", "last"))
    except ValueError:
        return {}
    tax_class = "" if found["tax_class"] == NOTHING else found["tax_class"]
    return {
        "line": found["line"], "service_from": first, "service_to": last, "category": found["category"], "tax_class": tax_class,
    }  # fmt: skip


def marked_customers(notes: Iterable[str]) -> set[str]:
    """Return the customers, by their id in Tryton, that lines of ours were made for."""
    return {found["customer"] for note in notes if (found := MARK.search(note))}


def _number(value: Decimal, said: Words) -> str:
    return plain(value).replace(".", said.comma)
