"""HubSpot's objects as declarations: where each lives, which properties it has, how it reads as a record."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from interlock.config import CrmSettings
from interlock.connectors.fields import moment
from interlock.domain.identity import Ref, Values
from interlock.domain.normalise import normalise, text
from interlock.domain.record import Problem, Record

Body = dict[str, Any]
KEY = re.compile(r"\[il:([^\]]+)\](?:\s|&nbsp;|</?\w[^>]*>)*$")
BREAK = re.compile(r"<br\s*/?>|</p>|</div>", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


class Kind:
    """An object type: path, scope, the property that tells when it changed, whether a company is its parent."""

    kind: ClassVar[str]
    path: ClassVar[str]
    scope: ClassVar[str]
    modified: ClassVar[str] = "hs_lastmodifieddate"
    has_parent: ClassVar[bool] = False
    to_company: ClassVar[int] = 0
    is_company: ClassVar[bool] = False  # the same object as its parent
    names_owner: ClassVar[bool] = False  # shows the owner by name instead of by id

    def properties(self, settings: CrmSettings) -> list[str]:
        """Name the properties to ask for."""
        raise NotImplementedError

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Turn HubSpot's strings into Interlock's fields."""
        raise NotImplementedError

    def record(self, ref: Callable[[str, str], Ref], row: Body, settings: CrmSettings, parent: str | None) -> Record:
        """Build the record of one row."""
        values, problems = self.values(row["properties"], settings)
        merged = str(row["properties"].get("hs_merged_object_ids") or "")
        return Record(
            ref(self.kind, str(row["id"])),
            moment(row["properties"].get(self.modified) or row["updatedAt"]),
            values,
            ref("account", parent) if parent else None,
            problems,
            merged_from=tuple(filter(None, merged.split(";"))),
        )


class Companies(Kind):
    """Accounts."""

    kind, path, scope, names_owner = "account", "companies", "companies", True

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties."""
        return [*settings.account_properties.values(), self.modified, "hs_merged_object_ids"]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form."""
        return normalise({name: row.get(prop) for name, prop in settings.account_properties.items()}, settings.maps.by_field)


class Deals(Kind):
    """Deals; when a won stage was entered is HubSpot's calculated property."""

    kind, path, scope, has_parent = "deal", "deals", "deals", True

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the stage and when each won stage was entered."""
        return [
            "dealname",
            "dealstage",
            self.modified,
            "hs_merged_object_ids",
            *(f"hs_v2_date_entered_{stage}" for stage in settings.won_stages),
        ]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Tell since when the deal is won, as it stands there where that is no date; one that left the won stages is not."""
        entered = [str(row.get(f"hs_v2_date_entered_{stage}") or "") for stage in settings.won_stages]
        won = row.get("dealstage") in settings.won_stages
        return {"name": text(row.get("dealname") or ""), "won_at": earliest(entered) if won else ""}, ()


class Notes(Kind):
    """Notes; association type 190 leads from a note to its company, and contacts' scopes guard them."""

    kind, path, scope, has_parent, to_company = "note", "notes", "contacts", True, 190
    body = "hs_note_body"

    def properties(self, settings: CrmSettings) -> list[str]:  # noqa: ARG002
        """Ask for body and time."""
        return [self.body, "hs_timestamp", self.modified]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:  # noqa: ARG002
        """Give the body as plain text, apart from the key in its last line."""
        body, time = row.get(self.body) or "", row.get("hs_timestamp") or ""
        return {"body": note_text(body), "key": note_key(body), "time": moment(time).isoformat() if time else ""}, ()


COMPANY, DEAL, NOTE = Companies(), Deals(), Notes()
KINDS: dict[str, Kind] = {kind.kind: kind for kind in (COMPANY, DEAL, NOTE)}


def note_html(body: str, key: str) -> str:
    """Return a note's HTML, everything escaped, its key in the last line."""
    text = "<br>".join(html.escape(body).splitlines())
    return f"<p>{text}</p><p>[il:{html.escape(key)}]</p>"


def note_text(body: str) -> str:
    """Return a note's HTML as plain text without our last line."""
    text = html.unescape(TAG.sub("", BREAK.sub("\n", KEY.sub("", body))))
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def note_key(body: str) -> str:
    """Return the key in a note's last line, or an empty string."""
    found = KEY.search(body)
    return html.unescape(found.group(1)) if found else ""


def earliest(times: Iterable[str]) -> str:
    """Return the earliest of some times in ISO 8601, or the text of one that is no time when none is."""
    moments, others = [], [""]
    for value in filter(None, times):
        try:
            moments.append(moment(value))
        except ValueError:
            others.append(text(value)[:200])
    return min(moments).isoformat() if moments else others[-1]


def milliseconds(value: datetime) -> int:
    """Return epoch milliseconds, rounded down; floating point would be one short now and then."""
    return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
