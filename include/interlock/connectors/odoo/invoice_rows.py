"""What one row of Odoo's invoices and of their lines says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from interlock.connectors.odoo.api import Row, words
from interlock.domain.invoice import InvoiceKey, InvoiceState
from interlock.domain.money import half_up


def state_of(row: Row) -> InvoiceState:
    """Return the state; a cancelled invoice that was never posted was a draft that somebody gave up."""
    if row["state"] == "cancel":
        return InvoiceState.CANCELLED if row["posted_before"] else InvoiceState.DELETED
    if row["state"] == "draft":
        return InvoiceState.DRAFT
    if row["payment_state"] == "reversed":
        return InvoiceState.CANCELLED
    paid = row["payment_state"] in {"paid", "in_payment"} and not row["amount_residual"]
    return InvoiceState.PAID if paid else InvoiceState.POSTED


def party(row: Row) -> int:
    """Return the customer of an invoice; 0 for a draft that has none yet, which Odoo allows."""
    return int(row["commercial_partner_id"][0]) if row["commercial_partner_id"] else 0


def key_of(row: Row, marked: str) -> InvoiceKey | None:
    """Our mark tells which invoice it is, whatever people made of its texts; without one what they typed, then the origin."""
    return read_key(marked) or read_key(row["ref"]) or read_key(row["invoice_origin"])


def read_key(reference: str | bool) -> InvoiceKey | None:  # noqa: FBT001 - false is Odoo's null
    """Read a reference of our form; none for any other text."""
    try:
        return InvoiceKey.parse(words(reference))
    except ValueError:
        return None


def amount(value: float, currency: str) -> Decimal:
    """Read an amount, which Odoo sends as a binary fraction of what it keeps rounded."""
    return half_up(Decimal(str(value)), currency)


def is_product(line: Row) -> bool:
    """Tell whether a line is of a product, and not of a tax."""
    return bool(line["display_type"] == "product")


def day(value: str | bool) -> date | None:  # noqa: FBT001 - false is Odoo's null
    """Read a day."""
    return date.fromisoformat(str(value)) if value else None
