"""Plain words for codes, states and values, for readers who know neither this code nor JSON."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from interlock.domain.change import RESULT
from interlock.domain.identity import Json, Values
from interlock.domain.party import PARTY_FIELDS

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
    "lead_to_customer": "the process lead_to_customer: nothing is written to either system",
    "crm": "writes to the CRM",
    "erp": "writes to the ERP",
}
IN_CRM: Final = "Correct it in the CRM. The next run takes the record along by itself."
CURES: Final = {
    "name_missing": "Enter the company's legal name in the CRM. The next run takes the record along by itself.",
    "country_missing": "Enter the country in the CRM. The next run takes the record along by itself.",
    "country_unknown": "Enter the country in the CRM by its usual name or its two-letter code, such as DE.",
    "vat_id_invalid": "Ask the customer for the right VAT id and correct it in the CRM, or empty the field there.",
    "phone_without_country": "Write the number in the CRM with its country code, such as +49 30 1234567.",
    "vat_id_other_country": "Correct the country or the VAT id in the CRM; if both are right, release this entry.",
    "parent_cycle": "Correct in the CRM which company is the parent. The next run takes the family along, parents first.",
    "waited_too_long": "Look into what it waits for, named on the left; this entry closes by itself once that is settled.",
    "deal_without_account": "Link the deal in the CRM to the company that bought, or ignore this entry.",
    "won_date_unreadable": "Correct in the CRM when the deal was won.",
    "won_date_future": "Correct in the CRM when the deal was won, or wait until then.",
    "account_gone": "Decide whether its customer in the ERP is still needed; then ignore this entry.",
    "customer_gone": "Restore or unblock the customer in the ERP, then release this entry.",
    "customer_twice": "Merge the two customers in the ERP, or take the reference off one of them; then release this entry.",
    "not_kept": "Look into the target why it changes this field (a rule or a right there); then release this entry.",
}
QUESTION: Final = (
    "Say which customer it is, or that it is a new one; or correct the record where it is wrong. The answer is remembered."
)
ELSEWHERE: Final = (
    "The target system refused the record; its own words are below. Correct the record in the CRM, or repair the cause in that"
    " system and release this entry."
)


def cure(code: str, field: str) -> str:
    """Say what a person can do about a reason for holding back."""
    if code.startswith("match_"):
        return QUESTION
    return CURES.get(code) or (IN_CRM if field else ELSEWHERE)


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


def ordered(values: Values) -> list[tuple[str, Json]]:
    """Return fields in the order in which people read a company: its name first, what Interlock adds last."""
    places = {name: place for place, name in enumerate(PARTY_FIELDS)}
    return sorted(values.items(), key=lambda item: (places.get(item[0], len(places)), item[0]))


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
