"""What `interlock doctor` asks of Odoo about receivables: rights, bank transactions, sent invoices, what payments say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.connectors.odoo.api import Domain, Rpc
from interlock.connectors.odoo.checks import may
from interlock.connectors.odoo.receivable_catalogue import BANKED, LINE, MODEL, PARTIAL, PAYMENT, ReceivableCatalogue
from interlock.ports.system import Check

READ: Final = (MODEL, LINE, PARTIAL, PAYMENT, BANKED, "account.account", "account.journal", "res.company", "res.partner")


def checks(rpc: Rpc, catalogue: ReceivableCatalogue) -> Iterator[Check]:
    """Check what reading the debtors' ledger needs, and name what will not be known."""
    if missing := [model for model in READ if not may(rpc, model, "read")]:
        cure = "add the user to the group Billing of Odoo's Invoicing"
        yield Check("erp rights on receivables", "error", f"no right to read {', '.join(missing)}", cure)
        return
    yield Check("erp rights on receivables", "ok", "to read invoices, payments and their reconciliation")
    yield _bank(rpc)
    yield _sent(rpc, catalogue)
    if not catalogue.tells_made_for:
        said = "Odoo's payments do not say which invoices they were made for: a return is seen as an open invoice only"
        yield Check("erp returns", "warning", said, "use Odoo 18 or later")


def _bank(rpc: Rpc) -> Check:
    if rpc.search(BANKED, [["company_id", "=", rpc.company]], ["id"], limit=1):
        return Check("erp bank transactions", "ok", "the latest one says how far the bank is booked")
    return Check("erp bank transactions", "ok", "there are none; the latest payment by hand says how far the bank is booked")


def _sent(rpc: Rpc, catalogue: ReceivableCatalogue) -> Check:
    today = rpc.server_time.date().isoformat()
    overdue: Domain = [["state", "=", "posted"], ["amount_residual", ">", 0], ["invoice_date_due", "<", today]]
    unsent: Domain = [["is_move_sent", "=", False], ["move_type", "!=", "out_refund"]]
    if count := rpc.read(MODEL, "search_count", domain=[*catalogue.own, *overdue, *unsent]):
        said = f"{count} overdue invoices were not sent from Odoo: they make no task"
        return Check("erp sent invoices", "warning", said, "send them from Odoo (Send), also where that only makes the PDF")
    return Check("erp sent invoices", "ok", "by Odoo's own mark; no overdue one lacks it")
