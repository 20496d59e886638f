"""Listing EspoCRM's rows: all by id, or those that changed by time, never by offset; what may not be seen is asked for first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api, Condition
from interlock.connectors.espocrm.objects import ACCOUNT, DEALS, NOTES, Kind, Row
from interlock.connectors.fields import moment
from interlock.errors import ContractBroken

TIMES: Final = ("id", "createdAt", "modifiedAt")
MODIFIED: Final = "modifiedAt"


class Listing:
    """Rows of one installation."""

    def __init__(self, api: Api, settings: CrmSettings) -> None:
        self._api, self._settings = api, settings

    def require(self, kind: Kind) -> None:
        """Raise LoginRefused where the role hides records without an error: ours would be made twice, lines be missed."""
        if kind.scope != NOTES.scope:
            self._api.rights.require(kind.scope, "read", whole=True)
        if kind is DEALS or kind.scope == NOTES.scope:
            self._api.rights.require(ACCOUNT if kind.scope == NOTES.scope else kind.scope, "stream", whole=True)

    def select(self, kind: Kind) -> list[str]:
        """Return which attributes to ask for; raises LoginRefused where the role hides one, which would read as empty."""
        names = [*TIMES, *kind.attributes(self._settings)]
        self._api.rights.require_fields(kind.scope, names)
        return names

    def whole(self, kind: Kind) -> Iterator[tuple[list[Row], list[datetime]]]:
        """Yield all rows by id, with the last of them when a row had changed last before the first was read, if any had."""
        self.require(kind)
        changed = self._api.list(kind.scope, [], TIMES, order=MODIFIED, down=True, most=1)
        last: list[Condition] = []
        while True:
            rows = self._api.list(kind.scope, last, self.select(kind))
            if len(rows) < self._api.page:
                yield rows, [moment(row[MODIFIED]) for row in changed if row[MODIFIED]]
                return
            yield rows, []
            last = [{"type": "greaterThan", "attribute": "id", "value": rows[-1]["id"]}]

    def since(self, kind: Kind, since: datetime) -> Iterator[tuple[list[Row], datetime]]:
        """Yield rows by (time of change, id) from the last on: an offset would skip some when earlier ones change meanwhile."""
        self.require(kind)
        after: Condition = {"type": "greaterThanOrEquals", "attribute": MODIFIED, "value": stamp(since)}
        while True:
            rows = self._api.list(kind.scope, [after], self.select(kind), order=MODIFIED)
            if any(moment(row[MODIFIED]) < since.replace(microsecond=0) for row in rows):
                raise ContractBroken(f"EspoCRM gives older {kind.scope} than asked for: it ignores the filter")
            if rows:
                yield rows, moment(rows[-1][MODIFIED])
            if len(rows) < self._api.page:
                return
            after = _beyond(rows[-1])


def stamp(at: datetime) -> str:
    """Write a time as EspoCRM keeps it: UTC, whole seconds, rounded down."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _beyond(row: Row) -> Condition:
    at, name = row[MODIFIED], row["id"]
    later: Condition = {"type": "greaterThan", "attribute": MODIFIED, "value": at}
    same: Condition = {
        "type": "and",
        "value": [
            {"type": "equals", "attribute": MODIFIED, "value": at},
            {"type": "greaterThan", "attribute": "id", "value": name},
        ],
    }
    return {"type": "or", "value": [later, same]}
