"""Read back what was written, remove late doubles, count, and write the run report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page, Problem, Record
from interlock.engine.context import Engine
from interlock.store import audit, people, records, work
from interlock.store.database import Transaction

Row = dict[str, Any]
COUNTS = ("read", "rejected", "unchanged", "created", "updated", "waiting", "held", "failed")


def keep_plan(engine: Engine, batch: UUID, planned: list[Row]) -> None:
    """Keep a dry run's planned changes for its report."""
    with engine.database.begin() as tx:
        info = work.batch(tx, batch)
        if info["dry_run"]:
            people.save_report(tx, batch, engine.process, info["run_id"], {"changes": planned})


def settle(engine: Engine, batch: UUID) -> dict[str, int]:
    """Close the run and return its counts; all but `read` add up to `read` (invariant 5)."""
    with engine.timed(batch, "settle"):
        with engine.database.begin() as tx:
            info = work.batch(tx, batch)
            kept = people.report(tx, str(batch))
        if info["finished_at"] and kept:
            return dict(kept["counts"])
        if info["dry_run"]:
            return _report(engine, batch, info, kept["changes"] if kept else [])
        written = _read_back(engine, batch)
        _sweep_doubles(engine, batch)
        with engine.database.begin() as tx:
            work.acknowledge(tx, engine.process, engine.crm.instance().id, written)
            _outcomes(tx, engine.process, batch)
    return _report(engine, batch, info, None)


def _read_back(engine: Engine, batch: UUID) -> list[str]:
    """Snapshot every record written in this run as it stands now; return subjects where that is what we wrote."""
    with engine.database.begin() as tx:
        rows = tx.execute(
            "SELECT subject, kind, coalesce(result_ref, ref) AS ref, body, results FROM interlock.change"
            " WHERE done_batch = %s AND state IN ('done', 'unchanged') AND kind IN ('account', 'customer')",
            [batch],
        ).fetchall()
        before = tx.execute(
            "SELECT ref, body FROM interlock.snapshot WHERE ref = ANY(%s)", [[row["ref"] for row in rows]]
        ).fetchall()
    known = {row["ref"]: row["body"] for row in before}
    foreign: set[str] = set()
    for system, kind in ((engine.erp, "customer"), (engine.crm, "account")):
        mine = {row["ref"]: row for row in rows if row["kind"] == kind}
        found = system.read(kind, [Ref.parse(ref).id for ref in mine]) if mine else {}
        there = {str(record.ref): record for record in found.values()}
        with engine.database.begin() as tx:
            records.stage(tx, batch, Page(list(there.values())).records)
            records.merge(tx, batch, list(there))
        for ref, row in mine.items():
            _insist(engine, batch, row, there.get(ref))
            touched = {name for name, value in row["body"].items() if not isinstance(value, dict)}
            expected = known.get(ref, {}) | {name: row["body"][name] for name in touched} | row["results"]
            record = there.get(ref)
            ours = {"customer_number", "sync_state", "synced_at", "references", "active"}
            if record is None or any(record.values.get(name) != value for name, value in expected.items() if name not in ours):
                foreign.add(row["subject"])
    return [ref for ref in {row["subject"] for row in rows} if ref not in foreign]


def _insist(engine: Engine, batch: UUID, row: Row, record: Record | None) -> None:
    """Hold a record back when its target took a write and kept something else: nothing is lost silently."""
    if record is None:
        return
    wanted = {name: value for name, value in row["body"].items() if not isinstance(value, dict)}
    lost = sorted(name for name, value in wanted.items() if name != "synced_at" and record.values.get(name) != value)
    if lost:
        problems = [
            Problem("not_kept", name, f"{record.ref.kind}: the target did not keep the {name} it was given") for name in lost
        ]
        with engine.database.begin() as tx:
            people.quarantine(tx, engine.process, batch, row["subject"], record.revision, problems)
            work.set_outcome(tx, batch, row["subject"], "rejected", "not_kept")


def _sweep_doubles(engine: Engine, batch: UUID) -> None:
    """Same reference on two customers: keep the linked one, remove the unused other or ask a person (invariant 2)."""
    with engine.database.begin() as tx:
        found = records.doubles(tx, engine.erp.instance().id)
    for account, customer in found:
        removed = engine.erp.remove(Ref.parse(customer))
        with engine.database.begin() as tx:
            if removed:
                records.bury(tx, [customer])
                audit.append(tx, [audit.Entry(engine.owner, "remove customer", customer, f"late double of {account}")])
            else:
                problem = Problem("customer_twice", "", "two customers carry this account's reference and both are in use")
                people.quarantine(tx, engine.process, batch, account, "", [problem])
                work.set_outcome(tx, batch, account, "rejected", problem.code)


