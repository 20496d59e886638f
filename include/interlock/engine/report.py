"""The run report: counts that add up, each change with before and after, what is held back, seconds per step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.engine import data_docs
from interlock.engine.context import Engine
from interlock.store import batches, checked, people, work
from interlock.store.database import Transaction

Row = dict[str, Any]
COUNTS = ("read", "rejected", "unchanged", "created", "updated", "waiting", "held", "failed")


def write_report(engine: Engine, batch: UUID, info: Row, planned: list[Row] | None) -> dict[str, int]:
    """Store the report: counts, each change with before and after, what is held back, seconds per step."""
    with engine.database.begin() as tx:
        findings = checked.findings(tx, batch)
    docs, failed = data_docs.publish(engine, batch, info, findings)
    with engine.database.begin() as tx:
        batches.close(tx, batch)
        if planned is not None:
            work.still_rejected(tx, engine.process, batch)
            _dry_outcomes(tx, batch, planned, engine.flow.created)
        counts = _counts(tx, batch)
        body = {
            "process": engine.process, "run_id": info["run_id"], "batch": str(batch), "dry_run": info["dry_run"],
            "started_at": info["started_at"].isoformat(), "counts": counts, "seconds": info["seconds"],
            "changes": planned if planned is not None else _changes(tx, batch),
            "held_back": _held_back(tx, engine.process, batch, dry=info["dry_run"]), "left_out": _left_out(tx, batch),
            "notices": [*failed, *_waiting(engine, tx, batch),
                        *engine.flow.notices(engine, tx, batch, findings, dry=info["dry_run"])],
            "quality": [finding.words for finding in findings if finding.keys], "data_docs": docs,
            "open_before": _open(tx, engine.process) if planned is not None else [],
            **engine.flow.more(engine, tx, batch, dry=info["dry_run"]),
        }  # fmt: skip
        people.save_report(tx, batch, engine.process, info["run_id"], body)
        for table in ("staged", *checked.TABLES, "batch_subject"):
            tx.execute(f"DELETE FROM interlock.{table} WHERE batch_id = %s", [batch])  # noqa: S608 - constants
    return counts


def _dry_outcomes(tx: Transaction, batch: UUID, planned: list[Row], kind: str) -> None:
    created = [row["subject"] for row in planned if row["operation"] == "create" and row["kind"] == kind]
    touched = [row["subject"] for row in planned]
    tx.execute(
        "UPDATE interlock.batch_subject SET outcome = CASE WHEN ref = ANY(%s) THEN 'created' WHEN ref = ANY(%s) THEN 'updated'"
        " ELSE 'unchanged' END WHERE batch_id = %s AND outcome NOT IN ('rejected', 'waiting')",
        [created, touched, batch],
    )


def _counts(tx: Transaction, batch: UUID) -> dict[str, int]:
    rows = tx.execute(
        "SELECT outcome, count(*) AS n FROM interlock.batch_subject WHERE batch_id = %s GROUP BY outcome", [batch]
    ).fetchall()
    by_outcome = {row["outcome"]: int(row["n"]) for row in rows}
    counts = {name: by_outcome.get(name, 0) for name in COUNTS}
    counts["read"] = sum(by_outcome.values())
    counts["failed"] += counts["read"] - sum(counts[name] for name in COUNTS[1:])
    return counts


def _changes(tx: Transaction, batch: UUID) -> list[Row]:
    return tx.execute(
        "SELECT subject, system, operation, kind, coalesce(result_ref, ref, target) AS target, seen AS before, body AS after,"
        " results, why, state, reason FROM interlock.change WHERE done_batch = %s OR (batch_id = %s AND state = 'held')"
        " ORDER BY id",
        [batch, batch],
    ).fetchall()


def _held_back(tx: Transaction, process: str, batch: UUID, *, dry: bool) -> list[Row]:
    if dry:
        return tx.execute(
            "SELECT ref, reason AS code, '' AS field, '' AS message FROM interlock.batch_subject"
            " WHERE batch_id = %s AND outcome = 'rejected' ORDER BY ref",
            [batch],
        ).fetchall()
    return tx.execute(
        "SELECT q.id, q.ref, q.code, q.field, q.message FROM interlock.quarantine q JOIN interlock.batch_subject b"
        " ON b.ref = q.ref AND b.batch_id = %s WHERE q.process = %s AND q.state = 'open' ORDER BY q.id",
        [batch, process],
    ).fetchall()


def _left_out(tx: Transaction, batch: UUID) -> list[Row]:
    """List the values that could not be used and that a record went over without; warnings, nothing is held back."""
    return tx.execute(
        "SELECT b.ref, p ->> 0 AS code, p ->> 1 AS field, p ->> 2 AS message FROM interlock.batch_subject b,"
        " jsonb_array_elements(b.left_out) AS p WHERE b.batch_id = %s AND b.outcome <> 'rejected' ORDER BY b.ref, field",
        [batch],
    ).fetchall()


def _waiting(engine: Engine, tx: Transaction, batch: UUID) -> list[Row]:
    """Say what subjects wait for."""
    waits = engine.flow.waits
    return [
        {"ref": row["ref"], "code": row["reason"], "message": f"waits: {waits[row['reason']]}"}
        for row in work.with_reason(tx, batch, list(waits))
    ]


def _open(tx: Transaction, process: str) -> list[Row]:
    return tx.execute(
        "SELECT key, system, state FROM interlock.change WHERE process = %s"
        " AND state IN ('pending', 'held', 'sending', 'unknown') ORDER BY id",
        [process],
    ).fetchall()
