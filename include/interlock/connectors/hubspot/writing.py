"""Writing HubSpot: companies and contracts are updated, notes created, in batches of which each part has its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interlock.config import CrmSettings
from interlock.config.contracts import WRITTEN
from interlock.connectors.batches import Sending
from interlock.connectors.hubspot import contracts
from interlock.connectors.hubspot.api import Api, refused
from interlock.connectors.hubspot.objects import COMPANY, NOTE, Kind, note_html, note_key
from interlock.domain.change import Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref

MESSAGES = {
    COMPANY.kind: ("account_refused", "HubSpot refused the update of the account"),
    contracts.KIND: ("contract_refused", "HubSpot refused the update of the contract"),
}
UNFIT = {
    "no_record": "the write names no record",
    "unknown_field": "the write names a field that is not mapped",
    "unknown_write": "this kind of write is not made in HubSpot",
}


class Writer:
    """Sends writes of one kind and operation; `ref` names a record of this portal, `place` says where a kind lives."""

    def __init__(self, api: Api, settings: CrmSettings, ref: Callable[[str, str], Ref], place: Callable[[str], Kind]) -> None:
        self._api, self._ref, self._place = api, ref, place
        written = {field: name for field, name in settings.contract_properties.items() if field in WRITTEN}
        self._names = {COMPANY.kind: settings.account_properties, contracts.KIND: written}
        self._seconds = settings.http.sending_seconds

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update companies or contracts, or create notes, in one batch call."""
        sending = Sending(self._seconds)
        unfit = {write.key: code for write in writes if (code := self._unfit(write))}
        outcomes: list[Outcome] = [Rejected(key, code, UNFIT[code]) for key, code in unfit.items()]
        rest = [write for write in writes if write.key not in unfit]
        send = self._create_notes if writes[0].operation == "create" else self._update
        return [*outcomes, *sending.guarded(rest, send)] if rest else outcomes

    def _unfit(self, write: Write) -> str:
        """Tell why a write cannot be expressed in HubSpot, or return an empty string; asked before anything is sent."""
        match (write.operation, write.kind):
            case ("update", COMPANY.kind | contracts.KIND):
                target, fields = write.ref, set(self._names[write.kind])
            case ("create", NOTE.kind):
                target, fields = write.parent, {"body", "time"}
            case _:
                return "unknown_write"
        if not write.values.keys() <= fields:
            return "unknown_field"
        return "" if target else "no_record"

    def _update(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        kind = writes[0].kind
        names, (code, message) = self._names[kind], MESSAGES[kind]
        inputs = [
            {"id": w.ref.id, "properties": {names[n]: "" if v is None else str(v) for n, v in w.values.items()}}
            for w in writes
            if w.ref
        ]
        answer = self._api.send(f"{self._api.path(self._place(kind))}/batch/update", inputs)
        done = {str(row["id"]) for row in answer["results"]}
        errors = refused(answer)
        outcomes: list[Outcome] = []
        for write in writes:
            if write.ref and write.ref.id in done:
                outcomes.append(Done(write.key, write.ref, dict(write.values)))
            elif write.ref and write.ref.id in errors:
                outcomes.append(Rejected(write.key, code, message, errors[write.ref.id]))
            else:
                outcomes.append(Unknown(write.key, "not in the answer"))
        return outcomes

    def _create_notes(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        link = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE.to_company}]
        inputs = [
            {
                "properties": {"hs_timestamp": str(w.values["time"]), "hs_note_body": note_html(str(w.values["body"]), w.key)},
                "associations": [{"to": {"id": w.parent.id}, "types": link}],
            }
            for w in writes
            if w.parent
        ]
        answer = self._api.send(f"{self._api.path(NOTE)}/batch/create", inputs)
        ids = {note_key(row["properties"].get("hs_note_body") or ""): str(row["id"]) for row in answer["results"]}
        return [
            Done(w.key, self._ref("note", ids[w.key])) if w.key in ids else Unknown(w.key, "not in the answer") for w in writes
        ]
