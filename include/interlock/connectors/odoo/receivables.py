"""The debtors' ledger: receivables and debtors by change and by id, and whether the bank is up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from interlock.connectors.debtors_ledger import BaseLedger
from interlock.connectors.odoo import receivable_checks
from interlock.connectors.odoo.api import Rpc
from interlock.connectors.odoo.receivable_catalogue import MODEL, ReceivableCatalogue
from interlock.connectors.odoo.receivable_changes import Changes
from interlock.connectors.odoo.receivable_debtors import DebtorReader
from interlock.connectors.odoo.receivable_ledger import LedgerReader
from interlock.connectors.odoo.receivable_reading import ReceivableReader
from interlock.domain.identity import Ref
from interlock.ports.receivables import DEBTOR, RECEIVABLE
from interlock.ports.system import Check

KINDS: Final = (RECEIVABLE, DEBTOR)


class DebtorsLedger(BaseLedger):
    """Reads what customers owe; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, ref: Callable[[str, str], Ref]) -> None:
        self._rpc = rpc
        self._catalogue = ReceivableCatalogue(rpc)
        lines = LedgerReader(rpc, self._catalogue)
        super().__init__(Changes(rpc, lines), ReceivableReader(rpc, lines, ref), DebtorReader(rpc, lines, ref))

    def _bearing(self, numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
        own = [*self._catalogue.own, ["state", "=", "posted"], ["name", "in", list(numbers)]]
        return ((row["name"], str(row["id"])) for row in self._rpc.search(MODEL, own, ["name"]))

    def bank_booked_on(self) -> date | None:
        """Return the day of the latest bank transaction; where Odoo never had one, that of the latest payment by hand."""
        return receivable_checks.bank_booked_on(self._rpc)[0]

    def checks(self) -> Iterator[Check]:
        """Check the rights to read the ledger, and whether bank transactions, returns and sent invoices can be told."""
        return receivable_checks.checks(self._rpc, self._catalogue)
