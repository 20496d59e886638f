"""Which invoices a person has to approve before they are drafted (BUSINESS "Approval", invariant 14)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from interlock.domain.invoice import STEPS, Invoice
from interlock.domain.money import ZERO
from interlock.engine.context import Engine
from interlock.store import contracts, requests
from interlock.store.database import Transaction

Row = dict[str, Any]


def brake(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Hold every draft of a run beyond its limits under one request, else each invoice beyond its own; the steps wait with it.

    What was approved as it is goes on; what was asked about and is decided otherwise by now is asked about anew.
    """
    confirmed = contracts.confirmed_by(tx, batch, STEPS[0])
    requests.renew(tx, engine.process, batch, confirmed)
    rows = requests.unapproved(tx, batch, [STEPS[0]])
    if not rows:
        return
    if reason := _whole(engine, rows):
        excluded = {name for row in rows for name in confirmed.get(row["key"], ())}
        requests.hold(tx, engine.process, batch, [row["id"] for row in rows], reason, excluded=excluded)
        return
    for row in rows:
        if reason := _single(engine, row):
            requests.hold(tx, engine.process, batch, [row["id"]], reason, excluded=confirmed.get(row["key"], ()))


def _whole(engine: Engine, rows: Sequence[Row]) -> str:
    """Say why all of a run's invoices wait, or return an empty text."""
    limits, highest = engine.settings.limits, engine.settings.approval.run_gross_above
    if len(rows) > limits.max_creates:
        return f"{len(rows)} invoices exceed limits.max_creates"
    if highest is None:
        return ""
    known, foreign = _in_books(engine, rows)
    if foreign:
        return f"{foreign} invoices are in another currency than the books', so that approval.run_gross_above cannot tell"
    return f"{len(rows)} invoices exceed approval.run_gross_above together" if known > highest else ""


def _single(engine: Engine, row: Row) -> str:
    highest = engine.settings.approval.invoice_gross_above
    if highest is None:
        return ""
    gross, foreign = _in_books(engine, [row])
    if foreign:
        return "an invoice is in another currency than the books', so that approval.invoice_gross_above cannot tell"
    return "an invoice exceeds approval.invoice_gross_above" if gross > highest else ""


def _in_books(engine: Engine, rows: Sequence[Row]) -> tuple[Decimal, int]:
    """Return the gross of those in the books' currency, and how many are in another."""
    invoices = [Invoice.model_validate(row["body"]) for row in rows]
    own = [invoice for invoice in invoices if invoice.currency == engine.settings.company.currency]
    return sum((invoice.gross for invoice in own), ZERO), len(invoices) - len(own)
