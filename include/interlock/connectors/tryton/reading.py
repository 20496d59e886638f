"""Reading parties: with their children, by change, by our reference; a replaced party leads to its replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from interlock.connectors.tryton import objects
from interlock.connectors.tryton.api import Row, Rpc, moment, wire
from interlock.domain.change import Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record

READ = 500
STAMPS = ["create_date", "write_date"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_ID = 2**31 - 1
CHILDREN = {"party.identifier": "identifiers", "party.contact_mechanism": "mechanisms", "party.address": "addresses"}
FIELDS = {
    "party.party": ["name", "code", "active", "lang.code", "replaced_by", "_timestamp", *STAMPS],
    "party.identifier": ["party", "type", "code", "active", "_timestamp", *STAMPS],
    "party.contact_mechanism": ["party", "type", "value", "name", "comment", "invoice", "active", "_timestamp", *STAMPS],
    "party.address": [
        "party", "attn", "street", "postal_code", "city", "country.code", "invoice", "active", "_timestamp", *STAMPS,
    ],
}  # fmt: skip


class Reader:
    """Turns Tryton's rows into records; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._ref = rpc, ref

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield parties changed themselves or in a child, whose change does not touch the party's own write date.

        A child that was deleted by itself, not in the party's form, shows at the next full read.
        """
        stamps: dict[int, datetime] = {}
        for model in FIELDS:
            for row in self._changed_rows(model, since):
                party = row["id"] if model == "party.party" else row["party"]
                if party is not None:
                    stamps[party] = max(stamps.get(party, EPOCH), stamp(row))
        ordered = sorted(stamps, key=lambda party: (stamps[party], party))
        for start in range(0, len(ordered), READ):
            part = ordered[start : start + READ]
            found = self.read(kind, [str(party) for party in part])
            named = {record.ref.id: record for record in found.values()}
            own = {record_id: r for record_id, r in named.items() if record_id in found or int(record_id) not in stamps}
            yield Page(list(own.values()), stamps[part[-1]])

    def _changed_rows(self, model: str, since: datetime | None) -> Iterator[Row]:
        """Yield the changed rows by id: an offset would skip rows when others go while we read."""
        changed: list[Any] = []
        if since is not None:
            changed = [["OR", ["write_date", ">=", wire(since)], ["create_date", ">=", wire(since)]]]
        fields = [*STAMPS, *([] if model == "party.party" else ["party"])]
        last = 0
        while True:
            rows = self._rpc.search(model, [["id", ">", last], *changed], fields, limit=10 * READ)
            yield from rows
            if len(rows) < 10 * READ:
                return
            last = rows[-1]["id"]

    def read(self, kind: str, ids: Sequence[str]) -> dict[str, Record]:
        """Read parties with their children in four calls per 500; a replaced party leads to its replacement."""
        asked = numbers(ids)
        rows = self.rows(asked)
        while missing := {row["replaced_by"] for row in rows.values() if row["replaced_by"]} - rows.keys():
            rows |= {party: {"replaced_by": None} for party in missing} | self.rows(sorted(missing))
        found: dict[str, Record] = {}
        for party in asked:
            last, passed = party, {party}
            while last in rows and (following := rows[last]["replaced_by"]) and following not in passed:
                last = following
                passed.add(last)
            if "id" in rows.get(last, {}):
                record = self.record(kind, rows[last])
                found[str(party)] = record if last == party else replace(record, merged_from=(str(party),))
        return found

    def rows(self, ids: Sequence[int]) -> dict[int, Row]:
        """Return parties as Tryton has them, each with its children."""
        found: dict[int, Row] = {}
        for start in range(0, len(ids), READ):
            parties = self._rpc.search("party.party", [["id", "in", ids[start : start + READ]]], FIELDS["party.party"])
            part: dict[int, Row] = {row["id"]: {**row, **{name: [] for name in CHILDREN.values()}} for row in parties}
            for model, name in CHILDREN.items():
                for child in self._rpc.search(model, [["party", "in", list(part)]], FIELDS[model]) if part else ():
                    part[child["party"]][name].append(child)
            found |= part
        return found

    def record(self, kind: str, row: Row) -> Record:
        """Build the record of a party and its children; it changed when the last of them did."""
        values = objects.values(row, row["identifiers"], row["mechanisms"], row["addresses"])
        at = max(map(stamp, (row, *row["identifiers"], *row["mechanisms"], *row["addresses"])))
        return Record(self._ref(kind, str(row["id"])), at, values)

    def find(self, kind: str, writes: Sequence[Write], *, reserved: bool) -> Mapping[str, Sequence[Record]]:
        """Look customers up by the reference of their account, and by the number reserved for them.

        A party under the reserved number counts unless it was made from another account.
        """
        keys = {objects.REFERENCE + str(write.subject): write.key for write in writes}
        rows = self._rpc.search("party.identifier", [["code", "in", list(keys)]], ["party", "code"])
        ours = {(int(row["party"]), keys[row["code"]]) for row in rows}
        numbers = {str(w.values["number"]): w.key for w in writes if reserved and w.values.get("number")}
        rows = self._rpc.search("party.party", [["code", "in", list(numbers)]], ["code"]) if numbers else []
        hits = ours | {(int(row["id"]), numbers[row["code"]]) for row in rows}
        records = self.read(kind, [str(party) for party, _ in sorted(hits)])
        found: dict[str, dict[str, Record]] = {}
        for party, key in sorted(hits):
            record = records.get(str(party))
            if record and ((party, key) in ours or not record.values["references"]):
                found.setdefault(key, {}).setdefault(record.ref.id, record)
        return {key: list(parties.values()) for key, parties in found.items()}


def lock(row: Row) -> Row:
    """Return Tryton's optimistic lock over the party and its children, as they were read."""
    stamps = {f"party.party,{row['id']}": row["_timestamp"]}
    for model, name in CHILDREN.items():
        stamps |= {f"{model},{child['id']}": child["_timestamp"] for child in row[name]}
    return {"_timestamp": stamps}


def stamp(row: Row) -> datetime:
    """Return when a row last changed."""
    return max(filter(None, (moment(row["create_date"]), moment(row["write_date"]))), default=EPOCH)


def numbers(ids: Iterable[str]) -> list[int]:
    """Return those ids that the ERP can have given, each once."""
    return [int(i) for i in dict.fromkeys(ids) if i.isdecimal() and int(i) <= LARGEST_ID]
