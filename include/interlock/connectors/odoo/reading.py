"""Reading partners: with their children, by change, by our reference; a merged partner leads to the one that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from interlock.connectors.odoo import merges, objects, people
from interlock.connectors.odoo.api import READ, Row, Rpc, moment, numbers, wire
from interlock.connectors.odoo.catalogue import Catalogue
from interlock.domain.change import Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record

PARTNER = "res.partner"
MESSAGE = "mail.message"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reader:
    """Turns Odoo's rows into records; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, catalogue: Catalogue, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._catalogue, self._ref = rpc, catalogue, ref

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield partners changed themselves or in a child, whose change does not touch the parent's own write date.

        A company below another is a customer of its own; partners of internal users are none. A child that was deleted shows at
        the next full read.
        """
        stamps: dict[int, datetime] = {}
        domain = [["write_date", ">=", wire(since)]] if since else []
        for row in self._rpc.every(PARTNER, domain, ["parent_id", "is_company", "write_date"], 10 * READ):
            partner = row["id"] if _stands_alone(row) else row["parent_id"][0]
            stamps[partner] = max(stamps.get(partner, EPOCH), moment(row["write_date"]) or EPOCH)
        ordered = sorted(stamps, key=lambda partner: (stamps[partner], partner))
        for start in range(0, len(ordered), READ):
            part = ordered[start : start + READ]
            rows = self.rows(part)
            customers = [rows[i] for i in part if i in rows and _stands_alone(rows[i]) and rows[i]["partner_share"]]
            yield Page([self.record(kind, row) for row in customers], stamps[part[-1]])

    def read(self, kind: str, ids: Sequence[str]) -> dict[str, Record]:
        """Read partners with their children in three calls per 500; a merged one leads to what is left of it."""
        asked = numbers(ids)
        rows = self.rows(asked)
        survivors = merges.survivors(self._rpc, [partner for partner in asked if partner not in rows])
        rows |= self.rows([partner for partner in survivors.values() if partner not in rows])
        found: dict[str, Record] = {}
        for partner in asked:
            if row := rows.get(survivors.get(partner, partner)):
                record = self.record(kind, row)
                found[str(partner)] = record if row["id"] == partner else replace(record, merged_from=(str(partner),))
        return found

    def rows(self, ids: Sequence[int]) -> dict[int, Row]:
        """Return partners as Odoo has them, each with its children and the references of its accounts, oldest first."""
        found = self._rpc.of_ids(PARTNER, ids, objects.READ)
        for row in found.values():
            row.update(children=[], references=[])
        there = list(found)
        for start in range(0, len(there), READ):
            part = there[start : start + READ]
            fields = [*people.FIELDS, "active", "write_date"]
            for child in self._rpc.every(PARTNER, [["parent_id", "in", part]], fields, 10 * READ):
                found[child["parent_id"][0]]["children"].append(child)
            ours = [["model", "=", PARTNER], ["res_id", "in", part], ["message_id", "=like", objects.message_id("%")]]
            for note in self._rpc.every(MESSAGE, ours, ["res_id", "message_id"], 10 * READ):
                if reference := objects.REFERENCE.fullmatch(note["message_id"]):
                    found[note["res_id"]]["references"].append(reference["reference"])
        return found

    def record(self, kind: str, row: Row) -> Record:
        """Build the record of a partner and its children; it changed when the last of them did."""
        values = objects.values(row, row["children"], row["references"], self._catalogue.codes)
        at = max(moment(one["write_date"]) or EPOCH for one in (row, *row["children"]))
        return Record(self._ref(kind, str(row["id"])), at, values)

    def find(self, kind: str, writes: Sequence[Write], *, reserved: bool) -> Mapping[str, Sequence[Record]]:
        """Look customers up by the reference of their account, and by the number reserved for them.

        A partner under the reserved number counts unless it was made from another account.
        """
        keys = {objects.message_id(str(write.subject)): write.key for write in writes}
        rows = self._rpc.search(MESSAGE, [["model", "=", PARTNER], ["message_id", "in", list(keys)]], ["res_id", "message_id"])
        ours = {(int(row["res_id"]), keys[row["message_id"]]) for row in rows}
        wanted = {str(w.values["number"]): w.key for w in writes if reserved and w.values.get("number")}
        hits = ours | {(partner, wanted[number]) for partner, number in self.bearers(list(wanted))}
        records = self.read(kind, [str(partner) for partner, _ in sorted(hits)])
        found: dict[str, list[Record]] = {}
        for partner, key in sorted(hits):
            record = records.get(str(partner))
            if record and ((partner, key) in ours or not record.values["references"]):
                found.setdefault(key, []).append(record)
        return found

    def bearers(self, numbers: Sequence[str]) -> set[tuple[int, str]]:
        """Return which customers bear some numbers; Odoo does not keep them from bearing the same."""
        if not numbers:
            return set()
        alone = ["|", ["parent_id", "=", False], ["is_company", "=", True]]
        rows = self._rpc.search(PARTNER, [["ref", "in", list(numbers)], *alone], ["ref"])
        return {(int(row["id"]), str(row["ref"])) for row in rows}


def _stands_alone(row: Row) -> bool:
    return bool(row["is_company"]) or not row["parent_id"]
