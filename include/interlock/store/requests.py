"""Asking a person: which changes wait for an answer, word by word, and what a newer decision makes of an open request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from interlock.domain.identity import content_hash
from interlock.store import audit
from interlock.store.database import Transaction

Row = dict[str, Any]
HASH: Final = "encode(sha256(convert_to(c.body::text, 'UTF8')), 'hex')"
UNAPPROVED: Final = f"c.state = 'pending' AND c.approved_hash <> {HASH}"
NEWER: Final = "newer decision"
OUTDATED = """
SELECT a.*, b.actor AS asked_by FROM interlock.approval a LEFT JOIN interlock.batch b ON b.id = a.batch_id
WHERE a.process = %s AND a.state = 'open' AND EXISTS (
    SELECT FROM interlock.asked q JOIN interlock.change c ON c.id = q.change_id
    WHERE q.approval_id = a.id AND (c.state <> 'held' OR c.body <> q.body))
ORDER BY a.id
"""
SUCCESSORS = """
SELECT n.id FROM interlock.asked q JOIN interlock.change o ON o.id = q.change_id
JOIN interlock.change n ON n.target = o.target AND n.kind = o.kind AND n.subject = o.subject AND n.process = o.process
WHERE q.approval_id = %s AND o.state = 'cancelled' AND o.reason = 'replaced' AND n.state = 'pending' AND n.batch_id = %s
"""


def unapproved(tx: Transaction, batch: UUID, kinds: Sequence[str] | None = None) -> list[Row]:
    """Return the changes that a batch decided and nobody approved as they are: what was approved once is not asked again."""
    return tx.execute(
        "SELECT c.id, c.key, c.system, c.operation, c.kind, c.subject, c.parent, c.body, c.attempt"  # noqa: S608 - constants
        " FROM interlock.change c"
        f" WHERE c.batch_id = %(batch)s AND {UNAPPROVED} AND (%(kinds)s::text[] IS NULL OR c.kind = ANY(%(kinds)s))"
        " ORDER BY c.id",
        {"batch": batch, "kinds": list(kinds) if kinds is not None else None},
    ).fetchall()


def hold(
    tx: Transaction,
    process: str,
    batch: UUID,
    changes: Sequence[int],
    reason: str,
    *,
    excluded: Iterable[str] = (),
    former: int | None = None,
) -> int | None:
    """Hold pending changes, by id, under one new request and return its number; None when there are none (invariant 14).

    reason: for people, without values of records. excluded: who may not answer under four eyes beside who started the run.
    former: the request that this one replaces, whose changes are held already.
    """
    rows = tx.execute(
        "UPDATE interlock.change SET state = 'held', reason = %s WHERE id = ANY(%s) AND state IN ('pending', 'held')"
        " RETURNING id, key, body",
        [reason, list(changes)],
    ).fetchall()
    if not rows:
        return None
    ids = sorted(row["id"] for row in rows)
    bound = content_hash({row["key"]: row["body"] for row in rows})
    made = tx.execute(
        "INSERT INTO interlock.approval (process, batch_id, change_ids, content_hash, reason, excluded, former)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [process, batch, ids, bound, reason, sorted({name for name in excluded if name}), former],
    ).fetchone()
    number = int(made["id"]) if made else 0
    tx.execute(
        "INSERT INTO interlock.asked (approval_id, change_id, body) SELECT %s, id, body FROM interlock.change WHERE id = ANY(%s)",
        [number, ids],
    )
    return number


def renew(
    tx: Transaction, process: str, batch: UUID, excluded: Mapping[str, Iterable[str]] | None = None
) -> dict[int, int | None]:
    """Void the open requests of which a change was decided otherwise, and ask anew about all that they still concern.

    Belongs after the last change of the transaction that decided `batch` (`outbox.queue_up`). excluded: by a change's key,
    who may not answer now; whoever could not answer before still cannot. Returns the new request, if any, by the void one.
    """
    done: dict[int, int | None] = {}
    for row in tx.execute(OUTDATED, [process]).fetchall():
        held = tx.execute(
            "SELECT c.id, c.key FROM interlock.change c WHERE c.id = ANY(%s) AND c.state = 'held' UNION"  # noqa: S608
            f" SELECT c.id, c.key FROM interlock.change c WHERE c.id IN ({SUCCESSORS})",
            [row["change_ids"], row["id"], batch],
        ).fetchall()
        tx.execute(
            "UPDATE interlock.approval SET state = 'void', decided_by = %s, decided_at = now() WHERE id = %s", [NEWER, row["id"]]
        )
        audit.append(tx, [audit.Entry(NEWER, "void", f"approval {row['id']}", row["reason"])])
        barred = {*row["excluded"], row["asked_by"] or ""}
        barred |= {name for change in held for name in (excluded or {}).get(change["key"], ())}
        ids = [change["id"] for change in held]
        done[row["id"]] = hold(tx, process, batch, ids, row["reason"], excluded=barred, former=row["id"])
    return done
