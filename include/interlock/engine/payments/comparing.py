"""Whether the CRM shows what the ERP's open items come to: the run's own check of itself, for each currency apart."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from interlock.domain.money import ZERO, figure
from interlock.engine.context import Engine
from interlock.processes.payment_to_crm_status import EDITED
from interlock.store import batches, receivables
from interlock.store.database import Transaction

Row = dict[str, Any]
Sums = dict[tuple[str, str], Decimal]
MOST_NAMED: Final = 50
NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
OTHER: Final = re.compile(f"([A-Z]{{3}}) ({NUMBER}) open")
"""What is no number was written by somebody else: it counts as nothing, and differs."""


def compare(engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> Row:
    """Return for each currency both sums and their difference, and the accounts in which they differ.

    What customers owe that are no account of the CRM stands apart, for nobody could see it there.
    """
    scratch, books = batch if dry else None, engine.settings.company.currency
    owed, elsewhere = Sums(), defaultdict[str, Decimal](Decimal)
    for row in receivables.open_items(tx, scratch):
        if row["account"]:
            owed[row["account"], row["currency"]] = row["open"]
        else:
            elsewhere[row["currency"]] += row["open"]
    shown = _shown(receivables.shown_balances(tx, scratch), books)
    apart = [key for key in sorted({*owed, *shown}) if owed.get(key, ZERO) != shown.get(key, ZERO)]
    currencies = sorted({currency for _, currency in (*owed, *shown)} | set(elsewhere))
    return {
        "currencies": [_sums(currency, owed, shown, elsewhere[currency]) for currency in currencies],
        "differing": len({account for account, _ in apart}),
        "accounts": [
            {"account": account, "currency": currency, "erp": _money(owed, account, currency),
             "crm": _money(shown, account, currency)}
            for account, currency in apart[:MOST_NAMED]
        ],
    }  # fmt: skip


def _shown(rows: list[Row], books: str) -> Sums:
    found = Sums()
    for row in rows:
        if row["open"] and re.fullmatch(NUMBER, row["open"]):
            found[row["account"], books] = Decimal(row["open"])
        for currency, amount in OTHER.findall(row["other"] or ""):
            found[row["account"], currency] = Decimal(amount)
    return found


def _sums(currency: str, owed: Sums, shown: Sums, elsewhere: Decimal) -> Row:
    erp, crm = (sum((amount for (_, c), amount in side.items() if c == currency), ZERO) for side in (owed, shown))
    amounts = {"erp": erp, "crm": crm, "difference": erp - crm, "not_in_crm": elsewhere}
    return {"currency": currency} | {name: figure(amount, currency) for name, amount in amounts.items()}


def _money(side: Sums, account: str, currency: str) -> str:
    return figure(side.get((account, currency), ZERO), currency)


def notices(engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> list[Row]:
    """Name the records that somebody edited in the CRM and that were put right; say when bank statements are too old."""
    found = [] if dry else receivables.changed_because(tx, batch, EDITED)
    rows = [{"ref": ref, "code": "edited_in_crm", "message": EDITED} for ref in found]
    info = batches.batch(tx, batch)
    booked: date | None = info["bank_booked_on"]
    day, most = min(info["as_of"] or engine.today, engine.today), engine.settings.bank.max_age_days
    days = (day - booked).days if booked else None
    if days is None or days > most:
        since = f"the latest bank statement in the ERP is of {booked}" if booked else "the ERP has no booked bank statement"
        message = f"{since}: nobody knows who paid, so no task was made or raised; book the statements, or see bank.max_age_days"
        rows.append({"ref": "", "code": "bank_outdated", "message": message})
    return rows
