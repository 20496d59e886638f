"""What an invoice in Tryton says in words, and the mark by which each of its lines is known again.

Tryton 8.0 has no fields for service days, nor for the buyer's references: people read them in the line's description and in the
comment, and we read the days in the line's note, which is not printed:
`[il:<contract line> <from> <to> <category> <tax class> <customer>]`, with the customer's id in Tryton.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from interlock.domain.invoice import InvoiceLine

MARK: Final = re.compile(
    r"\[il:(?P<line>\S+) (?P<first>\S+) (?P<last>\S+) (?P<category>[A-Z]+) (?P<tax_class>\S+) (?P<customer>\d+)\]"
)
NOTHING: Final = "-"


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
