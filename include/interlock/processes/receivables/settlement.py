"""One invoice: settled how far, by what, when money last came, whether the bank took it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from interlock.domain.invoice import InvoiceState
from interlock.domain.money import ZERO
from interlock.domain.payment import Receivable, Reconciliation
from interlock.processes.receivables.known import Closing, Payment, Settlement


def settlement(receivable: Receivable) -> Settlement:
    """Judge by the ERP's residual, never by invoice less payments; what was booked only tells how it came about.

    A credit note is `credited`, whatever is open of it, and never paid. A deleted draft stays a draft, for it never counted.
    """
    if receivable.state is InvoiceState.CANCELLED:
        return "cancelled"
    if not receivable.state.posted:
        return "draft"
    if receivable.kind == "credit_note":
        return "credited"
    booked = closing(receivable)
    if receivable.open > 0:
        return "partly_paid" if booked.received > 0 else "open"
    if receivable.open < 0:
        return "overpaid"
    return "credited" if booked.correction >= receivable.gross > 0 else "paid"


def closing(receivable: Receivable) -> Closing:
    """Sum what was booked against an invoice by its kind."""
    sums: dict[str, Decimal] = {}
    for row in receivable.reconciliations:
        sums[row.kind] = sums.get(row.kind, ZERO) + row.amount
    return Closing(**sums)


def returns(receivable: Receivable) -> list[Reconciliation]:
    """Return one row for each return, in the order of days; the parts of one return on several instalments are one."""
    rows = {row.id: row for row in receivable.reconciliations if row.kind == "returned"}
    return sorted(rows.values(), key=lambda row: (row.day, row.id))


def kept_payments(receivable: Receivable) -> list[Payment]:
    """Return the payments received and not taken back, in the order of days.

    A return that does not name its payment takes back the latest one before it, of the same amount if there is one.
    """
    paid = payments((row.id, row.day, row.amount) for row in receivable.reconciliations if row.kind == "money")
    taken: dict[str, Decimal] = {}
    for row in receivable.reconciliations:
        if row.kind == "returned":
            taken[row.id] = taken.get(row.id, ZERO) - row.amount
    taken_back = returns(receivable)
    for named in taken_back:
        paid.pop(named.of, None)
    for row in taken_back:
        earlier = [] if row.of else [payment for payment in paid.values() if payment.day <= row.day]
        if earlier:
            amount = taken[row.id]
            del paid[max(earlier, key=lambda payment: (payment.amount == amount, payment.day, payment.id)).id]
    return sorted(paid.values())


def payments(rows: Iterable[tuple[str, date, Decimal]]) -> dict[str, Payment]:
    """Put the parts of each payment (id, day, amount) together: it may cover several instalments and invoices."""
    found: dict[str, Payment] = {}
    for name, day, amount in rows:
        before = found.get(name)
        found[name] = Payment(max(day, before.day), name, before.amount + amount) if before else Payment(day, name, amount)
    return found
