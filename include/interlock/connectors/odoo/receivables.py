"""The debtors' ledger: receivables and debtors by change and by id, and whether the bank is up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from interlock.connectors.odoo import receivable_checks
from interlock.connectors.odoo.api import Rpc
from interlock.connectors.odoo.receivable_catalogue import MODEL, ReceivableCatalogue
from interlock.connectors.odoo.receivable_changes import Changes
from interlock.connectors.odoo.receivable_debtors import DebtorReader
from interlock.connectors.odoo.receivable_ledger import LedgerReader
from interlock.connectors.odoo.receivable_reading import ReceivableReader
from interlock.connectors.receivable_records import pages
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.ports.receivables import DEBTOR, RECEIVABLE
from interlock.ports.system import Check

KINDS: Final = (RECEIVABLE, DEBTOR)


class DebtorsLedger:
    """Reads what customers owe; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, ref: Callable[[str, str], Ref]) -> None:
        self._rpc = rpc
        self._catalogue = ReceivableCatalogue(rpc)
        lines = LedgerReader(rpc, self._catalogue)
        self._changes = Changes(rpc, lines)
        self._receivables, self._debtors = ReceivableReader(rpc, lines, ref), DebtorReader(rpc, lines, ref)

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield what the ERP says was touched at or after a moment, the oldest change first; None lists it all."""
        if kind == DEBTOR:
            return pages(self._changes.debtors(since), self._debtors.read)
        return pages(self._changes.receivables(since), self._receivables.read)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id."""
        return (self._debtors if kind == DEBTOR else self._receivables).read(ids)

    def of_customers(self, ids: Sequence[str]) -> Iterator[Record]:
        """Yield all that some customers ever owed."""
        for page in pages(self._changes.of_customers(ids), self._receivables.read):
            yield from page.records

    def numbered(self, given: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return invoices by their number."""
        own = [*self._catalogue.own, ["state", "=", "posted"], ["name", "in", list(given)]]
        rows = self._rpc.search(MODEL, own, ["name"]) if given else []
        records = self._receivables.read([str(row["id"]) for row in rows])
        found: dict[str, list[Record]] = {}
        for row in rows:
            if record := records.get(str(row["id"])):
                found.setdefault(row["name"], []).append(record)
        return found

    def bank_booked_on(self) -> date | None:
        """Return the day of the latest bank transaction; where Odoo never had one, that of the latest payment by hand."""
        return receivable_checks.bank_booked_on(self._rpc)[0]

    def checks(self) -> Iterator[Check]:
        """Check the rights to read the ledger, and whether bank transactions, returns and sent invoices can be told."""
        return receivable_checks.checks(self._rpc, self._catalogue)
