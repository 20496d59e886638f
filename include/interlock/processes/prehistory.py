"""What the ERP learns of an account's past: one note, written once, saying no more than `prehistory.level` allows.

summary: how many activities of which type, the first and the last. headlines: one line an activity with date, type, direction,
deal and owner; no subjects, no texts, no names but those of owners. full: their texts too, for a written purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from interlock.config import Settings
from interlock.domain import normalise
from interlock.domain.activity import ACTIVITY_TYPES, Activity, Owner
from interlock.domain.change import Change
from interlock.domain.identity import Ref
from interlock.processes.view import View

KIND: Final = "prehistory"
DIRECTIONS: Final = ("in", "out")
LONGEST: Final = 200
LONGEST_TEXT: Final = 2_000
WORDS: Final = {
    "de": {
        "title": "Vorgeschichte aus dem CRM, Stand {}", "page": "Im CRM: {}", "campaign": "Kampagne: {}",
        "owner": "Betreuung: {}", "purpose": "Zweck: {}", "counts": "{}; erster Kontakt {}, letzter Kontakt {}",
        "none": "keine Aktivitäten", "more": "und {} weitere", "deal": "Geschäft {}", "unknown": "unbekannt",
        "former": "{} (ehemals)", "in": "eingehend", "out": "ausgehend", "note": "Notiz", "call": "Anruf", "email": "E-Mail",
        "meeting": "Termin", "task": "Aufgabe", "date": "%d.%m.%Y",
    },
    "en": {
        "title": "Prehistory from the CRM, as of {}", "page": "In the CRM: {}", "campaign": "Campaign: {}", "owner": "Owner: {}",
        "purpose": "Purpose: {}", "counts": "{}; first contact {}, last contact {}", "none": "no activities",
        "more": "and {} more", "deal": "deal {}", "unknown": "unknown", "former": "{} (former)",
        "in": "incoming", "out": "outgoing", "note": "note", "call": "call", "email": "e-mail", "meeting": "meeting",
        "task": "task", "date": "%Y-%m-%d",
    },
}  # fmt: skip


def key(account: Ref) -> str:
    """Name the once-only effect, under which the note is found and erased: one prehistory per account."""
    return f"prehistory/{account}"


def change(view: View, settings: Settings, now: datetime, *, process: str, creates: str | None) -> Change:
    """Return the once-only note on the customer, which the change under `creates` makes if it is not there yet."""
    return Change.create(
        key(view.ref), process=process, system="erp", kind=KIND, subject=view.ref, parent=view.customer_ref,
        values={"body": text(view, settings, now)}, depends_on=(creates,) if creates else (), why="the ERP learns the prehistory",
    )  # fmt: skip


def text(view: View, settings: Settings, now: datetime) -> str:
    """Write the prehistory, newest activity first; what is private, or lies ahead of `now`, is none of it."""
    words, level = WORDS[settings.prehistory.language], settings.prehistory.level
    past = sorted(_past(view, now), key=lambda pair: pair[0], reverse=True)

    def day(moment: datetime) -> str:
        return moment.astimezone(settings.zone).strftime(words["date"])

    lines = [words["title"].format(day(now))]
    if view.account.page:
        lines.append(words["page"].format(_line(view.account.page)))
    if view.account.campaign:
        lines.append(words["campaign"].format(_line(view.account.campaign)))
    if level != "summary":
        lines.append(words["owner"].format(_owner(view.account.owner, words)))
    if level == "full":
        lines.append(words["purpose"].format(_line(settings.prehistory.purpose)))
    counts = Counter(activity.type for _, activity in past)
    counted = ", ".join(f"{words[name]}: {counts[name]}" for name in ACTIVITY_TYPES if counts[name])
    lines.append(words["counts"].format(counted, day(past[-1][0]), day(past[0][0])) if past else words["none"])
    if level != "summary":
        most = settings.prehistory.max_lines
        deals = {deal.id: _line(deal.name) for deal in view.deals}
        for moment, activity in past[:most]:
            lines.append(f"{day(moment)} {_headline(activity, deals, words)}")
            lines += _texts(activity) if level == "full" else []
        lines += [words["more"].format(len(past) - most)] if len(past) > most else []
    return "\n".join(lines)


def _past(view: View, now: datetime) -> Iterator[tuple[datetime, Activity]]:
    for activity in view.activities:
        if activity.private or activity.type not in ACTIVITY_TYPES or not activity.time:
            continue
        moment = datetime.fromisoformat(activity.time)
        if moment <= now:
            yield moment, activity


def _headline(activity: Activity, deals: dict[str, str], words: dict[str, str]) -> str:
    parts = [f"{words[activity.type]} {words[activity.direction]}" if activity.direction in DIRECTIONS else words[activity.type]]
    if deal := deals.get(activity.deal):
        parts.append(words["deal"].format(deal))
    return " · ".join([*parts, _owner(activity.owner, words)])


def _texts(activity: Activity) -> list[str]:
    rows = [activity.subject, *activity.body[:LONGEST_TEXT].splitlines()]
    return [f"    {line}" for line in map(normalise.text, rows) if line]


def _owner(owner: Owner, words: dict[str, str]) -> str:
    name = _line(owner.name) or words["unknown"]
    return words["former"].format(name) if owner.former else name


def _line(value: str) -> str:
    return normalise.text(value)[:LONGEST]
