"""The outbox: the changes that were decided, each under its key (invariant 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.change import Change, Role
from interlock.store.database import Transaction

Row = dict[str, Any]

INSERT = """
INSERT INTO interlock.change AS c
    (key, once, process, system, operation, kind, target, subject, ref, parent, body, seen, depends_on, why, batch_id)
VALUES (%(key)s, %(once)s, %(process)s, %(system)s, %(operation)s, %(kind)s, %(target)s, %(subject)s, %(ref)s, %(parent)s,
    %(body)s, %(seen)s, %(depends_on)s, %(why)s, %(batch)s)
ON CONFLICT (key) WHERE once OR state IN ('pending', 'held', 'sending', 'unknown')
DO UPDATE SET body = excluded.body, seen = excluded.seen, depends_on = excluded.depends_on, parent = excluded.parent,
    why = excluded.why,
    state = 'pending', reason = '', token = NULL, batch_id = excluded.batch_id, decided_at = now(), finished_at = NULL,
    opened_at = CASE WHEN c.state = 'pending' THEN c.opened_at ELSE now() END
WHERE c.state IN ('pending', 'rejected', 'cancelled', 'stale')
"""


def queue_up(tx: Transaction, process: str) -> None:
    """Let one transaction at a time decide for a process; held until it ends."""
    tx.execute("SELECT pg_advisory_xact_lock(710403, hashtext(%s))", [process])


def record(tx: Transaction, batch: UUID, change: Change) -> bool:
    """Store a decided change; False when it waits behind another and must be decided again.

    It waits behind one whose fate is not known yet, or another account's that is yet to be sent. A newer decision replaces
    the account's own one on the same target that certainly did not reach it (invariant 4). A once-only effect that already
    happened stands.
    """
    tx.execute(
        "UPDATE interlock.change SET state = 'cancelled', reason = 'replaced', finished_at = now()"
        " WHERE target = %s AND kind = %s AND key <> %s AND subject = %s AND state IN ('pending', 'held')",
        [change.target, change.kind, change.key, str(change.subject)],
    )
    before = tx.execute(
        "SELECT FROM interlock.change WHERE target = %s AND kind = %s"
        " AND (state IN ('sending', 'unknown') OR state IN ('pending', 'held') AND subject <> %s)",
        [change.target, change.kind, str(change.subject)],
    ).fetchone()
    if before is not None:
        return False
    tx.execute(
        INSERT,
        {
            "key": change.key, "once": change.once, "process": change.process, "system": change.system,
            "operation": change.operation, "kind": change.kind, "target": change.target, "subject": str(change.subject),
            "ref": str(change.ref) if change.ref else None, "parent": str(change.parent) if change.parent else None,
            "body": Jsonb(dict(change.values)), "seen": Jsonb(dict(change.seen)), "depends_on": list(change.depends_on),
            "why": change.why, "batch": batch,
        },
    )  # fmt: skip
    return True


def unsettled(tx: Transaction, process: str, system: Role, subjects: Sequence[str] | None) -> int:
    """Count open changes that need no person and no other change: reason to wait a little rather than end the step."""
    row = tx.execute(
        "SELECT count(*) AS n FROM interlock.change c WHERE process = %(process)s AND system = %(system)s"
        " AND state IN ('pending', 'sending', 'unknown') AND (%(subjects)s::text[] IS NULL OR subject = ANY(%(subjects)s))"
        " AND NOT EXISTS (SELECT FROM unnest(c.depends_on) AS d(key) WHERE NOT EXISTS"
        "   (SELECT FROM interlock.change p WHERE p.key = d.key AND p.state IN ('done', 'unchanged')))",
        {"process": process, "system": system, "subjects": list(subjects) if subjects is not None else None},
    ).fetchone()
    return int(row["n"]) if row else 0


def results(tx: Transaction, keys: Sequence[str]) -> dict[str, Row]:
    """Return the finished changes under these keys, for references to their results."""
    rows = tx.execute(
        "SELECT key, subject, result_ref, results FROM interlock.change WHERE key = ANY(%s) AND state IN ('done', 'unchanged')",
        [list(keys)],
    )
    return {row["key"]: row for row in rows}