OUTCOMES = """
UPDATE interlock.batch_subject b SET outcome = CASE
    WHEN o.refused THEN 'rejected' WHEN o.held THEN 'held' WHEN o.open THEN 'waiting'
    WHEN o.created THEN 'created' WHEN o.updated THEN 'updated' ELSE 'unchanged' END
FROM (SELECT s.ref,
    coalesce(bool_or(c.state = 'rejected' AND c.done_batch = %(batch)s), false) AS refused,
    coalesce(bool_or(c.state = 'held'), false) AS held,
    coalesce(bool_or(c.state IN ('pending', 'sending', 'unknown', 'stale')
        AND (c.state <> 'stale' OR c.done_batch = %(batch)s)), false) AS open,
    coalesce(bool_or(c.state = 'done' AND c.done_batch = %(batch)s AND c.operation = 'create' AND c.kind = 'customer'), false)
        AS created,
    coalesce(bool_or(c.state = 'done' AND c.done_batch = %(batch)s), false) AS updated
    FROM interlock.batch_subject s LEFT JOIN interlock.change c ON c.subject = s.ref AND c.process = %(process)s
    WHERE s.batch_id = %(batch)s GROUP BY s.ref) o
WHERE b.batch_id = %(batch)s AND b.ref = o.ref AND b.outcome <> 'rejected'
"""


def _outcomes(tx: Transaction, process: str, batch: UUID) -> None:
    """Give every subject of the run its one outcome; subjects drained for an earlier run join the list."""
    tx.execute(
        "INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work) SELECT DISTINCT %(batch)s::uuid, subject, '',"
        " true FROM interlock.change WHERE done_batch = %(batch)s ON CONFLICT DO NOTHING",
        {"batch": batch},
    )
    tx.execute(
        "UPDATE interlock.batch_subject b SET outcome = 'rejected', reason = s.reason FROM interlock.subject s"
        " WHERE b.batch_id = %s AND NOT b.is_work AND s.process = %s AND s.ref = b.ref AND s.state = 'rejected'",
        [batch, process],
    )
    tx.execute(OUTCOMES, {"batch": batch, "process": process})


def _report(engine: Engine, batch: UUID, info: Row, planned: list[Row] | None) -> dict[str, int]:
    """Store the report: counts, each change with before and after, what is held back, seconds per step."""
    with engine.database.begin() as tx:
        if planned is not None:
            _dry_outcomes(tx, batch, planned)
        counts = _counts(tx, batch)
        body = {
            "process": engine.process, "run_id": info["run_id"], "batch": str(batch), "dry_run": info["dry_run"],
            "started_at": info["started_at"].isoformat(), "counts": counts, "seconds": info["seconds"],
            "changes": planned if planned is not None else _changes(tx, batch),
            "held_back": _held_back(tx, engine.process, batch, dry=info["dry_run"]),
            "open_before": _open(tx, engine.process) if planned is not None else [],
        }  # fmt: skip
        people.save_report(tx, batch, engine.process, info["run_id"], body)
        tx.execute("UPDATE interlock.batch SET finished_at = now() WHERE id = %s", [batch])
        for table in ("staged", "checked_account", "batch_subject"):
            tx.execute(f"DELETE FROM interlock.{table} WHERE batch_id = %s", [batch])  # noqa: S608 - constants
    return counts


def _dry_outcomes(tx: Transaction, batch: UUID, planned: list[Row]) -> None:
    created = [row["subject"] for row in planned if row["operation"] == "create" and row["kind"] == "customer"]
    touched = [row["subject"] for row in planned]
    tx.execute(
        "UPDATE interlock.batch_subject SET outcome = CASE WHEN ref = ANY(%s) THEN 'created' WHEN ref = ANY(%s) THEN 'updated'"
        " ELSE 'unchanged' END WHERE batch_id = %s AND outcome <> 'rejected'",
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


def _open(tx: Transaction, process: str) -> list[Row]:
    return tx.execute(
        "SELECT key, system, state FROM interlock.change WHERE process = %s"
        " AND state IN ('pending', 'held', 'sending', 'unknown') ORDER BY id",
        [process],
    ).fetchall()
