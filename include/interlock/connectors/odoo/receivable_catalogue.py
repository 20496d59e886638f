"""What telling bookings apart needs of this Odoo: the company's currency, journals, what payments of this version know."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from interlock.connectors.odoo.api import Domain, Row, Rpc
from interlock.connectors.receivable_lines import Role

MODEL: Final = "account.move"
LINE: Final = "account.move.line"
PARTNER: Final = "res.partner"
PAYMENT: Final = "account.payment"
PARTIAL: Final = "account.partial.reconcile"
BANKED: Final = "account.bank.statement.line"
DOCUMENTS: Final = ("out_invoice", "out_refund", "out_receipt")
MADE_FOR: Final = "invoice_ids"  # of a payment: the invoices that it was made for; not in 17


class ReceivableCatalogue:
    """Read on first use and kept for the connector's life, which is one task."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    @property
    def own(self) -> Domain:
        """What tells the documents of customers of this company from all other bookings."""
        return [["company_id", "=", self._rpc.company], ["move_type", "in", list(DOCUMENTS)]]

    @property
    def lines(self) -> Domain:
        """What tells the lines of what customers owe this company."""
        return [["company_id", "=", self._rpc.company], ["account_type", "=", "asset_receivable"]]

    @cached_property
    def _company(self) -> Row:
        fields = ["currency_id", "currency_exchange_journal_id"]
        (row,) = self._rpc.search("res.company", [["id", "=", self._rpc.company]], fields)
        return row

    @property
    def currency(self) -> str:
        """The company's currency."""
        return str(self._company["currency_id"][1])

    @property
    def exchange_journal(self) -> int | None:
        """The journal of differences of exchange rates."""
        journal = self._company["currency_exchange_journal_id"]
        return int(journal[0]) if journal else None

    @cached_property
    def tells_made_for(self) -> bool:
        """Whether payments of this version say which invoices they were made for."""
        return MADE_FOR in self._rpc.read(PAYMENT, "fields_get", allfields=[MADE_FOR], attributes=["type"])

    @staticmethod
    def role(row: Row) -> Role:
        """Say what a line beside the receivable one stands for; a tax goes with what it corrects."""
        kind = str(row["account_type"] or "")
        if kind == "liability_payable":
            return "payable"
        if row["tax_line_id"]:
            return "tax"
        return "result" if kind.startswith(("income", "expense")) else "balance"
