"""EspoCRM's objects as declarations: where each lives, which attributes it has, how it reads as a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from interlock.config import CrmSettings
from interlock.connectors.fields import canonical, moment
from interlock.domain.identity import Ref, Values
from interlock.domain.normalise import lines, normalise, text
from interlock.domain.record import Problem, Record

Row = dict[str, Any]
KEY: Final = re.compile(r"\n*\[il:([^\]]+)\]\s*$")
ACCOUNT: Final = "Account"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNSEEN: Final = "unseen"  # in the place of a time that a hidden stream would tell


class Kind:
    """An object type: its scope, and which account a record of it belongs to."""

    kind: ClassVar[str]
    scope: ClassVar[str]
    parent: ClassVar[str] = ""  # the attribute that names the account

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Name the attributes to ask for, beside id and times."""
        raise NotImplementedError

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Turn a row into Interlock's fields."""
        raise NotImplementedError

    def account(self, row: Row) -> str:
        """Return the id of the account that the record belongs to, or an empty text."""
        return str(row.get(self.parent) or "") if self.parent else ""

    def record(self, ref: Callable[[str, str], Ref], row: Row, settings: CrmSettings) -> Record:
        """Build the record of one row."""
        values, problems = self.values(row, settings)
        parent = self.account(row)
        at = first_moment(row, "modifiedAt", "createdAt")
        return Record(ref(self.kind, str(row["id"])), at, values, ref("account", parent) if parent else None, problems)


class Accounts(Kind):
    """Accounts."""

    kind, scope = "account", ACCOUNT

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes, and the owner's name."""
        return [*settings.account_properties.values(), "assignedUserName"]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form."""
        return normalise({name: row.get(prop) for name, prop in settings.account_properties.items()}, settings.maps.by_field)


class Contacts(Kind):
    """People, with the roles that the configured attribute gives them; of others nothing is kept but that they are there.

    Who is inactive at the account has left it, and has no role there any more; every listing with the account tells that.
    """

    kind, scope, parent = "contact", "Contact", "accountId"

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes."""
        return [*settings.contact_properties.values(), self.parent]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form; several roles are a list."""
        names = settings.contact_properties
        held = row.get(names["role"]) or ""
        roles = settings.roles_of(";".join(map(str, held)) if isinstance(held, list) else str(held))
        if not roles or row.get("accountIsInactive"):
            return {"roles": []}, ()
        given = {name: row.get(prop) for name, prop in names.items() if name != "role"}
        values, problems = normalise(given, settings.maps.by_field)
        return {"roles": list(roles), **values}, problems


class Deals(Kind):
    """Opportunities; EspoCRM keeps no date of a stage, but its stream tells when each was entered."""

    kind, scope, parent = "deal", "Opportunity", "accountId"

    def attributes(self, settings: CrmSettings) -> list[str]:  # noqa: ARG002 - the same for all
        """Ask for stage and dates."""
        return ["name", "stage", "closeDate", self.parent]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Tell since when the deal is won: `entered` is the stream's word, without one the day it was closed counts.

        Of a stream that may not be seen, or a day that is none, a text stays that is no time, and the process says so.
        """
        if row.get("stage") not in settings.won_stages:
            return {"name": text(row.get("name") or ""), "won_at": ""}, ()
        since = str(row.get("entered") or row.get("closeDate") or row.get("createdAt") or "")
        return {"name": text(row.get("name") or ""), "won_at": canonical(since, "datetime")}, ()


class Notes(Kind):
    """Posts on an account's stream; their time is when they were written."""

    kind, scope = "note", "Note"

    def attributes(self, settings: CrmSettings) -> list[str]:  # noqa: ARG002 - the same for all
        """Ask for what was written, and where."""
        return ["post", "parentId", "parentType"]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:  # noqa: ARG002
        """Give the text apart from the key in its last line."""
        post = str(row.get("post") or "")
        time = first_moment(row, "createdAt", "modifiedAt").isoformat()
        return {"body": unmarked(post), "key": key_in(post), "time": time}, ()

    def account(self, row: Row) -> str:
        """Return the account on whose stream it stands."""
        return str(row.get("parentId") or "") if row.get("parentType") == ACCOUNT else ""


ACCOUNTS, CONTACTS, DEALS, NOTES = Accounts(), Contacts(), Deals(), Notes()


def entered(stream: Sequence[Mapping[str, Any]], won: Sequence[str]) -> str:
    """Return when a deal came into one of some stages and stayed, by its stream, the newest first; "" where it does not say.

    The stream shows notes of what hangs on the deal too.
    """
    since = ""
    for note in stream:
        stage = _stage(note.get("data") or {}) if note.get("parentType", DEALS.scope) == DEALS.scope else None
        if stage is None:
            continue
        if stage not in won:
            break
        since = str(note.get("createdAt") or "")
    return since


def _stage(data: Mapping[str, Any]) -> str | None:
    """Return the stage that a note of the stream tells of: on creation, on a change of it, among other changes.

    On a change EspoCRM 9 gives the value of the status field without naming the field, version 8 names it.
    """
    became = (data.get("attributes") or {}).get("became") or {}
    if "stage" in became:
        return str(became["stage"])
    if data.get("statusField") == "stage":
        return str(data.get("statusValue"))
    if "value" in data and data.get("field", "stage") == "stage":
        return str(data["value"])
    return None


def marked(body: str, mark: str) -> str:
    """Return a text with its key in the last line."""
    return f"{body}\n\n[il:{mark}]"


def unmarked(body: str) -> str:
    """Return a text without our last line."""
    return "\n".join(line.rstrip() for line in KEY.sub("", body).splitlines()).strip()


def key_in(body: str) -> str:
    """Return the key in a text's last line, or an empty string."""
    found = KEY.search(body)
    return found[1] if found else ""


def shown(row: Row, attribute: str) -> str:
    """Return an attribute's text, line breaks kept."""
    return lines(str(row.get(attribute) or ""))


def first_moment(row: Row, *attributes: str) -> datetime:
    """Return the first of some times that is one; rows that a program put into the database may lack any, which is 1970."""
    for name in attributes:
        try:
            return moment(str(row.get(name) or ""))
        except ValueError:
            continue
    return EPOCH
