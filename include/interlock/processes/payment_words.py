"""What people read in the CRM of invoices and payments."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from interlock.domain.money import figure
from interlock.processes.receivables import Balance, DunningTask, Standing
from interlock.processes.receivables.overdue import open_parts

MOST_LINES: Final = 36
SETTLEMENTS: Final = {
    "draft": "draft", "open": "open", "partly_paid": "partly paid", "paid": "paid", "overpaid": "overpaid",
    "credited": "credited", "cancelled": "reversed",
}  # fmt: skip


def money(standing: Standing, amount: Decimal | None = None) -> str:
    """Return an amount of an invoice's currency; what is open of it, if none is given."""
    one = standing.receivable
    return f"{figure(one.open if amount is None else amount, one.currency)} {one.currency}"


def invoice_line(standing: Standing) -> str:
    """Say of one invoice what it came to and how it stands: `2026-0012 (SC-7/2026-01-01): 119.00 EUR, paid 2026-02-03`."""
    one = standing.receivable
    name = f"{one.number} ({one.reference})" if one.number and one.reference else one.number or one.reference or "no number"
    return f"{name}: {figure(one.gross, one.currency)} {one.currency}, {', '.join(_standing(standing))}"


def _standing(standing: Standing) -> list[str]:
    said = [] if standing.settlement == "open" else [SETTLEMENTS[standing.settlement]]
    if standing.settlement in {"paid", "overpaid"} and standing.last_payment:
        said[0] += f" {standing.last_payment.day}"
    if standing.unpaid or standing.settlement == "overpaid":
        parts = open_parts(standing.receivable)
        said += [f"{money(standing)} open", *(f"due {due}" for due, _ in parts[:1])]
    if standing.overdue.days:
        said.append(f"overdue {money(standing, standing.overdue.amount)}")
    if standing.returned_unpaid:
        said.append(f"payment returned {standing.returned_on}{_reason(standing)}")
    return said


def _reason(standing: Standing) -> str:
    return f" ({standing.reason})" if standing.reason else ""


def invoices_text(standings: Sequence[Standing]) -> str:
    """List a contract's invoices, the newest period first; of very many the newest."""
    lines = [invoice_line(standing) for standing in sorted(standings, key=_place, reverse=True)]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} earlier ones"]
    return "\n".join(lines)


def _place(standing: Standing) -> tuple[str, str, str]:
    return standing.receivable.reference, standing.receivable.number, standing.receivable.id


def currencies_text(balances: Sequence[Balance]) -> str:
    """Say what is owed in other currencies than the books': `USD 120.00 open, 20.00 overdue, 0.00 unallocated`."""
    return "; ".join(
        f"{b.currency} {figure(b.open, b.currency)} open, {figure(b.overdue, b.currency)} overdue,"
        f" {figure(b.unallocated, b.currency)} unallocated"
        for b in balances
    )


def task_title(task: DunningTask) -> str:
    """Say in a line why to call."""
    what = f"Payment of invoice {task.number} returned" if not task.key.level else f"Invoice {task.number} is overdue"
    level = f" (level {task.key.level})" if task.key.level else ""
    return f"{what}{level}: {figure(task.amount, task.currency)} {task.currency}"


def task_text(task: DunningTask, standing: Standing) -> str:
    """Say what a caller should know; a task is no reminder in the law's sense, and the customer got nothing."""
    contract = f" for contract {task.contract}" if task.contract else ""
    oldest = [due for due, _ in open_parts(standing.receivable)]
    due = f", due {oldest[0]}" if oldest else ""
    returned = f" The bank returned a payment on {standing.returned_on}{_reason(standing)}." if standing.returned_on else ""
    return (
        f"Invoice {task.number}{contract}: {money(standing)} of {money(standing, standing.receivable.gross)} open{due}.{returned}"
        " Call the customer and find out why. Nothing was sent to him, and this task is no reminder (Mahnung)."
        " It closes by itself when the invoice is paid."
    )
