"""Leases on target records, and the outcomes of what was sent under them (invariants 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.change import Role, Write
from interlock.domain.identity import Values
from interlock.errors import LeaseLost, Paused
from interlock.store.database import Transaction

Row = dict[str, Any]


def reap(tx: Transaction, process: str, system: Role) -> None:
    """Call every `sending` whose lease has ended unknown, whatever the cause (invariant 2)."""
    tx.execute(
        "UPDATE interlock.change c SET state = 'unknown', unknown_since = coalesce(unknown_since, clock_timestamp()),"
        " ever_unknown = true, looks = 0 WHERE process = %s AND system = %s AND state = 'sending' AND NOT EXISTS"
        " (SELECT FROM interlock.lease l WHERE l.target = c.target AND l.token = c.token AND l.until > clock_timestamp())",
        [process, system],
    )


def claim(
    tx: Transaction, process: str, system: Role, owner: str, seconds: float, limit: int, subjects: Sequence[str] | None
) -> list[Row]:
    """Lease the targets of ready changes of one kind and operation, and return these changes with their new token."""
    ready = tx.execute(
        """
        SELECT c.id, c.target, c.kind, c.operation FROM interlock.change c
        WHERE c.process = %(process)s AND c.system = %(system)s AND c.state IN ('pending', 'unknown')
          AND c.not_before <= clock_timestamp() AND (%(subjects)s::text[] IS NULL OR c.subject = ANY(%(subjects)s))
          AND NOT EXISTS (SELECT FROM unnest(c.depends_on) AS d(key) WHERE NOT EXISTS
              (SELECT FROM interlock.change p WHERE p.key = d.key AND p.state IN ('done', 'unchanged')))
          AND NOT EXISTS (SELECT FROM interlock.lease l WHERE l.target = c.target AND l.until > clock_timestamp())
        ORDER BY c.kind, c.operation, c.id LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED
        """,
        {
            "process": process,
            "system": system,
            "limit": limit,
            "subjects": list(subjects) if subjects is not None else None,
        },
    ).fetchall()
    targets = sorted(r["target"] for r in ready if (r["kind"], r["operation"]) == (ready[0]["kind"], ready[0]["operation"]))
    if not targets:
        return []
    leased = tx.execute(
        """
        INSERT INTO interlock.lease AS l (target, owner, token, until)
        SELECT t, %(owner)s, nextval('interlock.fencing_token'), clock_timestamp() + make_interval(secs => %(seconds)s)
        FROM unnest(%(targets)s::text[]) AS t ORDER BY t
        ON CONFLICT (target) DO UPDATE SET owner = excluded.owner, token = excluded.token, until = excluded.until
        WHERE l.until <= clock_timestamp() RETURNING target
        """,
        {"owner": owner, "seconds": seconds, "targets": targets},
    ).fetchall()
    mine = {r["target"] for r in leased}
    ids = [r["id"] for r in ready if r["target"] in mine]
    return tx.execute(
        "UPDATE interlock.change c SET token = l.token FROM interlock.lease l"
        " WHERE l.target = c.target AND c.id = ANY(%s) RETURNING c.*",
        [ids],
    ).fetchall()


def start_sending(tx: Transaction, rows: Sequence[Row], names: Sequence[str], seconds: float) -> None:
    """Commit the intent before the act; raises LeaseLost unless every lease is still ours, Paused if somebody said stop."""
    stop = tx.execute("SELECT name, actor FROM interlock.paused WHERE name = ANY(%s)", [list(names)]).fetchone()
    if stop:
        raise Paused(f"{stop['name']} is paused by {stop['actor']}; `interlock resume {stop['name']}` lets it go on")
    held = tx.execute(
        """
        UPDATE interlock.lease l SET until = clock_timestamp() + make_interval(secs => %s)
        FROM unnest(%s::text[], %s::bigint[]) AS m(target, token)
        WHERE l.target = m.target AND l.token = m.token AND l.until > clock_timestamp()
        """,
        [seconds, [r["target"] for r in rows], [r["token"] for r in rows]],
    ).rowcount
    sent = tx.execute(
        "UPDATE interlock.change c SET state = 'sending', attempt = attempt + 1"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS m(id, token)"
        " WHERE c.id = m.id AND c.token = m.token AND c.state IN ('pending', 'unknown')",
        [[r["id"] for r in rows], [r["token"] for r in rows]],
    ).rowcount
    if held < len(rows) or sent < len(rows):
        raise LeaseLost("another worker holds some of these records now")


def resolved(tx: Transaction, writes: Mapping[int, Write]) -> None:
    """Put on record what is really sent, and to which parent, in place of references to other changes' results."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "UPDATE interlock.change SET body = %s, parent = %s WHERE id = %s",
            [(Jsonb(dict(w.values)), str(w.parent) if w.parent else None, number) for number, w in writes.items()],
        )


@dataclass(frozen=True, slots=True)
class End:
    """How a claimed change ended: its state, a reason's code, the record it made or found, results for what depends on it."""

    row: Row
    state: str
    reason: str = ""
    ref: str | None = None
    results: Values = field(default_factory=dict)


def finish(tx: Transaction, batch: UUID, ends: Sequence[End]) -> None:
    """Set changes' end states while their tokens are ours, and free their leases; raises LeaseLost otherwise."""
    rows = [
        {
            "id": e.row["id"],
            "token": e.row["token"],
            "state": e.state,
            "reason": e.reason,
            "ref": e.ref,
            "results": dict(e.results),
        }
        for e in ends
    ]
    changed = tx.execute(
        "UPDATE interlock.change c SET state = e.state, reason = e.reason, result_ref = coalesce(e.ref, c.ref),"
        " results = e.results, done_batch = %s, finished_at = clock_timestamp() FROM jsonb_to_recordset(%s)"
        " AS e(id bigint, token bigint, state text, reason text, ref text, results jsonb)"
        " WHERE c.id = e.id AND c.token = e.token AND c.state IN ('pending', 'sending', 'unknown')",
        [batch, Jsonb(rows)],
    ).rowcount
    if changed < len(ends):
        raise LeaseLost("another worker holds some of these records now")
    release(tx, [end.row for end in ends])


def postpone(tx: Transaction, row: Row, state: str, seconds: float, reason: str) -> None:
    """Keep a change open (`pending` or `unknown`) and look at it again after `seconds`."""
    tx.execute(
        "UPDATE interlock.change SET state = %(state)s, reason = %(reason)s,"
        " not_before = clock_timestamp() + make_interval(secs => %(seconds)s),"
        " looks = CASE WHEN %(state)s = 'unknown' AND state = 'unknown' THEN looks + 1 ELSE 0 END,"
        " unknown_since = CASE WHEN %(state)s = 'unknown' THEN coalesce(unknown_since, clock_timestamp()) END,"
        " ever_unknown = ever_unknown OR %(state)s = 'unknown' WHERE id = %(id)s AND token = %(token)s",
        {"state": state, "reason": reason, "seconds": seconds, "id": row["id"], "token": row["token"]},
    )
    release(tx, [row])


def release(tx: Transaction, rows: Sequence[Row]) -> None:
    """Free leases that are still ours."""
    tx.execute(
        "DELETE FROM interlock.lease l USING unnest(%s::text[], %s::bigint[]) AS m(target, token)"
        " WHERE l.target = m.target AND l.token = m.token",
        [[r["target"] for r in rows], [r["token"] for r in rows]],
    )
