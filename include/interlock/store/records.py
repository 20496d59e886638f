"""Staging, snapshots and watermarks: what the systems say, as last read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Record
from interlock.store import database
from interlock.store.database import Transaction


def stage(tx: Transaction, batch: UUID, records: Iterable[Record]) -> int:
    """Copy records into the batch's scratch table and return how many; a dry run reads its own from there, by index."""
    row = tx.execute("SELECT dry_run FROM interlock.batch WHERE id = %s", [batch]).fetchone()
    dry, count = bool(row and row["dry_run"]), 0
    with (
        tx.cursor() as cursor,
        cursor.copy(
            "COPY interlock.staged"
            " (batch_id, ref, instance, kind, revision, modified_at, body, parent, problems, archived, dry) FROM STDIN"
        ) as copy,
    ):
        for record in records:
            problems = json.dumps([[p.code, p.field, p.message, p.detail] for p in record.problems]) if record.problems else "[]"
            copy.write_row((
                batch, str(record.ref), record.ref.instance, record.ref.kind, record.revision, record.modified_at,
                record.text, str(record.parent) if record.parent else None, problems, record.archived, dry,
            ))  # fmt: skip
            count += 1
    return count


MERGING: Final = 710404


def hold_merges(tx: Transaction) -> None:
    """Let nobody else merge until this transaction ends, and wait for those who do."""
    tx.execute("SELECT pg_advisory_xact_lock(%s)", [MERGING])


