"""Read back what was written, look for what is wrong in both systems, and close the run."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Problem, Record
from interlock.engine.context import Engine
from interlock.engine.report import write_report
from interlock.engine.sweep import sweep
from interlock.store import batches, people, records, work
from interlock.store.database import Transaction

Row = dict[str, Any]
OURS = {"customer_number", "sync_state", "synced_at", "references", "active"}


def keep_plan(engine: Engine, batch: UUID, planned: list[Row]) -> None:
    """Keep a dry run's planned changes for its report."""
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
        if info["dry_run"]:
            people.save_report(tx, batch, engine.process, info["run_id"], {"changes": planned})


def settle(engine: Engine, batch: UUID) -> dict[str, int]:
    """Close the run and return its counts; all but `read` add up to `read` (invariant 5)."""
    with engine.timed(batch, "settle"):
        with engine.database.begin() as tx:
            info = batches.batch(tx, batch)
            kept = people.report(tx, str(batch))
        if info["finished_at"] and kept:
            return dict(kept["counts"])
        if info["dry_run"]:
            return write_report(engine, batch, info, kept["changes"] if kept else [])
        with engine.database.begin() as tx:
            batches.take_over(tx, batch, engine.process, batches.scope(tx, batch))
        _read_back(engine, batch)
        sweep(engine, batch)
        with engine.database.begin() as tx:
            _outcomes(tx, engine.process, batch, engine.flow.created)
    return write_report(engine, batch, info, None)


def _read_back(engine: Engine, batch: UUID) -> None:
    """Snapshot every record written in this run as it stands now, and hold back where it is not what was written.

    Subjects of which nothing else changed since they were decided need not be decided again: nobody may merge meanwhile.
    """
    with engine.database.begin() as tx:
        rows = _written(tx, batch)
    there: dict[str, Record] = {}
    for role, kind in engine.flow.read_back:
        mine = [Ref.parse(row["ref"]).id for row in rows if Ref.parse(row["ref"]).kind == kind]
        found = engine.system(role).read(kind, mine) if mine else {}
        there |= {str(record.ref): record for record in found.values()}
    kinds = {kind for _, kind in engine.flow.read_back}
    back = {row["ref"]: row for row in rows if Ref.parse(row["ref"]).kind in kinds}
    with engine.database.begin() as tx:
        records.hold_merges(tx)
        fresh = _as_decided(engine, tx, batch)
        known = records.bodies(tx, list(back))
        records.stage(tx, batch, list(there.values()))
        records.merge(tx, batch, list(there))
        foreign = {row["subject"] for ref, row in back.items() if not _as_written(row, known.get(ref, {}), there.get(ref))}
        ours = [ref for ref in {row["subject"] for row in rows} if ref in fresh and ref not in foreign]
        if engine.flow.acknowledges:
            work.acknowledge(tx, engine.process, engine.flow.subjects, engine.crm.instance().id, ours)
    for ref, row in back.items():
        if Ref.parse(ref).kind in engine.flow.kept:
            _insist(engine, batch, row, there.get(ref))


def _as_decided(engine: Engine, tx: Transaction, batch: UUID) -> set[str]:
    if not engine.flow.acknowledges:
        return set()
    return work.as_decided(tx, engine.process, engine.flow.subjects, engine.crm.instance().id, batch, engine.flow.links)


def _written(tx: Transaction, batch: UUID) -> list[Row]:
    return tx.execute(
        "SELECT subject, coalesce(result_ref, ref) AS ref, body, results FROM interlock.change"
        " WHERE done_batch = %s AND state IN ('done', 'unchanged') AND coalesce(result_ref, ref) IS NOT NULL ORDER BY id",
        [batch],
    ).fetchall()


def _as_written(row: Row, before: Row, record: Record | None) -> bool:
    """Tell whether a record holds what it held before and what was written, and nothing else of anybody's."""
    touched = {name for name, value in row["body"].items() if not isinstance(value, dict)}
    expected = before | {name: row["body"][name] for name in touched} | row["results"]
    return record is not None and all(record.values.get(name) == value for name, value in expected.items() if name not in OURS)


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
            people.hold_also(tx, engine.process, batch, row["subject"], problems)
            work.set_outcome(tx, batch, row["subject"], "rejected", "not_kept")


OUTCOMES = """
UPDATE interlock.batch_subject b SET outcome = CASE
    WHEN o.refused THEN 'rejected' WHEN o.held THEN 'held' WHEN o.open THEN 'waiting'
    WHEN o.created THEN 'created' WHEN o.updated THEN 'updated' ELSE 'unchanged' END
FROM (SELECT s.ref,
    coalesce(bool_or(c.state = 'rejected' AND c.done_batch = %(batch)s), false) AS refused,
    coalesce(bool_or(c.state = 'held'), false) AS held,
    coalesce(bool_or(c.state IN ('pending', 'sending', 'unknown', 'stale')
        AND (c.state <> 'stale' OR c.done_batch = %(batch)s)), false) AS open,
    coalesce(bool_or(c.state = 'done' AND c.done_batch = %(batch)s AND c.operation = 'create' AND c.kind = %(created)s), false)
        AS created,
    coalesce(bool_or(c.state = 'done' AND c.done_batch = %(batch)s), false) AS updated
    FROM interlock.batch_subject s LEFT JOIN interlock.change c ON c.subject = s.ref AND c.process = %(process)s
        AND (c.done_batch = %(batch)s OR c.state IN ('held', 'pending', 'sending', 'unknown'))
    WHERE s.batch_id = %(batch)s GROUP BY s.ref) o
WHERE b.batch_id = %(batch)s AND b.ref = o.ref AND b.outcome NOT IN ('rejected', 'waiting')
"""


def _outcomes(tx: Transaction, process: str, batch: UUID, created: str) -> None:
    """Give every subject of the run its one outcome; subjects drained for an earlier run join the list."""
    tx.execute(
        "INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work) SELECT DISTINCT %(batch)s::uuid, subject, '',"
        " true FROM interlock.change WHERE done_batch = %(batch)s ON CONFLICT DO NOTHING",
        {"batch": batch},
    )
    work.still_rejected(tx, process, batch)
    tx.execute(OUTCOMES, {"batch": batch, "process": process, "created": created})
