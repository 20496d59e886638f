"""What sales did with an account in EspoCRM: calls, e-mails, meetings, tasks, and posts on its stream."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import ClassVar, Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.marks import key_in, unmarked
from interlock.connectors.espocrm.objects import Kind, Row, first_moment, shown
from interlock.domain.identity import Values
from interlock.domain.normalise import text
from interlock.domain.record import Problem, Record

DIRECTIONS: Final = {"Inbound": "in", "Outbound": "out", "Sent": "out", "Archived": "in"}
NO: Final = {"", "false", "no", "nein", "0"}
BREAK: Final = re.compile(r"<br\s*/?>|</p>|</div>", re.IGNORECASE)
TAG: Final = re.compile(r"<[^>]*>")


class Activity(Kind):
    """An activity's type, time, direction, owner; subject and body only where `texts` asks for them.

    What is marked private, and an internal post, shows nothing but that.
    """

    kind, parent = "activity", "accountId"
    type: ClassVar[str]
    time: ClassVar[str] = "dateStart"
    direction: ClassVar[str] = ""
    body: ClassVar[str] = "description"
    ours: ClassVar[bool] = False  # whether Interlock writes such activities too

    def __init__(self, *, texts: bool = False) -> None:
        self._texts = texts

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for no texts unless they are wanted; a body shows whether a task is ours."""
        names = [
            self.time, self.direction, settings.private_property, self.parent, "parentType", "parentId", "assignedUserId",
            "assignedUserName",
        ]  # fmt: skip
        if self._texts or self.ours:
            names += ["name", self.body]
        return [name for name in names if name]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Give what a headline needs, and the texts as plain text if they are wanted."""
        time = first_moment(row, self.time, "createdAt", "modifiedAt").isoformat()
        found: dict[str, str | bool] = {"type": self.type, "time": time}
        if self._private(row, settings):
            return {**found, "private": True}, ()
        found["direction"] = DIRECTIONS.get(str(row.get(self.direction) or ""), "")
        found["deal"] = str(row.get("parentId") or "") if row.get("parentType") == "Opportunity" else ""
        if self._texts:
            found |= {"subject": text(str(row.get("name") or "")), "body": plain_text(row, self.body)}
        return found, ()

    def _private(self, row: Row, settings: CrmSettings) -> bool:
        mark = settings.private_property
        return bool(row.get("isInternal")) or (bool(mark) and str(row.get(mark) or "").strip().lower() not in NO)

    def is_ours(self, row: Row) -> bool:
        """Tell whether Interlock wrote it."""
        return self.ours and bool(key_in(str(row.get(self.body) or "")))

    def seen(self, record: Record, row: Row) -> Record:
        """Return the record; one of ours is none of people's."""
        return replace(record, archived=self.is_ours(row))


class Calls(Activity):
    """Calls."""

    scope, type, direction = "Call", "call", "direction"


class Meetings(Activity):
    """Meetings."""

    scope, type = "Meeting", "meeting"


class Emails(Activity):
    """E-mails; drafts are none."""

    scope, type, time, direction, body = "Email", "email", "dateSent", "status", "body"


class TaskActivities(Activity):
    """Tasks that people have."""

    scope, type, time, ours = "Task", "task", "dateEnd", True

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the day too, as a task without an hour has it."""
        return [*super().attributes(settings), "dateEndDate"]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Take the day where there is no hour."""
        return super().values(row | {self.time: row.get("dateEndDate") or row.get(self.time)}, settings)


class Posts(Activity):
    """What people wrote on the stream."""

    scope, type, time, body, ours = "Note", "note", "createdAt", "post", True


LISTED: Final = (Calls, Emails, Meetings, TaskActivities)


def plain_text(row: Row, attribute: str) -> str:
    """Return a text without marks of HTML and without our last line."""
    return unmarked(html.unescape(TAG.sub("", BREAK.sub("\n", shown(row, attribute)))))
