"""Money that went back: once a payment is off an invoice, Odoo keeps no pair of the two; the payment says what it was for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from interlock.connectors.odoo.api import Domain, Row, Rpc
from interlock.connectors.odoo.receivable_catalogue import MADE_FOR, MODEL, PAYMENT, ReceivableCatalogue
from interlock.connectors.odoo.receivable_ledger import Booked, Settled
from interlock.connectors.receivable_lines import Ledger
from interlock.domain.money import ZERO

Shares = dict[str, dict[int, Decimal]]
"""By invoice and credit line, which part of what went back of the credit was for the invoice."""


def payments(rpc: Rpc, catalogue: ReceivableCatalogue, invoices: Collection[int]) -> dict[int, Row]:
    """Return the payments that were ever made for some invoices and are booked, or under way without a booking."""
    if not invoices or not catalogue.tells_made_for:
        return {}
    alive: Domain = ["|", ["move_id", "!=", False], ["state", "=", "in_process"]]
    rows = rpc.search(PAYMENT, [[MADE_FOR, "in", list(invoices)], *alive], ["move_id", MADE_FOR])
    return {row["id"]: row for row in rows}


def shares(rpc: Rpc, made: Mapping[int, Row], lines: Mapping[int, Booked], settled: Sequence[Settled], ledger: Ledger) -> Shares:
    """Part what went back among the invoices that the payment was made for, else among those it settles, the oldest first."""
    back: dict[int, Decimal] = {}
    for one in settled:
        if ledger.raising(lines[one.debit]) and not lines[one.credit].document:
            back[one.credit] = back.get(one.credit, ZERO) + one.amount
    made_for = {credit: _made_for(lines[credit], made, lines, settled) for credit in back}
    totals = rpc.of_ids(MODEL, sorted({name for names in made_for.values() for name in names}), ["amount_total_signed"])
    found: Shares = {}
    for credit, whole in back.items():
        left, invoices = whole, [name for name in made_for[credit] if name in totals]
        for name in invoices:
            share = min(left, max(ZERO, Decimal(str(totals[name]["amount_total_signed"]))))
            found.setdefault(str(name), {})[credit] = share / whole
            left -= share
        if invoices and left:
            found[str(invoices[0])][credit] += left / whole
    return found


def _made_for(credit: Booked, made: Mapping[int, Row], lines: Mapping[int, Booked], settled: Sequence[Settled]) -> list[int]:
    if payment := made.get(credit.payment or 0):
        return sorted(payment[MADE_FOR])
    return sorted({lines[one.debit].move for one in settled if one.credit == credit.id and lines[one.debit].document})
