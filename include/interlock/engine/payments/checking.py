"""Check receivables: an account of which one document cannot be used is held back, for its sums would be wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from interlock.domain.finding import grouped
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.engine.findings import Problems, add, joined, stop_if_too_many
from interlock.engine.holding import hold_back
from interlock.engine.listing import list_work
from interlock.engine.payments.gathering import NUMBER
from interlock.quality import suites
from interlock.store import batches, receivables, work
from interlock.store import checked as store
from interlock.store.database import Transaction

Row = dict[str, Any]
UNKNOWN = Problem("account_unknown", "", "the CRM has no such account; check the id, or run with `full` if it was deleted")
NO_INVOICE = Problem(
    "invoice_unknown", "", "the ERP has no posted invoice of this number, or its customer is no account of the CRM"
)


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine accounts that cannot be reckoned with; raises TooManyRejected before any write when too many cannot."""
    staged, looked_at = Counter[str](), Counter[str]()
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
        dry = bool(info["dry_run"])
        found = _collect(engine, tx, batch, info)
        accounts, staged["receivable"], unfit = receivables.stage(tx, batch, batch if dry else None)
        looked_at["account"] = accounts + len(found)
    for row in unfit:
        for code, field, message, detail in row["problems"]:
            place = row["ref"].rsplit("/", 1)[1] if "/receivable/" in row["ref"] else field
            add(found, row["account"], Problem(code, place, message, detail))
    fresh = suites.findings(engine.database.dsn, batch, staged, engine.now())
    with engine.database.begin() as tx:
        findings = joined(grouped("account", looked_at["account"], found), fresh)
        store.keep(tx, batch, findings)
        owners = store.accounts_of(tx, batch, "receivable", [key for finding in fresh for key in finding.keys])
    for finding in fresh:
        for key in finding.keys:
            add(found, owners[key], Problem(finding.code, finding.field, finding.message))
    hold_back(engine, batch, found, dry=dry)
    stop_if_too_many(staged + looked_at, findings, engine.settings.quality, batch)
    return len(found)


def _collect(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> Problems:
    """List the run's accounts; returns the problems known by then."""
    list_work(engine, tx, batch, info)
    store.clear(tx, batch)
    unknown = work.unknown_names(tx, batch, UNKNOWN.code)
    return {ref: [NO_INVOICE if f"/{NUMBER}/" in ref else UNKNOWN] for ref in unknown}
