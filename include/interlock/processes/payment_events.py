"""Which notes an account gets: one for each event of an invoice, seen by comparing how it stands with how it stood.

Keys are made of what happened (which payment, which return), never of when or how often it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.processes.payment_view import Seen
from interlock.processes.payment_words import SETTLEMENTS, money
from interlock.processes.receivables import Standing
from interlock.processes.receivables.overdue import open_parts

NEW: Final = Seen("draft", 0, False, "")  # noqa: FBT003 - what an invoice is before it is seen
KEY: Final = "note/payment"


def events(standing: Standing, before: Seen | None) -> Iterator[tuple[str, str]]:
    """Yield key and words of each event of an invoice; `before` is None where it was not seen last time."""
    one, was, now = standing.receivable, before or NEW, Seen.of(standing)
    if one.kind != "invoice" or now == was:
        return
    number, returned = one.number or one.reference, now.returns > was.returns
    if returned:
        reason = f" ({standing.reason})" if standing.reason else ""
        words = f"The bank returned a payment of invoice {number} on {standing.returned_on}{reason}: {money(standing)} open."
        yield f"{KEY}/returned/{one.id}/{now.returns}", words
    if _changed(now, was) and not (returned and standing.unpaid):
        yield from _settled(standing, was, number)
    if now.overdue and not was.overdue:
        first_due = open_parts(one)[0][0]  # one that is deferred and missed again is another event
        words = f"Invoice {number} is overdue: {money(standing, standing.overdue.amount)}."
        yield f"{KEY}/overdue/{one.id}/{now.returns}/{first_due}", words


def _changed(now: Seen, was: Seen) -> bool:
    further = now.settlement == "partly_paid" and now.payment != was.payment
    return further or (now.settlement, now.returns) != (was.settlement, was.returns)


def _settled(standing: Standing, was: Seen, number: str) -> Iterator[tuple[str, str]]:
    """Yield the event of a settlement that changed, or of a further part payment."""
    one, now = standing.receivable, Seen.of(standing)
    payment, place = standing.last_payment, f"{one.id}/{now.returns}/{now.payment}"
    came, whole = f" on {payment.day}" if payment else "", money(standing, one.gross)
    match now.settlement:
        case "paid":
            yield f"{KEY}/paid/{place}", f"Invoice {number} over {whole} is paid{came}."
        case "partly_paid":
            part = money(standing, payment.amount) if payment else "A part"
            yield f"{KEY}/part/{place}", f"{part} came for invoice {number}{came}: {money(standing)} still open."
        case "overpaid":
            yield f"{KEY}/overpaid/{place}", f"Invoice {number} is overpaid by {money(standing, -one.open)}{came}."
        case "credited" | "cancelled":
            yield f"{KEY}/{now.settlement}/{place}", f"Invoice {number} over {whole} is {SETTLEMENTS[now.settlement]}."
        case "open" if was.settlement in {"partly_paid", "paid", "overpaid"}:
            taken = f"{KEY}/reopened/{one.id}/{now.returns}/{was.payment}"
            yield taken, f"A payment of invoice {number} was taken back: {money(standing)} open again."
