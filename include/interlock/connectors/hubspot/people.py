"""HubSpot's contacts and activities as declarations: of people without a role of ours nothing is kept but that they are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from interlock.config import CrmSettings
from interlock.connectors.fields import moment
from interlock.connectors.hubspot.objects import NOTE, Body, Kind, note_key, note_text
from interlock.connectors.hubspot.tasks import TASK
from interlock.domain.identity import Ref, Values
from interlock.domain.normalise import normalise
from interlock.domain.record import Problem, Record

DIRECTIONS = {"INBOUND": "in", "OUTBOUND": "out", "INCOMING_EMAIL": "in", "EMAIL": "out", "FORWARDED_EMAIL": "out"}
NO = {"", "false", "no", "nein", "0"}


class Contacts(Kind):
    """People, with the roles that the configured property gives them."""

    kind, path, scope, modified, has_parent = "contact", "contacts", "contacts", "lastmodifieddate", True

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties."""
        return [*settings.contact_properties.values(), self.modified, "hs_merged_object_ids"]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form; without a role that goes over there is nothing to know."""
        names = settings.contact_properties
        roles = settings.roles_of(str(row.get(names["role"]) or ""))
        if not roles:
            return {"roles": []}, ()
        given = {name: row.get(prop) for name, prop in names.items() if name != "role"}
        values, problems = normalise(given, settings.maps.by_field)
        return {"roles": list(roles), **values}, problems


class Activity(Kind):
    """An activity's type, time, direction, owner; subject and body only where `texts` asks for them.

    Our own notes and tasks have a key; what is marked private shows nothing but that.
    """

    kind, scope, names_owner = "activity", "contacts", True
    type: ClassVar[str]
    subject: ClassVar[str] = ""
    body: ClassVar[str] = ""
    direction: ClassVar[str] = ""
    ours: ClassVar[bool] = False  # whether Interlock writes such activities too

    def __init__(self, *, texts: bool = False) -> None:
        self._texts = texts

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for no texts unless they are wanted; a body shows whether a note or task is ours."""
        names = ["hs_timestamp", "hubspot_owner_id", "hs_createdate", self.modified, self.direction, settings.private_property]
        if self._texts or self.ours:
            names += [self.subject, self.body]
        return [name for name in names if name]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Give what a headline needs, and the texts as plain text if they are wanted."""
        time = row.get("hs_timestamp") or row.get("hs_createdate") or row[self.modified]
        found: dict[str, str | bool] = {"type": self.type, "time": moment(time).isoformat()}
        if settings.private_property and str(row.get(settings.private_property) or "").strip().lower() not in NO:
            return {**found, "private": True}, ()
        found["direction"] = DIRECTIONS.get(str(row.get(self.direction) or ""), "")
        found["owner"] = str(row.get("hubspot_owner_id") or "")
        if self._texts:
            found |= {"subject": note_text(row.get(self.subject) or ""), "body": note_text(row.get(self.body) or "")}
        return found, ()

    def is_ours(self, row: Body) -> bool:
        """Tell whether Interlock wrote this note or task."""
        return self.ours and bool(note_key(row.get(self.body) or ""))

    def record(self, ref: Callable[[str, str], Ref], row: Body, settings: CrmSettings, parent: str | None) -> Record:
        """Build the record; one of ours is none of people's."""
        return replace(super().record(ref, row, settings, parent), archived=self.is_ours(row["properties"]))


class CallActivity(Activity):
    """Calls."""

    path, type, subject, body = "calls", "call", "hs_call_title", "hs_call_body"
    direction = "hs_call_direction"


class EmailActivity(Activity):
    """E-mails."""

    path, type, subject, body = "emails", "email", "hs_email_subject", "hs_email_text"
    direction = "hs_email_direction"


class MeetingActivity(Activity):
    """Meetings."""

    path, type, subject, body = "meetings", "meeting", "hs_meeting_title", "hs_meeting_body"


class NoteActivity(Activity):
    """Notes that people wrote."""

    path, type, body, ours = NOTE.path, "note", NOTE.body, True


class TaskActivity(Activity):
    """Tasks that people have."""

    path, type, subject, body, ours = TASK.path, "task", "hs_task_subject", TASK.body, True


CONTACT = Contacts()
ACTIVITY_TYPES = (CallActivity, EmailActivity, MeetingActivity, NoteActivity, TaskActivity)
ACTIVITIES = {  # what `children` is asked for -> where to look
    "activity": tuple(kind() for kind in ACTIVITY_TYPES),
    "activity_text": tuple(kind(texts=True) for kind in ACTIVITY_TYPES),
}
