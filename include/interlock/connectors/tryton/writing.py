"""Writing parties: created in one transaction, updated one by one under Tryton's optimistic lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from interlock.config import CustomerSettings
from interlock.connectors.batches import Sending, apart
from interlock.connectors.tryton import checks, objects
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.catalogue import Catalogue
from interlock.connectors.tryton.reading import Reader, lock
from interlock.domain.change import Conflict, Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.errors import InterlockError, LoginRefused, Refused

UNFIT = {
    "country_missing": "the ERP has no such country; load its countries (trytond_import_countries)",
    "language_missing": "the ERP has no such language",
    "no_record": "an update without a record, or a create without the account it is made from",
    "unknown_field": "the write names a field that Interlock does not write",
    "unknown_write": "this kind of write is not made in Tryton",
    "duplicate_code": "another party already has the reserved customer number",
}


class Writer:
    """Sends writes of one operation; `ref` names a record of this company."""

    def __init__(
        self, rpc: Rpc, reader: Reader, catalogue: Catalogue, customers: CustomerSettings, ref: Callable[[str, str], Ref]
    ) -> None:
        self._rpc, self._reader, self._catalogue, self._ref = rpc, reader, catalogue, ref
        self._reserved = customers.number == "reserved"
        self._seconds = rpc.settings.sending_seconds

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create or update; raises LoginRefused before anything is sent when the user lacks a right."""
        sending = Sending(self._seconds)
        if self._missing:
            raise LoginRefused(f"Tryton's user has no right to {', '.join(self._missing)}; add it to a group that has it")
        outcomes, rest = apart(writes, self._unfit, UNFIT)
        if not rest:
            return outcomes
        act = self._create if rest[0].operation == "create" else self._update
        return [*outcomes, *act(rest, sending)]

    @cached_property
    def _missing(self) -> list[str]:
        return checks.missing_rights(self._rpc)

    def _unfit(self, write: Write) -> str:
        """Tell why a write cannot be expressed in this Tryton, or return an empty string; asked before anything is sent."""
        if write.kind != "customer":
            return "unknown_write"
        create = write.operation == "create"
        if not (write.subject if create else write.ref):
            return "no_record"
        if not write.values.keys() <= objects.WRITABLE | ({"number"} if create else set()):
            return "unknown_field"
        country, language = (str(write.values.get(name) or "") for name in ("country", "language"))
        countries = {country, *(place["country"] for place in objects.persons(write.values, "delivery_addresses"))} - {""}
        if countries - self._catalogue.countries.keys():
            return "country_missing"
        return "language_missing" if language and language not in self._catalogue.languages else ""

    def _create(self, writes: Sequence[Write], sending: Sending) -> Sequence[Outcome]:
        lookups = self._catalogue.lookups

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            rows = [objects.creation(w.values, str(w.subject), lookups) for w in part]
            ids = self._rpc.call("model.party.party.create", rows, safe=False)
            return self._numbered(part, ids)

        outcomes = sending.guarded(writes, send)
        return self._duplicates_named(writes, outcomes) if self._reserved else outcomes

    def _numbered(self, writes: Sequence[Write], ids: Any) -> Sequence[Outcome]:  # noqa: ANN401 - whatever was answered
        """Read the new numbers. The parties are there by now: no failure from here on may look like "not written"."""
        try:
            numbers = {row["id"]: row["code"] for row in self._rpc.search("party.party", [["id", "in", ids]], ["code"])}
            made = list(zip(writes, ids, strict=True))
        except (InterlockError, TypeError, ValueError):
            return [Unknown(w.key, "the new number could not be read") for w in writes]
        return [
            Done(w.key, self._ref("customer", str(party)), {"number": numbers[party]})
            if numbers.get(party)
            else Unknown(w.key, "the new number could not be read")
            for w, party in made
        ]

    def _duplicates_named(self, writes: Sequence[Write], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Name refusals whose reason is that the reserved number is taken; Tryton's text depends on the user's language."""
        numbers = {w.key: str(w.values.get("number") or "") for w in writes}
        refused = [numbers[o.key] for o in outcomes if isinstance(o, Rejected)]
        try:
            rows = self._rpc.search("party.party", [["code", "in", refused]], ["code"]) if refused else []
        except InterlockError:
            return outcomes
        taken = {row["code"] for row in rows}
        return [
            replace(o, code="duplicate_code", message=UNFIT["duplicate_code"])
            if isinstance(o, Rejected) and numbers[o.key] in taken
            else o
            for o in outcomes
        ]

    def _update(self, writes: Sequence[Write], sending: Sending) -> Sequence[Outcome]:
        rows = self._reader.rows([int(write.ref.id) for write in writes if write.ref])
        lookups = self._catalogue.lookups

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            (write,) = part
            row = rows.get(int(write.ref.id)) if write.ref else None
            if write.ref is None or row is None or row["replaced_by"]:
                return [Conflict(write.key)]
            if write.seen and self._reader.record("customer", row).revision != write.seen.revision:
                return [Conflict(write.key)]
            try:
                values = objects.touched(row, write.values, lookups)
                self._rpc.call("model.party.party.write", [row["id"]], values, safe=False, context=lock(row))
            except Refused as error:
                if error.code == "changed_meanwhile":
                    return [Conflict(write.key)]
                raise
            return [Done(write.key, write.ref, dict(write.values))]

        return sending.in_turn([[write] for write in writes], send)

    def remove(self, ref: Ref) -> bool:
        """Delete a double; Tryton refuses when anything uses it, and is content when it is gone already."""
        try:
            self._rpc.call("model.party.party.delete", [int(ref.id)], safe=False)
        except Refused:
            return False
        return True
