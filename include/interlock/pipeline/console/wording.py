"""Plain words for codes, states and values, for readers who know neither this code nor JSON."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from interlock.domain.change import RESULT
from interlock.domain.identity import Json, Values
from interlock.domain.process import PROCESSES

COUNTS: Final = {
    "read": "looked at", "rejected": "held back", "unchanged": "unchanged", "created": "created", "updated": "updated",
    "waiting": "waiting", "held": "for approval", "failed": "failed",
}  # fmt: skip
STATES: Final = {
    "planned": "would be written", "pending": "to be written", "held": "waits for approval", "sending": "being written",
    "unknown": "no answer yet; looked up again", "done": "written", "unchanged": "was so already", "rejected": "refused",
    "stale": "changed meanwhile; decided again", "cancelled": "cancelled", "open": "open", "released": "released",
    "ignored": "ignored", "resolved": "resolved by itself",
}  # fmt: skip
MONEY: Final = {
    "planned": "planned", "invoiced": "invoiced", "held": "held back", "awaiting_approval": "waits for approval",
    "corrected": "corrections, of what stands above", "rounding": "rounded by the ERP",
}  # fmt: skip
STARTS: Final = {"manual": "by hand", "scheduled": "by the schedule", "asset_triggered": "by an asset"}
SYSTEMS: Final = {"crm": "CRM", "erp": "ERP"}
PAUSABLE: Final = {
    **{name: f"the process by which {what}: it writes to neither system" for name, what in PROCESSES.items()},
    "crm": "writes to the CRM",
    "erp": "writes to the ERP",
}


def foreign(value: object, longest: int = 600) -> Markup:
    """Show text of another system: escaped, isolated from the page's direction, control characters visible, not endless."""
    text = str(value)
    if len(text) > longest:
        text = f"{text[:longest]} \u2026 ({len(text)} characters)"
    text = "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cf"} and c not in "\n\t" else c for c in text)
    return Markup("<bdi>{}</bdi>").format(escape(text))


def label(name: str) -> str:
    """Turn a field name into words."""
    words = name.replace("_", " ")
    return (words[:1].upper() + words[1:]).replace("Vat id", "VAT id")


def short(ref: str) -> str:
    """Return what a person calls a record: its kind and its id there."""
    return " ".join(ref.rsplit("/", 2)[1:])


def begun(actor: str) -> str:
    """Say what started a run."""
    kind = actor.rsplit(".", 1)[-1].lower()
    return STARTS.get(kind, actor)


def shown(value: Json, known: Values | None = None, name: str = "") -> str:
    """Return a change's value as text; an empty one is a dash.

    known: what came out when it was written; until then, what another change will bring is called by its name.
    """
    known = known or {}
    value = known.get(name, value)
    if isinstance(value, dict) and RESULT in value:
        promise = value[RESULT]
        place = promise if isinstance(promise, dict) else {}
        what = str(place.get("name", "value"))
        return str(place.get("text", "{}")).replace("{}", str(known.get(f"its {what}") or f"(the new {what})"))
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value) or "\u2013"
    if isinstance(value, dict):
        return shown([f"{label(name)}: {item}" for name, item in value.items() if item])
    return "\u2013" if value is None or value == "" else str(value)


def moment(value: datetime | str | None, zone: ZoneInfo) -> str:
    """Return a time in the company's zone, to the minute."""
    if value is None:
        return "\u2013"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
