"""Tasks that Interlock makes: the last line of the description names its key, and tells whether Interlock itself closed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api
from interlock.connectors.espocrm.objects import ACCOUNT, Kind, Row, marked
from interlock.connectors.fields import canonical
from interlock.domain.change import Write
from interlock.domain.identity import Values
from interlock.domain.normalise import text
from interlock.domain.record import Problem
from interlock.errors import ConfigurationError

MARK: Final = re.compile(r"\n*\[il:([^\]]*?)( closed)?\]\s*$")
CLOSED: Final = " closed"
STATES: Final = ("open", "closed")
CREATED: Final = frozenset(("title", "text", "due", "owner", "state", "priority"))
CHANGED: Final = frozenset(("text", "state"))
PRIORITIES: Final = {"LOW": "Low", "MEDIUM": "Normal", "HIGH": "High"}


@dataclass(frozen=True, slots=True)
class Words:
    """What an installation calls a task's states and priorities, and whether a task may be given to several people.

    An administrator may have renamed the words; to EspoCRM 9 with `Multiple assigned users` a single one is nobody,
    though 9.2 still wants him.
    """

    new: str
    done: str
    over: frozenset[str]
    priorities: frozenset[str]
    several: bool = False


def words(api: Api) -> Words:
    """Ask for the words of states and priorities; raises ConfigurationError where none is a task's end or beginning."""
    fields, scope = api.fields(Tasks.scope), api.metadata(f"scopes.{Tasks.scope}")
    status, options = fields.get("status") or {}, [str(one) for one in (fields.get("status") or {}).get("options") or ()]
    ended = [str(one) for one in scope.get("completedStatusList") or ("Completed",)]
    over = frozenset((*ended, *map(str, scope.get("canceledStatusList") or ("Canceled",))))
    done = [one for one in ended if one in options]
    new = [one for one in (status.get("default"), *options) if one in options and one not in over]
    if not done or not new:
        cure = "name a completed one, and one that is not, in Administration > Entity Manager > Task"
        raise ConfigurationError(f"EspoCRM: no status of tasks is {'their beginning' if done else 'completed'}; {cure}")
    priorities = frozenset(map(str, (fields.get("priority") or {}).get("options") or ()))
    several = fields.get("assignedUsers") or {"disabled": True}
    return Words(str(new[0]), done[0], over, priorities, several=not several.get("disabled"))


class Tasks(Kind):
    """Tasks of accounts."""

    kind, scope = "task", "Task"

    def attributes(self, settings: CrmSettings) -> list[str]:  # noqa: ARG002 - the same for all
        """Ask for title, text, due date, owner, status, and what it hangs on."""
        return [
            "name", "description", "dateEnd", "dateEndDate", "assignedUserId", "status", "parentType", "parentId", "accountId",
        ]  # fmt: skip

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:  # noqa: ARG002
        """Tell who ended it: `closed` is Interlock, `done` a person; whatever is not ended is `open`."""
        body, due = str(row.get("description") or ""), str(row.get("dateEndDate") or row.get("dateEnd") or "")
        key, closed = mark_of(body)
        return {
            "title": text(str(row.get("name") or "")),
            "text": without_mark(body),
            "due": canonical(due, "date"),
            "owner": str(row.get("assignedUserId") or ""),
            "state": ("closed" if closed else "done") if row.get("over") else "open",
            "key": key,
        }, ()

    def account(self, row: Row) -> str:
        """Return the account that it hangs on, itself or by what it hangs on."""
        return str((row.get("parentId") if row.get("parentType") == ACCOUNT else row.get("accountId")) or "")


TASKS: Final = Tasks()


def with_over(rows: Sequence[Row], known: Words) -> list[Row]:
    """Put into each row whether its task has ended."""
    return [row | {"over": row.get("status") in known.over} for row in rows]


def mark_of(body: str) -> tuple[str, bool]:
    """Return the key in the last line of a description, and whether the line says that Interlock closed the task."""
    found = MARK.search(body)
    return (found[1], bool(found[2])) if found else ("", False)


def without_mark(body: str) -> str:
    """Return a description without our last line."""
    return "\n".join(line.rstrip() for line in MARK.sub("", body).splitlines()).strip()


def marked_anew(body: str, *, closed: bool) -> str:
    """Return a description with its last line as the state wants it, all else as people left it."""
    key, _ = mark_of(body)
    found = MARK.search(body)
    rest = body[: found.start()] if found else body
    return marked(rest, f"{key}{CLOSED if closed else ''}") if key or closed else rest


def unfit(write: Write) -> str:
    """Tell why a write of a task cannot be expressed in EspoCRM, or return an empty string."""
    create = write.operation == "create"
    if not write.values.keys() <= (CREATED if create else CHANGED):
        return "unknown_field"
    if write.values.get("state", "open") not in (STATES[:1] if create else STATES):
        return "unknown_write"
    return "" if (write.parent if create else write.ref) else "no_record"


def created(write: Write, assignee: str, known: Words) -> Row:
    """Return a new task."""
    given = {name: str(value or "") for name, value in write.values.items()}
    priority = PRIORITIES.get(given.get("priority", ""), "Normal")
    return {
        "name": given.get("title", ""),
        "description": marked(given.get("text", ""), write.key),
        "dateEndDate": given.get("due") or None,
        "status": known.new,
        "assignedUserId": assignee,
        **({"assignedUsersIds": [assignee]} if known.several else {}),
        **({"priority": priority} if priority in known.priorities else {}),
        "parentType": ACCOUNT,
        "parentId": write.parent.id if write.parent else "",
    }


def changed(write: Write, now: Mapping[str, Any] | None, known: Words) -> Row:
    """Return what an update sets, made from the task as it stands; `now` is None where there is none."""
    state, found = write.values.get("state"), dict[str, Any]()
    if state == "closed":
        found["status"] = known.done
    elif state == "open" and (now or {}).get("status") in known.over | {None}:
        found["status"] = known.new
    if now is None:
        return found
    body = str(now.get("description") or "")
    key, was_closed = mark_of(body)
    if "text" in write.values:
        body = marked(str(write.values["text"] or ""), key) if key else str(write.values["text"] or "")
    return found | {"description": marked_anew(body, closed=was_closed if state is None else state == "closed")}
