"""Odoo 17 to 19 behind the port: customers are partners, found by our reference among their notes; a prehistory is a note."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property

from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.invoicing import DRAFT, KINDS
from interlock.connectors.odoo import checks, invoice_changes, invoice_checks, invoices, notes, receivables
from interlock.connectors.odoo.api import Rpc, moment
from interlock.connectors.odoo.catalogue import Catalogue
from interlock.connectors.odoo.reading import Reader
from interlock.connectors.odoo.writing import Writer
from interlock.domain.change import Outcome, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.ports.receivables import RECEIVABLE
from interlock.ports.system import Check, Instance, Period, Traits


class Odoo:
    """One company in one Odoo database."""

    reads_dunning = False

    def __init__(self, endpoint: Endpoint, settings: ErpSettings, customers: CustomerSettings) -> None:
        self.settings, self.customers = settings, customers
        self._rpc = Rpc(endpoint, settings.http, settings.company)
        self._catalogue = Catalogue(self._rpc, customers)
        self._reader = Reader(self._rpc, self._catalogue, self.ref)
        self._notes = notes.Notes(self._rpc, self.ref)
        self._invoices = invoices.Invoices(self._rpc, self._reader, self.ref)
        self._ledger = receivables.DebtorsLedger(self._rpc, self.ref)
        self._writer = Writer(self._rpc, self._reader, self._catalogue, customers, self.ref)

    @cached_property
    def _instance(self) -> Instance:
        company = self._rpc.company
        (row,) = self._rpc.search("res.company", [["id", "=", company]], ["create_date"])
        mark = hashlib.sha256(f"{company} {moment(row['create_date'])}".encode()).hexdigest()[:8]
        return Instance(f"odoo:{self._rpc.database}-{mark}", "Odoo", self._rpc.version, self._rpc.server_time)

    def instance(self) -> Instance:
        """Return the company's database: its name and a mark of when the company was made.

        Odoo's own mark of a database is for administrators only. So a copy, for tests say, needs a database name of its own;
        under the same name it passes as the original.
        """
        known = self._instance
        return replace(known, version=self._rpc.asked_version(), now=self._rpc.server_time)

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this company."""
        return Ref(self._instance.id, str(self._rpc.company), kind, record_id)

    def traits(self, kind: str) -> Traits:
        """Customers, notes and drafts of invoices are made under external ids, which are unique: a repeat changes nothing."""
        return Traits(
            batch=self.settings.batch,
            enforces_key=kind in {"customer", notes.KIND, DRAFT},
            settle_seconds=self.settings.settle_seconds,
            overlap_seconds=self.settings.overlap_seconds,
        )

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield customers changed themselves or in one of their contacts and addresses; invoices likewise."""
        if kind in receivables.KINDS:
            return self._ledger.changed(kind, since)
        if kind in KINDS:
            return invoice_changes.changed(self._rpc, self._invoices.catalogue, self._invoices.reader, since)
        return self._reader.changed(kind, since)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read customers by id; a merged one answers with what is left of it, however often that was merged itself."""
        if kind in receivables.KINDS:
            return self._ledger.read(kind, ids)
        if kind in KINDS:
            return self._invoices.reader.read(ids)
        return self._notes.read(ids) if kind == notes.KIND else self._reader.read(kind, ids)

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the receivables of customers; contacts and addresses are among a customer's values."""
        if kind == RECEIVABLE:
            return self._ledger.of_customers([parent.id for parent in parents])
        return iter(())

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look customers up by the reference of their account or their number, notes by their key, invoices by reference."""
        if writes and writes[0].kind in KINDS:
            return self._invoices.find(writes)
        if writes and writes[0].kind == notes.KIND:
            return self._notes.find(writes)
        return self._reader.find("customer", writes, reserved=self.customers.number == "reserved")

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create partners or notes in one transaction, update partners one by one, take a step with invoices."""
        if writes and writes[0].kind in KINDS:
            return self._invoices.write(writes, self.settings.http.sending_seconds)
        if writes and writes[0].kind == notes.KIND:
            return self._notes.write(writes, self.settings.http.sending_seconds)
        return self._writer.write(writes)

    def remove(self, ref: Ref) -> bool:
        """Delete a double that nothing uses, or a note or draft of ours."""
        if ref.kind in KINDS:
            return self._invoices.remove(ref)
        return self._notes.remove(ref) if ref.kind == notes.KIND else self._writer.remove(ref)

    def checks(self) -> Iterator[Check]:
        """Check version, rights, and what creating customers needs."""
        return checks.checks(self._rpc, self._catalogue, self.customers)

    def invoices_of(self, contracts: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return every invoice of some contracts by their number, reversed and hand-made ones too, oldest first."""
        found = self._invoices.reader.of_contracts(contracts)
        return {contract: [one.record for one in several] for contract, several in found.items()}

    def periods(self) -> Sequence[Period]:
        """Return what is locked of the books, and what is open."""
        return invoice_checks.periods(self._rpc)

    def invoice_checks(self, tax_codes: Sequence[str]) -> Iterator[Check]:
        """Check what drafting and posting invoices need."""
        return invoice_checks.checks(self._rpc, self._invoices.catalogue, tax_codes)

    def numbered(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return posted invoices as receivables by their number."""
        return self._ledger.numbered(numbers)

    def bank_booked_on(self) -> date | None:
        """Return the day up to which the bank is booked."""
        return self._ledger.bank_booked_on()

    def receivable_checks(self) -> Iterator[Check]:
        """Check what reading the debtors' ledger needs."""
        return self._ledger.checks()
