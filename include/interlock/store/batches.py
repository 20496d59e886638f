"""Runs: what each was asked, what it is limited to, how long its steps took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.store import checked, families
from interlock.store.database import Transaction

Row = dict[str, Any]


def open_batch(tx: Transaction, batch: UUID, process: str, run_id: str, scope: Row) -> UUID:
    """Register a run under its id and return its batch; a retried task finds the batch its first try opened."""
    row = tx.execute(
        "INSERT INTO interlock.batch AS b (id, process, run_id, dry_run, full_read, named, actor, as_of)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (process, run_id) DO UPDATE SET run_id = b.run_id RETURNING id",
        [batch, process, run_id, scope["dry_run"], scope["full"], scope["named"] or None, scope["actor"],
         scope.get("as_of")],
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - an upsert always returns its row
    return UUID(str(row["id"]))


def batch(tx: Transaction, batch_id: UUID) -> Row:
    """Return the batch's row."""
    row = tx.execute("SELECT * FROM interlock.batch WHERE id = %s", [batch_id]).fetchone()
    if row is None:
        raise LookupError(f"no batch {batch_id}")
    return row


def scope(tx: Transaction, batch_id: UUID) -> list[str] | None:
    """Return the accounts a run is limited to; None: all.

    With them go those they were merged into or that were merged into them, and parents that must become customers first.
    """
    row = tx.execute(
        """
        SELECT dry_run, named, ARRAY(
            SELECT ref FROM unnest(b.named) AS ref
            UNION SELECT to_ref FROM interlock.redirect WHERE from_ref = ANY(b.named)
            UNION SELECT o.from_ref FROM interlock.redirect o WHERE o.to_ref = ANY(b.named) OR o.to_ref IN
                (SELECT to_ref FROM interlock.redirect WHERE from_ref = ANY(b.named))
            UNION SELECT ref FROM interlock.batch_subject WHERE batch_id = b.id) AS subjects
        FROM interlock.batch b WHERE id = %s
        """,
        [batch_id],
    ).fetchone()
    if not row or row["named"] is None:
        return None
    return families.with_ancestors(tx, list(row["subjects"]), batch_id if row["dry_run"] else None)


def take_over(tx: Transaction, batch_id: UUID, process: str, subjects: Sequence[str] | None) -> None:
    """Let this run's report tell what runs did that were never closed, so that each change is told by exactly one report."""
    tx.execute(
        "WITH unclosed AS (SELECT id FROM interlock.batch WHERE process = %(process)s AND id <> %(batch)s AND finished_at IS NULL"
        "   AND NOT dry_run ORDER BY id FOR UPDATE)"
        " UPDATE interlock.change c SET done_batch = %(batch)s FROM unclosed WHERE c.done_batch = unclosed.id"
        " AND (%(subjects)s::text[] IS NULL OR c.subject = ANY(%(subjects)s))",
        {"batch": batch_id, "process": process, "subjects": list(subjects) if subjects is not None else None},
    )


def close(tx: Transaction, batch_id: UUID) -> None:
    """Close a run in the transaction that reads what it did: from now on no other takes that over."""
    tx.execute("UPDATE interlock.batch SET finished_at = now() WHERE id = %s", [batch_id])


def name(tx: Transaction, batch_id: UUID, refs: Sequence[str]) -> None:
    """Limit a run to these records, once it is known what was meant by the names it was given."""
    tx.execute("UPDATE interlock.batch SET named = %s WHERE id = %s", [list(refs), batch_id])


def timed(tx: Transaction, batch_id: UUID, step: str, seconds: float) -> None:
    """Remember how long a step took."""
    tx.execute("UPDATE interlock.batch SET seconds = seconds || %s WHERE id = %s", [Jsonb({step: round(seconds, 3)}), batch_id])


def forget(tx: Transaction, batch_id: UUID) -> None:
    """Remove a scratch batch and what it read."""
    tx.execute("DELETE FROM interlock.staged WHERE batch_id = %s", [batch_id])
    tx.execute("DELETE FROM interlock.batch WHERE id = %s", [batch_id])


def clear_abandoned(tx: Transaction, process: str, days: int = 7) -> None:
    """Forget what runs that never ended had read; decided work does not depend on it."""
    for table in ("staged", *checked.TABLES, "batch_subject"):
        tx.execute(
            f"DELETE FROM interlock.{table} t USING interlock.batch b WHERE b.id = t.batch_id AND b.process = %s"  # noqa: S608
            " AND b.finished_at IS NULL AND b.started_at < now() - make_interval(days => %s)",
            [process, days],
        )
