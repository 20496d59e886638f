"""Parents and children among accounts: who comes first, and whose parents form a circle."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from interlock.store.database import Transaction

ABOVE: Final = "coalesce((SELECT r.to_ref FROM interlock.redirect r WHERE r.from_ref = a.body ->> 'parent'), a.body ->> 'parent')"
"""The parent of the account `a`, or the account it was merged into."""

STANDING: Final = f"""
CASE WHEN coalesce(a.body ->> 'parent', '') = '' OR x.customer IS NOT NULL THEN NULL ELSE (
    SELECT jsonb_build_object('ref', p.ref, 'standing', CASE
        WHEN EXISTS (SELECT FROM interlock.crosswalk o WHERE o.account = p.ref) THEN 'customer'
        WHEN t.outcome = 'planned' AND %(scratch)s::uuid IS NOT NULL OR EXISTS (SELECT FROM interlock.change o
            WHERE o.key = 'customer/' || p.ref AND o.state IN ('pending', 'held', 'sending', 'unknown')) THEN 'coming'
        WHEN t.outcome IN ('rejected', 'waiting') AND (%(scratch)s::uuid IS NOT NULL OR t.outcome = 'waiting')
            OR t.ref IS NULL AND s.state = 'waiting' OR EXISTS (SELECT FROM interlock.quarantine q
            WHERE q.process = %(process)s AND q.ref = p.ref AND q.state = 'open') THEN 'held'
        ELSE '' END)
    FROM interlock.current_records(%(scratch)s) p
    LEFT JOIN interlock.batch_subject t ON t.batch_id = %(batch)s AND t.ref = p.ref AND t.is_work
    LEFT JOIN interlock.subject s ON s.process = %(process)s AND s.ref = p.ref
    WHERE p.ref = {ABOVE} AND NOT p.archived) END
"""  # noqa: S608 - constants
"""How the parent of a new account `a` stands: a customer, coming, held back or waiting itself, or no business of ours."""


def place(tx: Transaction, batch: UUID, scratch: UUID | None) -> None:
    """Write down how many accounts stand above each subject of a batch, and which of them are in a circle."""
    tx.execute(
        f"""
        WITH RECURSIVE edge AS MATERIALIZED (SELECT a.ref, {ABOVE} AS parent FROM interlock.current_records(%(scratch)s) a
            WHERE a.kind = 'account' AND NOT a.archived AND coalesce(a.body ->> 'parent', '') <> ''),
        up (ref, above, depth, path) AS (
            SELECT e.ref, e.parent, 1, ARRAY[e.ref] FROM edge e
            JOIN interlock.batch_subject b ON b.batch_id = %(batch)s AND b.ref = e.ref
            UNION ALL SELECT u.ref, e.parent, u.depth + 1, u.path || e.ref
            FROM up u JOIN edge e ON e.ref = u.above WHERE u.above <> ALL (u.path))
        UPDATE interlock.batch_subject b SET depth = d.depth, cyclic = d.cyclic
        FROM (SELECT ref, max(depth) AS depth, bool_or(above = ref) AS cyclic FROM up GROUP BY ref) d
        WHERE b.batch_id = %(batch)s AND b.ref = d.ref
        """,  # noqa: S608 - constants
        {"batch": batch, "scratch": scratch},
    )


def deepest(tx: Transaction, batch: UUID) -> int:
    """Return how many generations of accounts a batch holds below its first one."""
    row = tx.execute("SELECT max(depth) AS depth FROM interlock.batch_subject WHERE batch_id = %s", [batch]).fetchone()
    return (row["depth"] or 0) if row else 0


def with_ancestors(tx: Transaction, refs: list[str], scratch: UUID | None) -> list[str]:
    """Return accounts together with those above them that are to become customers first, as far as they were read."""
    rows = tx.execute(
        f"""
        WITH RECURSIVE up (ref) AS (SELECT unnest(%(refs)s::text[])
            UNION SELECT {ABOVE} FROM up u JOIN interlock.current_records(%(scratch)s) a ON a.ref = u.ref
            WHERE NOT a.archived AND coalesce(a.body ->> 'parent', '') <> ''
              AND NOT EXISTS (SELECT FROM interlock.crosswalk x WHERE x.account IN (u.ref, {ABOVE})))
        SELECT ref FROM up ORDER BY ref
        """,  # noqa: S608 - constants
        {"refs": refs, "scratch": scratch},
    )
    return [row["ref"] for row in rows]


def unknown(tx: Transaction, scratch: UUID | None) -> list[str]:
    """Return parents that no reading has brought yet: merged away perhaps, or gone."""
    rows = tx.execute(
        "SELECT DISTINCT a.body ->> 'parent' AS ref FROM interlock.current_records(%(scratch)s) a WHERE a.kind = 'account'"
        " AND NOT a.archived AND coalesce(a.body ->> 'parent', '') <> '' AND NOT EXISTS"
        "   (SELECT FROM interlock.redirect r WHERE r.from_ref = a.body ->> 'parent') AND NOT EXISTS"
        "   (SELECT FROM interlock.current_records(%(scratch)s) p WHERE p.ref = a.body ->> 'parent') ORDER BY 1",
        {"scratch": scratch},
    )
    return [row["ref"] for row in rows]


STUCK: Final = """
ARRAY(SELECT c.subject FROM interlock.change c, unnest(c.depends_on) AS d(key)
    WHERE c.process = %(process)s AND c.operation = 'create' AND c.kind = 'customer' AND c.state = 'pending'
      AND NOT EXISTS (SELECT FROM interlock.change p
          WHERE p.key = d.key AND p.state IN ('pending', 'held', 'sending', 'unknown', 'done', 'unchanged')))
"""
"""Accounts whose customer waits for a parent's that will not come as it was planned: they are decided anew."""
