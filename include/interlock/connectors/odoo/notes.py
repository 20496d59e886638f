"""The prehistory of a customer: one internal note in its history, under an external id and a message id of ours."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from interlock.connectors.batches import Sending, apart
from interlock.connectors.odoo import objects
from interlock.connectors.odoo.api import Row, Rpc, moment, numbers
from interlock.connectors.odoo.reading import MESSAGE, PARTNER
from interlock.domain.change import Done, Outcome, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Record
from interlock.errors import Refused

KIND: Final = "prehistory"
KEY: Final = re.compile(r"<(?P<key>.+)@interlock\.note>")
COLUMNS: Final = ["id", "model", "res_id", "message_id", "body", "message_type", "is_internal", "subtype_id/id"]
UNFIT: Final = {
    "no_record": "the prehistory names no customer",
    "unknown_field": "the write names a field that a note has not",
    "unknown_write": "a prehistory is written once and not changed",
}


class Notes:
    """Finds, writes and removes notes; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._ref = rpc, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read notes of ours by id."""
        rows = self._rows([["id", "in", numbers(ids)]]) if numbers(ids) else []
        return {str(row["id"]): self._record(row) for row in rows if KEY.fullmatch(row["message_id"] or "")}

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes up by their key, whatever became of their customer; oldest first."""
        found = dict[str, list[Record]]()
        for record in map(self._record, self._rows([["message_id", "in", [_message_id(write.key) for write in writes]]])):
            found.setdefault(str(record.values["key"]), []).append(record)
        return found

    def write(self, writes: Sequence[Write], seconds: float) -> Sequence[Outcome]:
        """Create notes in one transaction."""
        sending = Sending(seconds)
        outcomes, rest = apart(writes, _unfit, UNFIT)
        return [*outcomes, *sending.guarded(rest, self._send)] if rest else outcomes

    def _send(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        ids = self._rpc.load(MESSAGE, COLUMNS, [_cells(write, write.parent.id) for write in writes if write.parent])
        if len(ids) != len(writes):
            return [Unknown(write.key, "the new note could not be read") for write in writes]
        return [Done(write.key, self._ref(KIND, str(note))) for write, note in zip(writes, ids, strict=True)]

    def remove(self, ref: Ref) -> bool:
        """Delete a note of ours; True too when it is gone already, False when the ERP refuses."""
        try:
            if self.read([ref.id]):
                self._rpc.call(MESSAGE, "unlink", [int(ref.id)], safe=False)
        except Refused:
            return False
        return True

    def _rows(self, domain: list[Any]) -> list[Row]:
        fields = ["body", "message_id", "model", "res_id", "write_date"]
        return self._rpc.search(MESSAGE, [["model", "=", PARTNER], *domain], fields)

    def _record(self, row: Row) -> Record:
        key = KEY.fullmatch(row["message_id"] or "")
        at = moment(row["write_date"]) or datetime(1970, 1, 1, tzinfo=UTC)
        values = {"body": _text(row["body"] or ""), "key": key["key"] if key else ""}
        return Record(self._ref(KIND, str(row["id"])), at, values, self._ref("customer", str(row["res_id"])))


def _message_id(key: str) -> str:
    return f"<{key}@interlock.note>"


def _cells(write: Write, partner: str) -> list[str]:
    body = html.escape(str(write.values["body"]), quote=False).replace("\n", "<br>")
    note = objects.internal_note(_message_id(write.key), f"<p>{body}</p>")
    own = [objects.EXTERNAL + write.key, note["model"], partner, note["message_id"], note["body"], note["message_type"]]
    return [*own, "1", "mail.mt_note"]


def _text(body: str) -> str:
    """Return what a note says, without its markup."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", "\n", body)))


def _unfit(write: Write) -> str:
    if write.operation != "create" or write.kind != KIND:
        return "unknown_write"
    if write.values.keys() != {"body"}:
        return "unknown_field"
    return "" if write.parent else "no_record"
