"""Tasks that Interlock makes: the last line of the body names its key, and tells whether Interlock itself completed the task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from interlock.config import CrmSettings
from interlock.connectors.fields import moment
from interlock.connectors.hubspot.objects import Body, Kind, note_html, note_key, note_text
from interlock.domain.change import Write
from interlock.domain.identity import Values
from interlock.domain.normalise import text
from interlock.domain.record import Problem

MARK = re.compile(r"\[il:([^\]]*?)( closed)?\](?=(?:\s|&nbsp;|</?\w[^>]*>)*$)")
CLOSED: Final = " closed"
COMPLETED, NOT_STARTED = "COMPLETED", "NOT_STARTED"
STATES: Final = ("open", "closed")
CREATED: Final = frozenset(("title", "text", "due", "owner", "state", "priority"))
CHANGED: Final = frozenset(("text", "state"))


class Tasks(Kind):
    """Tasks; association type 192 leads from a task to its company, and contacts' scopes guard them."""

    kind, path, scope, has_parent, to_company = "task", "tasks", "contacts", True, 192
    body = "hs_task_body"

    def properties(self, settings: CrmSettings) -> list[str]:  # noqa: ARG002
        """Ask for title, body, due date, owner and status."""
        return ["hs_task_subject", self.body, "hs_timestamp", "hubspot_owner_id", "hs_task_status", self.modified]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:  # noqa: ARG002
        """Tell who completed it: `closed` is Interlock, `done` a person; whatever is not completed is `open`."""
        body, due = row.get(self.body) or "", row.get("hs_timestamp") or ""
        key, closed = marked(body)
        completed = "closed" if closed else "done"
        return {
            "title": text(row.get("hs_task_subject") or ""),
            "text": note_text(body),
            "due": moment(due).date().isoformat() if due else "",
            "owner": str(row.get("hubspot_owner_id") or ""),
            "state": completed if row.get("hs_task_status") == COMPLETED else "open",
            "key": key,
        }, ()


TASK: Final = Tasks()


def marked(body: str) -> tuple[str, bool]:
    """Return the key in the last line of a task's HTML, and whether the line says that Interlock closed the task."""
    found = MARK.search(body)
    return (note_key(f"[il:{found[1]}]"), bool(found[2])) if found else ("", False)


def marked_anew(body: str, *, closed: bool) -> str:
    """Return a task's HTML with its last line as the state wants it, all else as people left it."""
    found = MARK.search(body)
    if not found:
        return f"{body}<p>[il:{CLOSED}]</p>" if closed else body
    line = f"[il:{found[1]}{CLOSED if closed else ''}]" if found[1] or closed else ""
    return body[: found.start()] + line + body[found.end() :]


def unfit(write: Write) -> str:
    """Tell why a write of a task cannot be expressed in HubSpot, or return an empty string."""
    create = write.operation == "create"
    if not write.values.keys() <= (CREATED if create else CHANGED):
        return "unknown_field"
    if write.values.get("state", "open") not in (STATES[:1] if create else STATES):
        return "unknown_write"
    return "" if (write.parent if create else write.ref) else "no_record"


def created(write: Write) -> Body:
    """Return the properties of a new task; a due date is midnight in UTC."""
    given = {name: str(value or "") for name, value in write.values.items()}
    found = {
        "hs_task_subject": given.get("title", ""),
        TASK.body: note_html(given.get("text", ""), write.key),
        "hs_timestamp": f"{given.get('due', '')}T00:00:00Z",
        "hs_task_status": NOT_STARTED,
        "hs_task_type": "TODO",
        "hubspot_owner_id": given.get("owner", ""),
        "hs_task_priority": given.get("priority", ""),
    }
    return {name: value for name, value in found.items() if value}


def changed(write: Write, now: Mapping[str, str | None] | None) -> Body:
    """Return the properties that an update sets, made from the task as it stands; `now` is None where there is none."""
    state, found = write.values.get("state"), dict[str, str]()
    if state == "closed":
        found["hs_task_status"] = COMPLETED
    elif state == "open" and (now or {}).get("hs_task_status") in {COMPLETED, None}:
        found["hs_task_status"] = NOT_STARTED
    if now is None:
        return found
    body = now.get(TASK.body) or ""
    key, was_closed = marked(body)
    if "text" in write.values:
        body = note_html(str(write.values["text"] or ""), key)
    return found | {TASK.body: marked_anew(body, closed=was_closed if state is None else state == "closed")}
