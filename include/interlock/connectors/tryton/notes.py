"""The prehistory of a customer: one note on its party, with our key in the last line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from interlock.connectors.batches import Sending, apart
from interlock.connectors.tryton.api import Row, Rpc, moment
from interlock.connectors.tryton.reading import LARGEST_ID, Reader
from interlock.domain.change import Done, Outcome, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Record
from interlock.errors import Refused

KIND: Final = "prehistory"
MODEL: Final = "ir.note"
PARTY: Final = "party.party"
KEY: Final = re.compile(r"\n?\[il:([^\]\n]+)\]\s*$")
UNFIT: Final = {
    "no_record": "the prehistory names no customer",
    "unknown_field": "the write names a field that a note has not",
    "unknown_write": "a prehistory is written once and not changed",
}


class Notes:
    """Finds, writes and removes notes; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, reader: Reader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._reader, self._ref = rpc, reader, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read notes of ours by id."""
        fit = [int(i) for i in dict.fromkeys(ids) if i.isdecimal() and int(i) <= LARGEST_ID]
        rows = self._rows([["id", "in", fit]]) if fit else []
        return {str(row["id"]): self._record(row) for row in rows if KEY.search(row["message"] or "")}

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes up by their key among those of their party, or of the one that replaced it; oldest first."""
        parents = {write.parent.id for write in writes if write.parent}
        survivors = {record.ref.id for record in self._reader.read("customer", sorted(parents)).values()}
        places = [f"{PARTY},{party}" for party in sorted(parents | survivors)]
        wanted, found = {write.key for write in writes}, dict[str, list[Record]]()
        for record in map(self._record, self._rows([["resource", "in", places]]) if places else ()):
            if (key := str(record.values["key"])) in wanted:
                found.setdefault(key, []).append(record)
        return found

    def write(self, writes: Sequence[Write], seconds: float) -> Sequence[Outcome]:
        """Create notes in one transaction."""
        sending = Sending(seconds)
        outcomes, rest = apart(writes, _unfit, UNFIT)
        return [*outcomes, *sending.guarded(rest, self._send)] if rest else outcomes

    def _send(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        rows = [
            {"resource": f"{PARTY},{w.parent.id}", "message": f"{w.values['body']}\n[il:{w.key}]"} for w in writes if w.parent
        ]
        ids = self._rpc.call(f"model.{MODEL}.create", rows, safe=False)
        if not isinstance(ids, list) or len(ids) != len(writes):
            return [Unknown(w.key, "the new note could not be read") for w in writes]
        return [Done(w.key, self._ref(KIND, str(note))) for w, note in zip(writes, ids, strict=True)]

    def remove(self, ref: Ref) -> bool:
        """Delete a note of ours; True too when it is gone already, False when the ERP refuses."""
        try:
            if self.read([ref.id]):
                self._rpc.call(f"model.{MODEL}.delete", [int(ref.id)], safe=False)
        except Refused:
            return False
        return True

    def _rows(self, domain: list[Any]) -> list[Row]:
        return self._rpc.search(MODEL, domain, ["message", "resource", "create_date", "write_date"])

    def _record(self, row: Row) -> Record:
        message, (model, _, party) = row["message"] or "", str(row["resource"]).partition(",")
        key = KEY.search(message)
        at = moment(row["write_date"]) or moment(row["create_date"]) or datetime(1970, 1, 1, tzinfo=UTC)
        values = {"body": KEY.sub("", message), "key": key[1] if key else ""}
        return Record(self._ref(KIND, str(row["id"])), at, values, self._ref("customer", party) if model == PARTY else None)


def _unfit(write: Write) -> str:
    if write.operation != "create" or write.kind != KIND:
        return "unknown_write"
    if write.values.keys() != {"body"}:
        return "unknown_field"
    return "" if write.parent else "no_record"
