"""Which notes an account gets: one for each event of an invoice, seen by comparing how it stands with how it stood.

Keys are made of what happened (which payment, which return), never of when or how often it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from interlock.processes.payment_view import Seen
from interlock.processes.payment_words import SETTLEMENTS, money
from interlock.processes.receivables import Standing
from interlock.processes.receivables.overdue import open_parts
from interlock.processes.receivables.settlement import kept_payments

NEW: Final = Seen("draft", 0, False, ())  # noqa: FBT003 - what an invoice is before it is seen
KEY: Final = "note/payment"


def events(standing: Standing, before: Seen | None, told_on: date) -> Iterator[tuple[str, str]]:
    """Yield key and words of each event of an invoice since the account was told, on a day, of all that was known then.

    `before` is None for an invoice that was not there then: of one that came from elsewhere with its past nothing is told.
    """
    one, was, now = standing.receivable, before or NEW, Seen.of(standing)
    if one.kind != "invoice" or now == was or (before is None and _latest(standing) < told_on):
        return
    number, returned = one.number or one.reference, now.returns > was.returns
    if returned:
        reason = f" ({standing.reason})" if standing.reason else ""
        rest = f": {money(standing)} open" if standing.unpaid else ""
        words = f"The bank returned a payment of invoice {number} on {standing.returned_on}{reason}{rest}."
        yield f"{KEY}/returned/{one.id}/{now.returns}", words
    yield from _parts(standing, was, number)
    if not (returned and standing.unpaid):
        yield from _settled(standing, was, number)
    if now.overdue and not was.overdue:
        first_due = open_parts(one)[0][0]  # one that is deferred and missed again is another event
        words = f"Invoice {number} is overdue: {money(standing, standing.overdue.amount)}."
        yield f"{KEY}/overdue/{one.id}/{now.returns}/{first_due}", words


def _latest(standing: Standing) -> date:
    """Return the last day on which anything happened to an invoice, or is still to."""
    one = standing.receivable
    days = [row.day for row in one.reconciliations] + [maturity.due for maturity in one.maturities]
    return max([*days, *([one.due] if one.due else [])], default=date.min)


def _parts(standing: Standing, was: Seen, number: str) -> Iterator[tuple[str, str]]:
    """Yield each payment that came and did not settle the invoice."""
    one, now = standing.receivable, Seen.of(standing)
    fresh = [payment for payment in kept_payments(one) if payment.id not in was.payments]
    last = fresh.pop() if fresh and now.settlement in {"paid", "overpaid"} else None
    for payment in fresh:
        rest = f": {money(standing)} still open" if standing.unpaid and payment is fresh[-1] and not last else ""
        words = f"{money(standing, payment.amount)} came for invoice {number} on {payment.day}{rest}."
        yield f"{KEY}/part/{one.id}/{now.returns}/{payment.id}", words


def _settled(standing: Standing, was: Seen, number: str) -> Iterator[tuple[str, str]]:
    """Yield the event of a settlement that changed, or of a payment that was taken off."""
    one, now = standing.receivable, Seen.of(standing)
    off = [payment for payment in was.payments if payment not in now.payments]
    if off and standing.unpaid:
        yield (
            f"{KEY}/reopened/{one.id}/{now.returns}/{off[-1]}",
            (f"A payment of invoice {number} was taken back: {money(standing)} open again."),
        )
    if (now.settlement, now.returns) == (was.settlement, was.returns):
        return
    payment, place = standing.last_payment, f"{one.id}/{now.returns}/{now.payments[-1] if now.payments else ''}"
    came, whole = f" on {payment.day}" if payment else "", money(standing, one.gross)
    match now.settlement:
        case "paid":
            yield f"{KEY}/paid/{place}", f"Invoice {number} over {whole} is paid{came}."
        case "overpaid":
            yield f"{KEY}/overpaid/{place}", f"Invoice {number} is overpaid by {money(standing, -one.open)}{came}."
        case "credited" | "cancelled":
            yield f"{KEY}/{now.settlement}/{place}", f"Invoice {number} over {whole} is {SETTLEMENTS[now.settlement]}."
        case _:
            pass
