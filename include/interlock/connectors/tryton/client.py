"""Tryton 8.0 behind the port: customers are parties, found by our reference among their identifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.batches import guarded
from interlock.connectors.tryton import parties
from interlock.connectors.tryton.rpc import Rpc, moment, wire
from interlock.domain.change import Conflict, Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.errors import ConfigurationError, Refused, SystemUnavailable
from interlock.ports.system import Check, Instance, Traits

Row = dict[str, Any]
READ = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHILDREN = {"party.identifier": "identifiers", "party.contact_mechanism": "mechanisms", "party.address": "addresses"}
FIELDS = {
    "party.party": ["name", "code", "active", "lang.code", "write_date", "create_date", "_timestamp"],
    "party.identifier": ["party", "type", "code"],
    "party.contact_mechanism": ["party", "type", "value"],
    "party.address": ["party", "street", "postal_code", "city", "country.code", "invoice", "active"],
}


class Tryton:
    """One company in one Tryton database."""

    def __init__(self, endpoint: Endpoint, settings: ErpSettings, customers: CustomerSettings) -> None:
        self.settings, self.customers = settings, customers
        self._rpc = Rpc(endpoint, settings.http, settings.company)

    @cached_property
    def _instance(self) -> Instance:
        company = int(self._rpc.context["company"])
        (row,) = self._rpc.call("model.company.company.read", [company], ["create_date"], safe=True)
        mark = hashlib.sha256(f"{company} {row['create_date']}".encode()).hexdigest()[:8]
        return Instance(f"tryton:{self._rpc.database}-{mark}", "Tryton", self._rpc.version(), datetime.now(UTC))

    def instance(self) -> Instance:
        """Return the company's database: its name and a mark of when the company was made."""
        return self._instance

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this company."""
        return Ref(self._instance.id, str(self._rpc.context["company"]), kind, record_id)

    def traits(self, kind: str) -> Traits:  # noqa: ARG002 - one kind
        """A party's code is unique: with reserved numbers a repeated create is refused by the ERP itself."""
        enforces = self.customers.number == "reserved"
        return Traits(self.settings.batch, enforces, self.settings.settle_seconds, self.settings.overlap_seconds)

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield parties changed themselves or in a child; a child's change does not touch the party's own write date."""
        stamps: dict[int, datetime] = {}
        for model in FIELDS:
            for row in self._changed_rows(model, since):
                party = row["id"] if model == "party.party" else row["party"]
                at = max(filter(None, (moment(row["create_date"]), moment(row["write_date"]))), default=EPOCH)
                if party is not None:
                    stamps[party] = max(stamps.get(party, EPOCH), at)
        ordered = sorted(stamps, key=lambda party: (stamps[party], party))
        for start in range(0, len(ordered), READ):
            part = ordered[start : start + READ]
            records = self.read(kind, [str(party) for party in part])
            yield Page([records[str(party)] for party in part if str(party) in records], stamps[part[-1]])

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read parties with their children in four calls per 500."""
        found: dict[str, Record] = {}
        for start in range(0, len(ids), READ):
            rows = self._rows([int(record_id) for record_id in ids[start : start + READ]])
            found.update({str(row["id"]): self._record(kind, row) for row in rows})
        return found

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:  # noqa: ARG002
        """Yield nothing: customers have no records of their own here yet."""
        return iter(())

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look customers up by the reference of their account."""
        keys = {parties.REFERENCE + str(write.subject): write.key for write in writes}
        rows = self._search("party.identifier", [["code", "in", list(keys)]], ["party", "code"])
        records = self.read("customer", sorted({str(row["party"]) for row in rows if row["party"]}))
        found: dict[str, list[Record]] = {}
        for row in sorted(rows, key=lambda row: int(row["party"] or 0)):
            if record := records.get(str(row["party"])):
                found.setdefault(keys[row["code"]], []).append(record)
        return found

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create parties in one transaction, or update them one by one under Tryton's optimistic lock."""
        if writes[0].operation == "create":
            return guarded(writes, self._create)
        return [outcome for write in writes for outcome in guarded([write], self._update)]

    def remove(self, ref: Ref) -> bool:
        """Delete a double; Tryton refuses when anything uses it."""
        try:
            self._rpc.call("model.party.party.delete", [int(ref.id)], safe=False)
        except Refused:
            return False
        return True

    def checks(self) -> Iterator[Check]:
        """Check what creating customers needs."""
        missing = "" if len(self._countries) else "no countries"
        cure = "load them in Tryton (trytond_import_countries)"
        yield Check(
            "erp countries", "error" if missing else "ok", missing or f"{len(self._countries)} there", cure if missing else ""
        )
        try:
            term = self._term
        except ConfigurationError as error:
            yield Check("customers.payment_term", "error", str(error), "name one that exists in Tryton")
        else:
            yield Check("customers.payment_term", "ok", "found" if term else "the ERP's own default")

    # -- reading

    def _changed_rows(self, model: str, since: datetime | None) -> Iterator[Row]:
        domain: list[Any] = []
        if since is not None:
            domain = ["OR", ["write_date", ">=", wire(since)], ["create_date", ">=", wire(since)]]
        fields = ["create_date", "write_date", *([] if model == "party.party" else ["party"])]
        offset = 0
        while True:
            rows = self._search(model, domain, fields, offset=offset, limit=10 * READ)
            yield from rows
            offset += len(rows)
            if len(rows) < 10 * READ:
                return

    def _rows(self, ids: Sequence[int]) -> list[Row]:
        rows = self._search("party.party", [["id", "in", list(ids)]], FIELDS["party.party"])
        by_id: dict[int, Row] = {row["id"]: {**row, **{name: [] for name in CHILDREN.values()}} for row in rows}
        for model, name in CHILDREN.items():
            for child in self._search(model, [["party", "in", list(by_id)]], FIELDS[model]) if by_id else ():
                by_id[child["party"]][name].append(child)
        return list(by_id.values())

    def _search(self, model: str, domain: list[Any], fields: list[str], offset: int = 0, limit: int | None = None) -> list[Row]:
        rows = self._rpc.call(
            f"model.{model}.search_read", domain, offset, limit, [["id", "ASC"]], fields, safe=True
        )  # fmt: skip
        return list(rows)

    def _record(self, kind: str, row: Row) -> Record:
        values = parties.values(row, row["identifiers"], row["mechanisms"], row["addresses"])
        at = max(filter(None, (moment(row["create_date"]), moment(row["write_date"]))), default=EPOCH)
        return Record(self.ref(kind, str(row["id"])), at, values)

    # -- writing

    @cached_property
    def _countries(self) -> dict[str, int]:
        return {row["code"]: row["id"] for row in self._search("country.country", [], ["code"])}

    @cached_property
    def _languages(self) -> dict[str, int]:
        rows = self._search("ir.lang", [], ["code"])
        return {row["code"][:2]: row["id"] for row in sorted(rows, key=lambda row: -len(row["code"]))}

    @cached_property
    def _term(self) -> int | None:
        name = self.customers.payment_term
        if not name:
            return None
        rows = self._search("account.invoice.payment_term", [["name", "=", name]], ["id"])
        if not rows:
            raise ConfigurationError(f"customers.payment_term: Tryton has no payment term {name!r}")
        return int(rows[0]["id"])

    def _create(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        unknown = [w for w in writes if str(w.values["country"]) not in self._countries]
        rest = [w for w in writes if w not in unknown]
        outcomes: list[Outcome] = [
            Rejected(w.key, "country_missing", "the account's country is not known to the ERP") for w in unknown
        ]
        if not rest:
            return outcomes
        rows = [parties.creation(w.values, str(w.subject), self._countries, self._languages, self._term) for w in rest]
        ids = self._rpc.call("model.party.party.create", rows, safe=False)
        try:
            numbers = {row["id"]: row["code"] for row in self._search("party.party", [["id", "in", ids]], ["code"])}
        except SystemUnavailable:
            return outcomes + [Unknown(w.key, "the new number could not be read") for w in rest]
        made = zip(rest, ids, strict=True)
        return outcomes + [Done(w.key, self.ref("customer", str(party)), {"number": numbers[party]}) for w, party in made]

    def _update(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        (write,) = writes
        if write.ref is None:
            return [Rejected(write.key, "no_record", "an update without a record")]
        row = next(iter(self._rows([int(write.ref.id)])), None)
        if row is None or (write.seen and self._record("customer", row).revision != write.seen.revision):
            return [Conflict(write.key)]
        lock = {"_timestamp": {f"party.party,{row['id']}": row["_timestamp"]}}
        try:
            self._rpc.call("model.party.party.write", [row["id"]], self._touched(row, write), safe=False, context=lock)
        except Refused as error:
            if error.code == "changed_meanwhile":
                return [Conflict(write.key)]
            raise
        return [Done(write.key, write.ref, dict(write.values))]

    def _touched(self, row: Row, write: Write) -> Row:
        """Return the row to write: only touched fields, children edited in place."""
        values, touched = write.values, {}
        if "legal_name" in values:
            touched["name"] = values["legal_name"]
        if "language" in values:
            touched["lang"] = self._languages.get(str(values["language"]))
        names = [name for name in ("vat_id", "register_number") if name in values]
        identifiers = {parties.identifier_name(r): r["id"] for r in reversed(row["identifiers"])}
        touched |= _children(
            "identifiers", identifiers, {n: parties.identifier(n, str(values[n])) if values[n] else None for n in names}
        )
        names = [name for name in parties.MECHANISMS if name in values]
        mechanisms = {r["type"]: r["id"] for r in reversed(row["mechanisms"])}
        touched |= _children(
            "contact_mechanisms", mechanisms, {n: {"type": n, "value": values[n]} if values[n] else None for n in names}
        )
        if any(name in values for name in parties.ADDRESS):
            place = parties.invoice_address(row["addresses"])
            known = {"invoice": place["id"]} if place else {}
            touched |= _children("addresses", known, {"invoice": parties.address(values, self._countries)})
        return touched


def _children(field: str, known: Mapping[str, int], wanted: Mapping[str, Row | None]) -> Row:
    """Return Tryton's commands that make child rows as wanted: write the one there is, create, or delete."""
    commands: list[list[Any]] = []
    for name, row in wanted.items():
        if row is not None and name in known:
            commands.append(["write", [known[name]], row])
        elif row is not None:
            commands.append(["create", [row]])
        elif name in known:
            commands.append(["delete", [known[name]]])
    return {field: commands} if commands else {}
