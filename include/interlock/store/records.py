"""Staging, snapshots, watermarks and the crosswalk: what the systems say, as last read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.identity import canonical
from interlock.domain.record import Record
from interlock.store.database import Transaction


def stage(tx: Transaction, batch: UUID, records: Iterable[Record]) -> int:
    """Copy records into the batch's scratch table and return how many."""
    count = 0
    with (
        tx.cursor() as cursor,
        cursor.copy(
            "COPY interlock.staged (batch_id, ref, instance, kind, revision, modified_at, body, parent, problems, archived)"
            " FROM STDIN"
        ) as copy,
    ):
        for record in records:
            problems = [[p.code, p.field, p.message, p.detail] for p in record.problems]
            copy.write_row((
                batch, str(record.ref), record.ref.instance, record.ref.kind, record.revision, record.modified_at,
                canonical(record.values), str(record.parent) if record.parent else None, Jsonb(problems), record.archived,
            ))  # fmt: skip
            count += 1
    return count


def merge(tx: Transaction, batch: UUID, refs: Sequence[str] | None = None) -> None:
    """Move staged records into the snapshots; an older version never replaces a newer one (invariant 8)."""
    tx.execute(
        """
        INSERT INTO interlock.snapshot AS s (ref, instance, kind, revision, modified_at, body, parent, problems, archived)
        SELECT DISTINCT ON (ref) ref, instance, kind, revision, modified_at, body, parent, problems, archived
        FROM interlock.staged WHERE batch_id = %(batch)s AND (%(refs)s::text[] IS NULL OR ref = ANY(%(refs)s))
        ORDER BY ref, modified_at DESC
        ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, modified_at = excluded.modified_at,
            body = excluded.body, parent = excluded.parent, problems = excluded.problems, archived = excluded.archived,
            seen_at = now()
        WHERE excluded.modified_at >= s.modified_at AND (excluded.revision, excluded.modified_at, excluded.parent)
            IS DISTINCT FROM (s.revision, s.modified_at, s.parent)
        """,
        {"batch": batch, "refs": list(refs) if refs is not None else None},
    )


def watermark(tx: Transaction, instance: str, kind: str) -> datetime | None:
    """Return the highest source timestamp up to which everything was stored; None before the first reading."""
    row = tx.execute("SELECT at FROM interlock.watermark WHERE instance = %s AND kind = %s", [instance, kind]).fetchone()
    return row["at"] if row else None


def advance(tx: Transaction, instance: str, kind: str, at: datetime) -> None:
    """Move a watermark forward, never back."""
    tx.execute(
        "INSERT INTO interlock.watermark AS w VALUES (%s, %s, %s)"
        " ON CONFLICT (instance, kind) DO UPDATE SET at = greatest(w.at, excluded.at)",
        [instance, kind, at],
    )


def redirect(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> None:
    """Remember merged records: from -> survivor; the crosswalk follows unless the survivor has its own customer."""
    for source, survivor in pairs:
        tx.execute(
            "INSERT INTO interlock.redirect VALUES (%s, %s) ON CONFLICT (from_ref) DO UPDATE SET to_ref = excluded.to_ref",
            [source, survivor],
        )
        tx.execute(
            "UPDATE interlock.crosswalk SET account = %(to)s WHERE account = %(from)s"
            " AND NOT EXISTS (SELECT FROM interlock.crosswalk WHERE account = %(to)s)",
            {"from": source, "to": survivor},
        )
        tx.execute("UPDATE interlock.snapshot SET archived = true, revision = 'merged' WHERE ref = %s", [source])


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


def rebuild_crosswalk(tx: Transaction, crm: str, erp: str) -> int:
    """Link accounts to the customers that carry their reference; returns how many links were missing (invariant 14)."""
    return tx.execute(
        """
        INSERT INTO interlock.crosswalk (account, customer, number, origin)
        SELECT DISTINCT ON (r.account) r.account, s.ref, s.body ->> 'number', 'reference'
        FROM interlock.snapshot s, jsonb_array_elements_text(s.body -> 'references') AS r(account)
        WHERE s.instance = %s AND s.kind = 'customer' AND NOT s.archived AND starts_with(r.account, %s || '/')
        ORDER BY r.account, s.ref
        ON CONFLICT DO NOTHING
        """,
        [erp, crm],
    ).rowcount


def doubles(tx: Transaction, erp: str) -> list[tuple[str, str]]:
    """Return (account, superfluous customer) wherever two live customers carry the reference of one account."""
    rows = tx.execute(
        """
        SELECT x.account, s.ref FROM interlock.snapshot s
        CROSS JOIN jsonb_array_elements_text(s.body -> 'references') AS r(account)
        JOIN interlock.crosswalk x ON x.account = r.account
        WHERE s.instance = %s AND s.kind = 'customer' AND NOT s.archived AND x.customer <> s.ref
        """,
        [erp],
    )
    return [(row["account"], row["ref"]) for row in rows]
