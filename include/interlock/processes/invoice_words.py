"""The three steps of an invoice as people read them: what was decided, and what the ERP gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.domain.identity import Json, Values
from interlock.domain.invoice import STEPS, InvoiceKey
from interlock.domain.wording import line_words, lines_of

GIVEN: Final = ("state", "number", "invoice_date", "due_date", "net", "tax", "gross")


def step_fields(change: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Return what one step of an invoice says, of the later ones what the ERP gave; nothing for any other change."""
    after: Values = change["after"] or {}
    if change["kind"] not in STEPS or change["system"] != "erp" or not after:
        return []
    reference = ("reference", _reference(after))
    if change["kind"] != STEPS[0]:
        results = change.get("results") or {}
        return [reference, *((name, results[name]) for name in GIVEN if results.get(name))]
    lines = [(f"line {place}", line_words(line, after.get("currency"))) for place, line in enumerate(lines_of(after), 1)]
    taxes = [(f"tax {t.get('category')} {t.get('rate')} %", f"{t.get('tax')} on {t.get('base')}") for t in _taxes(after)]
    sums = [(name, f"{after.get(name)} {after.get('currency')}") for name in ("net", "tax", "gross")]
    return [reference, ("service", f"{after.get('service_from')} to {after.get('service_to')}"), *lines, *taxes, *sums]


def _taxes(after: Values) -> list[Values]:
    taxes = after.get("taxes")
    return [total for total in taxes if isinstance(total, dict)] if isinstance(taxes, list) else []


def _reference(after: Values) -> str:
    try:
        return InvoiceKey.model_validate(after.get("key")).reference
    except ValueError:
        return ""
