"""What `interlock doctor` asks of Odoo about receivables: rights, bank transactions, sent invoices, what payments say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from interlock.connectors.odoo.api import Domain, Rpc
from interlock.connectors.odoo.checks import may
from interlock.connectors.odoo.receivable_catalogue import BANKED, LINE, MODEL, PARTIAL, PAYMENT, ReceivableCatalogue
from interlock.ports.system import Check

READ: Final = (MODEL, LINE, PARTIAL, PAYMENT, BANKED, "account.account", "account.journal", "res.company", "res.partner")


def bank_booked_on(rpc: Rpc) -> tuple[date | None, str]:
    """Return up to which day the bank is booked, and what tells: its transactions, or payments by hand if it never had one."""
    posted: Domain = [["company_id", "=", rpc.company], ["move_id.state", "=", "posted"]]
    if rows := rpc.search(BANKED, posted, ["date"], order="date desc, id desc", limit=1):
        return date.fromisoformat(rows[0]["date"]), "bank transaction"
    today = rpc.server_time.date().isoformat()
    received: Domain = [["payment_type", "=", "inbound"], ["journal_id.type", "=", "bank"], ["date", "<=", today]]
    rows = rpc.search(PAYMENT, [*posted, *received], ["date"], order="date desc, id desc", limit=1)
    return (date.fromisoformat(rows[0]["date"]) if rows else None), "payment by hand"


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
    day, told_by = bank_booked_on(rpc)
    if day:
        return Check("erp bank", "ok", f"booked until {day}, the day of the latest {told_by}")
    cure = "book the bank's transactions in Odoo, or register the payments there"
    return Check("erp bank", "warning", "neither a transaction nor a payment is booked: no task is made", cure)


def _sent(rpc: Rpc, catalogue: ReceivableCatalogue) -> Check:
    today = rpc.server_time.date().isoformat()
    overdue: Domain = [["state", "=", "posted"], ["amount_residual", ">", 0], ["invoice_date_due", "<", today]]
    unsent: Domain = [["is_move_sent", "=", False], ["move_type", "!=", "out_refund"]]
    if count := rpc.read(MODEL, "search_count", domain=[*catalogue.own, *overdue, *unsent]):
        said = f"{count} overdue invoices were not sent from Odoo: they make no task"
        return Check("erp sent invoices", "warning", said, "send them from Odoo (Send), also where that only makes the PDF")
    return Check("erp sent invoices", "ok", "by Odoo's own mark; no overdue one lacks it")
