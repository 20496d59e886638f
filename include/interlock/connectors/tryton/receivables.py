"""The debtors' ledger: receivables and debtors by change and by id, and whether the bank is up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from interlock.connectors.debtors_ledger import BaseLedger
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.receivable_catalogue import PAYMENT, STATEMENT, ReceivableCatalogue
from interlock.connectors.tryton.receivable_changes import Changes
from interlock.connectors.tryton.receivable_debtors import DebtorReader
from interlock.connectors.tryton.receivable_ledger import INVOICE, LINE, LedgerReader
from interlock.connectors.tryton.receivable_reading import ReceivableReader
from interlock.connectors.tryton.wire import read_day
from interlock.domain.identity import Ref
from interlock.ports.receivables import DEBTOR, RECEIVABLE
from interlock.ports.system import Check

KINDS: Final = (RECEIVABLE, DEBTOR)
READ: Final = (
    INVOICE, LINE, "account.move", "account.move.reconciliation", "account.move.reconcile.write_off", "account.account",
    "account.journal", "account.configuration", "account.tax", "account.invoice.payment_term", "company.company", "ir.model",
)  # fmt: skip
LABELS: Final = {PAYMENT: "direct debits", STATEMENT: "bank statements"}


class DebtorsLedger(BaseLedger):
    """Reads what customers owe; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, ref: Callable[[str, str], Ref]) -> None:
        self._rpc = rpc
        self._catalogue = ReceivableCatalogue(rpc)
        lines = LedgerReader(rpc, self._catalogue)
        super().__init__(Changes(rpc, lines), ReceivableReader(rpc, lines, ref), DebtorReader(rpc, lines, ref))

    def _bearing(self, numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
        own = [["company", "=", self._catalogue.company], ["type", "=", "out"], ["number", "in", list(numbers)]]
        return ((row["number"], str(row["id"])) for row in self._rpc.search(INVOICE, own, ["number"]))

    def bank_booked_on(self) -> date | None:
        """Return the day of the latest bank statement that is validated or posted."""
        if not self._catalogue.readable.get(STATEMENT):
            return None
        domain = [["company", "=", self._catalogue.company], ["state", "in", ["validated", "posted"]]]
        rows = self._rpc.read(f"model.{STATEMENT}.search_read", domain, 0, 1, [["date", "DESC"]], ["date"])
        return read_day(rows[0]["date"]) if rows else None

    def checks(self) -> Iterator[Check]:
        """Check the rights to read the ledger, and whether direct debits and bank statements can be told."""
        access = self._rpc.read("model.ir.model.access.get_access", list(READ))
        if missing := [model for model in READ if not access[model]["read"]]:
            cure = "add the user to the ERP's accounting group"
            yield Check("erp rights on receivables", "error", f"no right to read {', '.join(missing)}", cure)
            return
        yield Check("erp rights on receivables", "ok", "to read invoices, payments and their reconciliation")
        for model, label in LABELS.items():
            yield _optional(label, self._catalogue.readable.get(model))


def _optional(label: str, readable: bool | None) -> Check:  # noqa: FBT001
    if readable is None:
        return Check(f"erp {label}", "ok", "the module is not there; none are known")
    if readable:
        return Check(f"erp {label}", "ok", "are read")
    return Check(f"erp {label}", "warning", "the user may not read them; none are known", "add the user to the group that may")
