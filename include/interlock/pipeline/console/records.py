"""How records and changes are laid out, field by field: accounts, contracts with their lines, the three steps of an invoice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from interlock.config.contracts import CONTRACT
from interlock.domain.identity import Json, Values
from interlock.domain.invoice import InvoiceKey
from interlock.domain.party import PARTY_FIELDS
from interlock.domain.wording import line_words, lines_of, touched
from interlock.processes.invoice_words import step_fields

ORDER: Final = {name: place for place, name in enumerate((*PARTY_FIELDS, *CONTRACT))}
DETAILS: Final = {
    "recipient_differs": "Account that would be invoiced",
    "contract_field_unfit": "What it holds",
    "contract_line_unfit": "What it holds",
}
OWN_WORDS: Final = "The system's own words"


def ordered(values: Values) -> list[tuple[str, Json]]:
    """Return fields in the order in which people read a company or a contract: what Interlock adds last."""
    return sorted(values.items(), key=lambda item: (ORDER.get(item[0], len(ORDER)), item[0]))


def laid_out(body: Values) -> list[tuple[str, str, Json]]:
    """Return a record's fields as (field, what it is called, value); each line of a contract on its own."""
    rows: list[tuple[str, str, Json]] = []
    for field, value in ordered(body):
        if lines := lines_of(body) if field == "lines" else []:
            currency = body.get("currency")
            rows += [
                ("lines", f"line {line.get('id') or place}", line_words(line, currency)) for place, line in enumerate(lines, 1)
            ]
        else:
            rows.append((field, field, value))
    return rows


def fields(change: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Return what a change writes; the steps of an invoice as people read them."""
    return step_fields(change) or ordered(touched(change) or {"": ""})


def period(field: str) -> str:
    """Return the first day of the period that an entry is about; nothing for one about something else."""
    try:
        return InvoiceKey.parse(field).period_start.isoformat()
    except ValueError:
        return ""


def detail_label(code: str, detail: str) -> str:
    """Say what an entry's detail is."""
    return "Amounts at stake" if re.match(r"net -?\d", detail) else DETAILS.get(code, OWN_WORDS)
