"""Writing HubSpot: companies, contracts, tasks are updated, notes and tasks created, in batches; each part has an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from interlock.config import CrmSettings
from interlock.config.balances import BALANCE
from interlock.config.contracts import WRITTEN
from interlock.connectors.batches import Sending, apart
from interlock.connectors.hubspot import contracts, tasks
from interlock.connectors.hubspot.api import Api, Body, refused, rows
from interlock.connectors.hubspot.balances import BALANCE_KIND, PAYMENT_KIND
from interlock.connectors.hubspot.objects import COMPANY, NOTE, Kind, note_html, note_key
from interlock.connectors.hubspot.tasks import TASK
from interlock.domain.change import Done, NotSent, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Json, Ref
from interlock.errors import Retry

MESSAGES = {
    COMPANY.kind: ("account_refused", "HubSpot refused the update of the account"),
    contracts.KIND: ("contract_refused", "HubSpot refused the update of the contract"),
    TASK.kind: ("task_refused", "HubSpot refused the update of the task"),
}
WHOSE = {BALANCE_KIND: COMPANY.kind, PAYMENT_KIND: contracts.KIND}  # facet -> the kind whose object it is
UNFIT = {
    "no_record": "the write names no record",
    "unknown_field": "the write names a field that is not mapped",
    "unknown_write": "this kind of write is not made in HubSpot",
}
BODIES = {NOTE.kind: NOTE.body, TASK.kind: TASK.body}
Inputs = Mapping[str, Body]


class Writer:
    """Sends writes of one kind and operation; `ref` names a record of this portal, `place` says where a kind lives."""

    def __init__(self, api: Api, settings: CrmSettings, ref: Callable[[str, str], Ref], place: Callable[[str], Kind]) -> None:
        self._api, self._ref, self._place = api, ref, place
        self._names = {
            COMPANY.kind: settings.account_properties,
            BALANCE_KIND: {field: name for field, name in settings.account_balance_properties.items() if field in BALANCE},
            contracts.KIND: {field: name for field, name in settings.contract_properties.items() if field in WRITTEN},
            PAYMENT_KIND: settings.contract_payment_properties,
        }
        self._seconds = settings.http.sending_seconds

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Send one batch call; what it is made of is asked for before, and nothing is sent when that has no answer."""
        sending = Sending(self._seconds)
        outcomes, rest = apart(writes, self._unfit, UNFIT)
        if not rest:
            return outcomes
        try:
            place = self._place(rest[0].kind)
            inputs = self._inputs(place, rest)
        except Retry as error:
            wait = getattr(error, "retry_after", 1.0)
            return [*outcomes, *(NotSent(write.key, "not readable before it is written", wait) for write in rest)]
        send = self._create if rest[0].operation == "create" else self._update
        return [*outcomes, *sending.guarded(rest, lambda part: send(place, part, inputs))]

    def _unfit(self, write: Write) -> str:
        """Tell why a write cannot be expressed in HubSpot, or return an empty string; asked before anything is sent."""
        match (write.operation, write.kind):
            case (_, TASK.kind):
                return tasks.unfit(write)
            case ("update", kind) if kind in self._names:
                target, fields = write.ref, set(self._names[kind])
            case ("create", NOTE.kind):
                target, fields = write.parent, {"body", "time"}
            case _:
                return "unknown_write"
        if not write.values.keys() <= fields:
            return "unknown_field"
        return "" if target else "no_record"

    def _inputs(self, place: Kind, writes: Sequence[Write]) -> Inputs:
        """Return what to send for each write; tasks are read for that, as an update keeps what people wrote into them."""
        if writes[0].operation == "create":
            return {write.key: _creation(place, write) for write in writes}
        if place is TASK:
            now = self._tasks([write.ref.id for write in writes if write.ref])
            return {w.key: {"id": w.ref.id, "properties": tasks.changed(w, now.get(w.ref.id))} for w in writes if w.ref}
        names = self._names[place.kind]
        return {
            write.key: {"id": write.ref.id, "properties": {names[field]: _held(value) for field, value in write.values.items()}}
            for write in writes
            if write.ref
        }

    def _tasks(self, ids: Sequence[str]) -> dict[str, Body]:
        body = {"inputs": [{"id": i} for i in ids], "properties": [TASK.body, "hs_task_status"], "propertiesWithHistory": []}
        found = rows(self._api.read("POST", f"{self._api.path(TASK)}/batch/read", json=body))
        return {str(row["id"]): row["properties"] for row in found}

    def _update(self, place: Kind, writes: Sequence[Write], inputs: Inputs) -> Sequence[Outcome]:
        answer = self._api.send(f"{self._api.path(place)}/batch/update", [inputs[write.key] for write in writes])
        done = {str(row["id"]) for row in answer["results"]}
        errors, (code, message) = refused(answer), MESSAGES[WHOSE.get(place.kind, place.kind)]
        outcomes: list[Outcome] = []
        for write in writes:
            if write.ref and write.ref.id in done:
                outcomes.append(Done(write.key, write.ref, dict(write.values)))
            elif write.ref and write.ref.id in errors:
                outcomes.append(Rejected(write.key, code, message, errors[write.ref.id]))
            else:
                outcomes.append(Unknown(write.key, "not in the answer"))
        return outcomes

    def _create(self, place: Kind, writes: Sequence[Write], inputs: Inputs) -> Sequence[Outcome]:
        answer = self._api.send(f"{self._api.path(place)}/batch/create", [inputs[write.key] for write in writes])
        ids = {note_key(row["properties"].get(BODIES[place.kind]) or ""): str(row["id"]) for row in answer["results"]}
        return [
            Done(write.key, self._ref(place.kind, ids[write.key]))
            if write.key in ids
            else Unknown(write.key, "not in the answer")
            for write in writes
        ]


def _creation(place: Kind, write: Write) -> Body:
    link = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": place.to_company}]
    if place is TASK:
        properties = tasks.created(write)
    else:
        properties = {"hs_timestamp": str(write.values["time"]), NOTE.body: note_html(str(write.values["body"]), write.key)}
    return {"properties": properties, "associations": [{"to": {"id": write.parent.id}, "types": link}] if write.parent else []}


def _held(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
