"""Check contracts and their lines: quarantine what cannot go on, and stop when that is too much."""

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
from interlock.quality import suites
from interlock.store import batches, work
from interlock.store import checked as store
from interlock.store.contracts import READ
from interlock.store.database import Transaction

Row = dict[str, Any]
UNKNOWN = Problem(
    "contract_unknown",
    "",
    "the CRM has no such contract, or none of this account; check the id, or run with `full` if it is gone",
)


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine contracts that cannot be reckoned with; raises TooManyRejected before any write when too many cannot."""
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
        dry = bool(info["dry_run"])
        found = _collect(engine, tx, batch, info)
        staged, unknown = Counter[str](), Counter(contract=len(found))
        for page in work.views(tx, batch, engine.process, READ, batch if dry else None, engine.settings.engine.page):
            live = [row for row in page if not row["archived"] and row["body"].get("status") != "draft"]
            found |= {row["ref"]: [Problem(*p) for p in row["problems"]] for row in live if row["problems"]}
            for kind, rows in (("contract", map(_contract, live)), ("contract_line", _lines(live))):
                staged[kind] += store.fill(tx, batch, kind, rows)
    fresh = suites.findings(engine.database.dsn, batch, staged, engine.now())
    looked_at = staged + unknown
    held = grouped("contract", looked_at["contract"], found)
    with engine.database.begin() as tx:
        findings = joined(held, fresh)
        store.keep(tx, batch, findings)
        owners = store.accounts_of(
            tx, batch, "contract_line", [key for f in fresh if f.kind == "contract_line" for key in f.keys]
        )
    for finding in fresh:
        for key in finding.keys:
            add(found, owners.get(key, key), Problem(finding.code, finding.field, finding.message))
    hold_back(engine, batch, found, dry=dry)
    stop_if_too_many(looked_at, findings, engine.settings.quality, batch)
    return len(found)


def _collect(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> Problems:
    """List the run's contracts; returns the problems known by then."""
    list_work(engine, tx, batch, info)
    store.clear(tx, batch)
    return {ref: [UNKNOWN] for ref in work.unknown_names(tx, batch, UNKNOWN.code)}


def _contract(row: Row) -> tuple[str, Row]:
    body = row["body"]
    return row["ref"], {
        "account": body.get("account"), "number": body.get("number"), "starts": body.get("start"),
        "currency": body.get("currency"),
    }  # fmt: skip


def _lines(rows: list[Row]) -> list[tuple[str, Row]]:
    return [
        (
            f"{row['ref']}#{line['id']}",
            {"account": row["ref"], **{name: line.get(name) for name in ("product", "tax_class", "description")}},
        )
        for row in rows
        for line in row["body"].get("lines") or ()
    ]