def bodies(tx: Transaction, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what snapshots say, by reference."""
    rows = tx.execute("SELECT ref, body FROM interlock.snapshot WHERE ref = ANY(%s)", [list(refs)]).fetchall()
    return {row["ref"]: row["body"] for row in rows}


def merge(tx: Transaction, batch: UUID, refs: Sequence[str] | None = None) -> None:
    """Move staged records into the snapshots; an older version never replaces a newer one (invariant 8)."""
    tx.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MERGING])
    tx.execute(
        """
        INSERT INTO interlock.snapshot AS s (ref, instance, kind, revision, modified_at, body, parent, problems, archived)
        SELECT DISTINCT ON (ref) ref, instance, kind, revision, modified_at, body, parent, problems, archived
        FROM interlock.staged WHERE batch_id = %(batch)s AND (%(refs)s::text[] IS NULL OR ref = ANY(%(refs)s))
        ORDER BY ref, modified_at DESC, place DESC
        ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, modified_at = excluded.modified_at,
            body = excluded.body, parent = excluded.parent, problems = excluded.problems, archived = excluded.archived,
            seen_at = now()
        WHERE excluded.modified_at >= s.modified_at AND
            (excluded.revision, excluded.modified_at, excluded.parent, excluded.problems)
            IS DISTINCT FROM (s.revision, s.modified_at, s.parent, s.problems)
        """,
        {"batch": batch, "refs": list(refs) if refs is not None else None},
    )


def refresh_statistics(tx: Transaction, batch: UUID, *more: str) -> None:
    """Tell the planner how much was staged, and what it is compared with, if the batch read many records."""
    row = tx.execute(
        "SELECT count(*) AS n FROM (SELECT FROM interlock.staged WHERE batch_id = %s LIMIT %s) t", [batch, database.MANY]
    ).fetchone()
    database.refresh_statistics(tx, row["n"] if row else 0, "staged", *more)


def watermark(tx: Transaction, instance: str, kind: str, reading: str = "") -> datetime | None:
    """Return the highest source timestamp up to which everything was stored and read in this way; None before that."""
    row = tx.execute(
        "SELECT at FROM interlock.watermark WHERE instance = %s AND kind = %s AND reading = %s", [instance, kind, reading]
    ).fetchone()
    return row["at"] if row else None


def advance(tx: Transaction, instance: str, kind: str, at: datetime, reading: str = "") -> None:
    """Move a watermark forward, never back; how records are read is remembered with the first one."""
    tx.execute(
        "INSERT INTO interlock.watermark AS w (instance, kind, at, reading) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (instance, kind) DO UPDATE SET at = greatest(w.at, excluded.at)",
        [instance, kind, at, reading],
    )


def all_read(tx: Transaction, instance: str, kind: str, reading: str) -> None:
    """Remember that every record of a kind was now read in this way."""
    tx.execute("UPDATE interlock.watermark SET reading = %s WHERE instance = %s AND kind = %s", [reading, instance, kind])


def missing_after_full(tx: Transaction, batch: UUID, instance: str, kind: str) -> list[str]:
    """Return the live snapshots that a completed full read did not bring."""
    rows = tx.execute(
        "SELECT ref FROM interlock.snapshot s WHERE instance = %s AND kind = %s AND NOT archived"
        " AND NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = %s AND t.ref = s.ref)",
        [instance, kind, batch],
    )
    return [row["ref"] for row in rows]


def bury(tx: Transaction, refs: Sequence[str]) -> None:
    """Mark records as gone: a tombstone, nothing deleted; their untried creates are cancelled."""
    tx.execute("UPDATE interlock.snapshot SET archived = true, revision = 'gone' WHERE ref = ANY(%s)", [list(refs)])
    tx.execute(
        "UPDATE interlock.change SET state = 'cancelled', reason = 'source_gone', finished_at = now()"
        " WHERE subject = ANY(%s) AND operation = 'create' AND state IN ('pending', 'held')",
        [list(refs)],
    )


def tombstone(tx: Transaction, batch: UUID, refs: Sequence[Ref]) -> None:
    """Remember records that were gone before we ever read them, so that nobody asks for them again."""
    for ref in refs:
        tx.execute(
            "INSERT INTO interlock.snapshot (ref, instance, kind, revision, modified_at, body, problems, archived)"
            " SELECT %s, %s, %s, 'gone', started_at, '{}', '[]', true FROM interlock.batch WHERE id = %s ON CONFLICT DO NOTHING",
            [str(ref), ref.instance, ref.kind, batch],
        )


def without_account(tx: Transaction, instance: str, scratch: UUID | None, code: str) -> list[dict[str, str]]:
    """Return `ref` and `won_at` of won deals that lead to no live account and no customer, save those a person ignores."""
    return tx.execute(
        """
        SELECT d.ref, d.body ->> 'won_at' AS won_at FROM interlock.current_records(%(scratch)s) d
        LEFT JOIN interlock.redirect r ON r.from_ref = d.parent
        LEFT JOIN interlock.current_records(%(scratch)s) a ON a.ref = coalesce(r.to_ref, d.parent) AND NOT a.archived
        LEFT JOIN interlock.crosswalk x ON x.account = d.parent
        WHERE d.instance = %(instance)s AND d.kind = 'deal' AND NOT d.archived AND coalesce(d.body ->> 'won_at', '') <> ''
          AND a.ref IS NULL AND x.account IS NULL
          AND NOT EXISTS (SELECT FROM interlock.quarantine q WHERE q.ref = d.ref AND q.code = %(code)s
              AND q.state = 'ignored' AND q.decided_revision = d.revision)
        ORDER BY d.ref
        """,
        {"instance": instance, "scratch": scratch, "code": code},
    ).fetchall()


def orphans(tx: Transaction, instance: str, kind: str) -> list[str]:
    """Return won deals, or contacts with a role, whose account is not known or was merged away.

    A link made or moved later need not touch their own timestamp.
    """
    rows = tx.execute(
        "SELECT ref FROM interlock.snapshot s WHERE instance = %s AND kind = %s AND NOT archived"
        " AND (coalesce(body ->> 'won_at', '') <> '' OR coalesce(body ->> 'roles', '[]') <> '[]')"
        " AND (parent IS NULL OR EXISTS (SELECT FROM interlock.redirect r WHERE r.from_ref = s.parent)) ORDER BY ref",
        [instance, kind],
    )
    return [row["ref"] for row in rows]


def children_besides(tx: Transaction, kind: str, parents: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the live snapshots of a kind under these parents, apart from those already read."""
    rows = tx.execute(
        "SELECT ref FROM interlock.snapshot WHERE kind = %s AND parent = ANY(%s) AND NOT archived AND ref <> ALL(%s)"
        " ORDER BY ref",
        [kind, list(parents), list(known)],
    )
    return [row["ref"] for row in rows]


def drop_activities(tx: Transaction, accounts: Sequence[str]) -> None:
    """Drop what is known of these accounts' activities."""
    tx.execute("DELETE FROM interlock.snapshot WHERE kind = 'activity' AND parent = ANY(%s)", [list(accounts)])


def forget_told(tx: Transaction) -> None:
    """Drop the activities of accounts whose prehistory stands in the ERP."""
    tx.execute(
        "DELETE FROM interlock.snapshot s WHERE kind = 'activity' AND EXISTS"
        " (SELECT FROM interlock.change c WHERE c.key = 'prehistory/' || s.parent AND c.state = 'done')"
    )
