"""Writing partners: created in one transaction under external ids of ours, updated one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from interlock.config import CustomerSettings
from interlock.connectors.batches import Sending, apart
from interlock.connectors.odoo import checks, objects, people
from interlock.connectors.odoo.api import LARGEST_ID, Row, Rpc
from interlock.connectors.odoo.catalogue import SEQUENCE, Catalogue
from interlock.connectors.odoo.reading import PARTNER, Reader
from interlock.domain.change import Conflict, Done, NotSent, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.errors import ConfigurationError, InterlockError, LoginRefused, Refused

UNFIT = {
    "country_missing": "the ERP has no such country",
    "language_missing": "the ERP does not use this language; add it in Odoo (Settings, Languages)",
    "no_record": "an update without a record, or a create without the account it is made from",
    "unknown_field": "the write names a field that Interlock does not write",
    "unknown_write": "this kind of write is not made in Odoo",
    "duplicate_code": "another customer already has the reserved customer number",
    "address_shared": "Odoo would give the company above it the same address; set this one's address type to Other there",
}
SHARES_ADDRESSES = 19  # the first version that writes a child's address to its parent
DRAWING = 0.5  # of the time for a batch: what cannot be numbered until then waits for the next


class Writer:
    """Sends writes of one operation; `ref` names a record of this company."""

    def __init__(
        self, rpc: Rpc, reader: Reader, catalogue: Catalogue, customers: CustomerSettings, ref: Callable[[str, str], Ref]
    ) -> None:
        self._rpc, self._reader, self._catalogue, self._ref = rpc, reader, catalogue, ref
        self._reserved = customers.number == "reserved"

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create or update; raises LoginRefused before anything is sent when the user lacks a right."""
        sending = Sending(self._rpc.settings.sending_seconds)
        if self._missing:
            raise LoginRefused(f"Odoo's user has no right to {', '.join(self._missing)}; add it to a group that has it")
        outcomes, rest = apart(writes, self._unfit, UNFIT)
        if not rest:
            return outcomes
        act = self._create if rest[0].operation == "create" else self._update
        return [*outcomes, *act(rest, sending)]

    @cached_property
    def _missing(self) -> list[str]:
        return checks.missing_rights(self._rpc)

    def _unfit(self, write: Write) -> str:
        """Tell why a write cannot be expressed in this Odoo, or return an empty string; asked before anything is sent."""
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
        numbers, outcomes = self._numbers(writes)

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            creations = [(str(write.subject), write.values, numbers[write.key]) for write in part]
            ids = self._rpc.load(PARTNER, *objects.table(creations, lookups))
            return self._numbered(part, ids)

        rest = [write for write in writes if write.key in numbers]
        return [*outcomes, *(sending.guarded(rest, send) if rest else ())]

    def _numbers(self, writes: Sequence[Write]) -> tuple[dict[str, str], list[Outcome]]:
        """Give each new customer its number; one that is drawn and not used leaves a gap."""
        if self._reserved:
            wanted = {write.key: str(write.values.get("number") or "") for write in writes}
            taken = self._taken(writes, wanted)
            refused: list[Outcome] = [Rejected(key, "duplicate_code", UNFIT["duplicate_code"]) for key in taken]
            return {key: number for key, number in wanted.items() if key not in taken}, refused
        if not self._catalogue.has_sequence:
            raise ConfigurationError(checks.NO_SEQUENCE)
        end, numbers = time.monotonic() + DRAWING * self._rpc.settings.sending_seconds, dict[str, str]()
        for write in writes:
            if time.monotonic() < end:
                drawn = self._rpc.read("ir.sequence", "next_by_code", sequence_code=SEQUENCE, context={"active_test": True})
                numbers[write.key] = str(write.values.get("number") or drawn)
        return numbers, [NotSent(write.key, "no time left in this call") for write in writes if write.key not in numbers]

    def _taken(self, writes: Sequence[Write], wanted: Mapping[str, str]) -> list[str]:
        """Return the keys whose number another customer bears: not one that was made from the same account."""
        bearers = self._reader.bearers([number for number in wanted.values() if number])
        if not bearers:
            return []
        rows = self._reader.rows(sorted({partner for partner, _ in bearers}))
        return [
            write.key
            for write in writes
            if any(
                number == wanted[write.key] and str(write.subject) not in rows.get(partner, {"references": ()})["references"]
                for partner, number in bearers
            )
        ]

    def _numbered(self, writes: Sequence[Write], ids: Sequence[int]) -> Sequence[Outcome]:
        """Read the numbers as they are. The partners are there by now: no failure from here on may look like "not written"."""
        try:
            numbers = {partner: row["ref"] for partner, row in self._rpc.of_ids(PARTNER, ids, ["ref"]).items()}
            made = list(zip(writes, ids, strict=True))
        except (InterlockError, TypeError, ValueError):
            return [Unknown(write.key, "the new number could not be read") for write in writes]
        return [
            Done(write.key, self._ref("customer", str(partner)), {"number": numbers[partner]})
            if numbers.get(partner)
            else Unknown(write.key, "the new number could not be read")
            for write, partner in made
        ]

    def _update(self, writes: Sequence[Write], sending: Sending) -> Sequence[Outcome]:
        rows = self._reader.rows([int(write.ref.id) for write in writes if write.ref and int(write.ref.id) <= LARGEST_ID])
        lookups, subtype = self._catalogue.lookups, self._catalogue.note
        sharing = self._sharing(rows, writes)

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            (write,) = part
            row = rows.get(int(write.ref.id)) if write.ref else None
            if write.ref is None or row is None:
                return [Conflict(write.key)]
            if write.seen and self._reader.record("customer", row).revision != write.seen.revision:
                return [Conflict(write.key)]
            if write.key in sharing:
                return [Rejected(write.key, "address_shared", UNFIT["address_shared"])]
            values: Row = objects.touched(write.values, lookups)
            values |= objects.commands(row["children"], row["references"], write.values, lookups, subtype)
            try:
                self._rpc.call(PARTNER, "write", [row["id"]], safe=False, vals=values)
            except Refused as error:
                if error.code == "record_missing":
                    return [Conflict(write.key)]
                raise
            return [Done(write.key, write.ref, dict(write.values))]

        return sending.in_turn([[write] for write in writes], send)

    def _sharing(self, rows: Mapping[int, Row], writes: Sequence[Write]) -> set[str]:
        """Return the changes of an address that Odoo would also make in the company above, which has an account of its own."""
        if self._rpc.major < SHARES_ADDRESSES:
            return set()
        moving = {int(w.ref.id): w.key for w in writes if w.ref and w.values.keys() & {*objects.ADDRESS}}
        below = [partner for partner in moving if partner in rows and rows[partner]["parent_id"]]
        kinds = self._rpc.of_ids(PARTNER, below, ["type"]) if below else {}
        return {moving[partner] for partner, row in kinds.items() if row["type"] == "contact"}

    def remove(self, ref: Ref) -> bool:
        """Delete a double with the people we brought; not when anything else belongs to it or Odoo refuses."""
        row = self._reader.rows([int(ref.id)]).get(int(ref.id))
        if row is None:
            return True
        if not all(people.mark(child) for child in row["children"]):
            return False
        try:
            self._rpc.call(PARTNER, "unlink", [*(child["id"] for child in row["children"]), row["id"]], safe=False)
        except Refused:
            return False
        return True
