"""Writing EspoCRM: accounts, contracts, tasks are updated, notes and tasks created, one a call; each has an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from interlock.config import CrmSettings
from interlock.config.balances import BALANCE
from interlock.config.contracts import WRITTEN
from interlock.connectors.batches import Sending, apart
from interlock.connectors.espocrm import contracts, tasks
from interlock.connectors.espocrm.api import Api, Row
from interlock.connectors.espocrm.balances import BALANCE_KIND, PAYMENT_KIND
from interlock.connectors.espocrm.marks import marked
from interlock.connectors.espocrm.objects import ACCOUNT, ACCOUNTS, NOTES, Kind
from interlock.connectors.espocrm.reading import Reader
from interlock.connectors.espocrm.tasks import TASKS
from interlock.domain.change import Conflict, Done, NotSent, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Json, Ref
from interlock.errors import Refused, Retry

MESSAGES: Final = {
    ACCOUNTS.kind: ("account_refused", "EspoCRM refused the update of the account"),
    contracts.KIND: ("contract_refused", "EspoCRM refused the update of the contract"),
    TASKS.kind: ("task_refused", "EspoCRM refused the task"),
    NOTES.kind: ("note_refused", "EspoCRM refused the note"),
}
WHOSE: Final = {BALANCE_KIND: ACCOUNTS.kind, PAYMENT_KIND: contracts.KIND}  # facet -> the kind whose object it is
UNFIT: Final = {
    "no_record": "the write names no record",
    "unknown_field": "the write names a field that is not mapped",
    "unknown_write": "this kind of write is not made in EspoCRM",
}
MODIFIED: Final = "modified"  # the reason of a 409 that means: changed meanwhile
Locks = Mapping[str, int]


class Writer:
    """Sends writes of one kind and operation; `ref` names a record of this installation, `place` says where a kind lives.

    Users and words were read by `reader`, if anything was.
    """

    def __init__(
        self, api: Api, settings: CrmSettings, reader: Reader, ref: Callable[[str, str], Ref], place: Callable[[str], Kind]
    ) -> None:
        self._api, self._settings, self._reader, self._ref, self._place = api, settings, reader, ref, place
        self._names = {
            ACCOUNTS.kind: settings.account_properties,
            BALANCE_KIND: {field: name for field, name in settings.account_balance_properties.items() if field in BALANCE},
            contracts.KIND: {field: name for field, name in settings.contract_properties.items() if field in WRITTEN},
            PAYMENT_KIND: settings.contract_payment_properties,
        }

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Send one call after the other until one has no clear answer; nothing is sent when what it takes is not readable."""
        sending = Sending(self._settings.http.sending_seconds)
        outcomes, rest = apart(writes, self._unfit, UNFIT)
        if not rest:
            return outcomes
        try:
            place = self._place(rest[0].kind)
            bodies = self._allowed(place, rest)
            locks = self._locks(place, rest)
        except Retry as error:
            wait = getattr(error, "retry_after", 1.0)
            return [*outcomes, *(NotSent(write.key, "not readable before it is written", wait) for write in rest)]
        changed = [write for write in rest if write.key in locks and locks[write.key] is None]
        outcomes += [Conflict(write.key) for write in changed]
        parts = [[write] for write in rest if write not in changed]
        send = partial(self._send, place, bodies, {key: lock for key, lock in locks.items() if lock is not None})
        return [*outcomes, *sending.in_turn(parts, send)]

    def _unfit(self, write: Write) -> str:
        """Tell why a write cannot be expressed in EspoCRM, or return an empty string; asked before anything is sent."""
        match (write.operation, write.kind):
            case (_, TASKS.kind):
                return tasks.unfit(write)
            case ("update", kind) if kind in self._names:
                target, fields = write.ref, set(self._names[kind])
            case ("create", NOTES.kind):
                target, fields = write.parent, {"body", "time"}
            case _:
                return "unknown_write"
        if not write.values.keys() <= fields:
            return "unknown_field"
        return "" if target else "no_record"

    def _allowed(self, place: Kind, writes: Sequence[Write]) -> dict[str, Row]:
        """Return what to send; raises LoginRefused where the role forbids it, or would hide from us what we made."""
        rights, create = self._api.rights, writes[0].operation == "create"
        rights.require(place.scope, "create" if create else "edit")
        if place is TASKS:
            rights.require(place.scope, "read", whole=True)
            if create:
                rights.require_assignment()
        bodies = self._bodies(place, writes)
        rights.require_fields(place.scope, {name for body in bodies.values() for name in body}, "edit")
        return bodies

    def _bodies(self, place: Kind, writes: Sequence[Write]) -> dict[str, Row]:
        """Return what to send for each write; tasks are read for that, as an update keeps what people wrote into them."""
        if writes[0].operation == "create":
            return {write.key: self._creation(place, write) for write in writes}
        if place is TASKS:
            ids = [write.ref.id for write in writes if write.ref]
            now = {str(row["id"]): row for row in self._api.of_ids(place.scope, "id", ids, ["description", "status"])}
            return {write.key: tasks.changed(write, now.get(write.ref.id), self._reader.words) for write in writes if write.ref}
        names = self._names[place.kind]
        return {write.key: {names[field]: _held(value) for field, value in write.values.items()} for write in writes}

    def _creation(self, place: Kind, write: Write) -> Row:
        if place is TASKS:
            assignee = self._reader.owners.assignee(str(write.values.get("owner") or ""))
            return tasks.created(write, assignee, self._reader.words)
        on = {"parentType": ACCOUNT, "parentId": write.parent.id if write.parent else ""}
        return {"type": "Post", **on, "post": marked(str(write.values["body"]), write.key)}

    def _locks(self, place: Kind, writes: Sequence[Write]) -> dict[str, int | None]:
        """Return the version to overwrite, None where the record changed; nothing where the object keeps none.

        EspoCRM keeps versions of an object where an administrator switched optimistic concurrency control on.
        """
        locked = [write for write in writes if write.ref and write.seen and place is not TASKS]
        if not locked or not self._api.metadata(f"entityDefs.{place.scope}").get("optimisticConcurrencyControl"):
            return {}
        asked = ["versionNumber", "createdAt", "modifiedAt", *place.attributes(self._settings)]
        now = {str(row["id"]): row for row in self._api.of_ids(place.scope, "id", [w.ref.id for w in locked if w.ref], asked)}
        return {write.key: self._version(place, write, now.get(write.ref.id)) for write in locked if write.ref}

    def _version(self, place: Kind, write: Write, row: Row | None) -> int | None:
        if row is None or write.seen is None:
            return None
        values, _ = place.values(row | {"lines": []}, self._settings)
        told_otherwise = {"owner", "parent"}  # by name, by reference: by the record, not by the row
        compared = [field for field in self._names[place.kind] if field not in told_otherwise]
        same = all(values.get(field) == write.seen.values.get(field) for field in compared)
        return int(row.get("versionNumber") or 1) if same else None

    def _send(self, place: Kind, bodies: Mapping[str, Row], locks: Locks, writes: Sequence[Write]) -> Sequence[Outcome]:
        (write,) = writes
        try:
            if write.operation == "create":
                answer = self._api.post(place.scope, bodies[write.key])
            else:
                answer = self._api.put(place.scope, write.ref.id if write.ref else "", bodies[write.key], locks.get(write.key))
        except Refused as error:
            if error.status == HTTPStatus.CONFLICT and error.detail.startswith(MODIFIED):
                return [Conflict(write.key)]
            return [_rejected(place, write, error.detail)]
        if not isinstance(answer, dict) or not answer.get("id"):
            return [Unknown(write.key, "not in the answer")]
        if write.operation == "create":
            return [Done(write.key, self._ref(place.kind, str(answer["id"])))]
        if lost := sorted(name for name, value in bodies[write.key].items() if (answer.get(name) is None) != (value is None)):
            return [_rejected(place, write, f"EspoCRM did not keep {', '.join(lost)}: read only there, or a rule of its own")]
        return [Done(write.key, write.ref, dict(write.values))] if write.ref else []


def _rejected(place: Kind, write: Write, detail: str) -> Rejected:
    code, message = MESSAGES[WHOSE.get(place.kind, place.kind)]
    return Rejected(write.key, code, message, detail)


def _held(value: Json) -> Json:
    return None if value == "" else value
