"""The outbox: changes, their leases and their outcomes (invariants 2 to 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.change import Change, Role, Write
from interlock.domain.identity import Values
from interlock.errors import LeaseLost, Paused
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


def finish(
    tx: Transaction,
    row: Row,
    state: str,
    batch: UUID,
    *,
    reason: str = "",
    ref: str | None = None,
    results: Values | None = None,
) -> None:
    """Set a change's end state while its token is ours, and free its lease; raises LeaseLost otherwise."""
    changed = tx.execute(
        "UPDATE interlock.change SET state = %s, reason = %s, result_ref = coalesce(%s, ref), results = %s, done_batch = %s,"
        " finished_at = clock_timestamp() WHERE id = %s AND token = %s AND state IN ('pending', 'sending', 'unknown')",
        [state, reason, ref, Jsonb(dict(results or {})), batch, row["id"], row["token"]],
    ).rowcount
    if not changed:
        raise LeaseLost("another worker holds this record now")
    release(tx, [row])


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


def standing(tx: Transaction, process: str, kind: str, *, months: int = 0, account: str | None = None) -> list[Row]:
    """Return done creates of a kind whose content was not erased: those older than `months`, of all or of one account.

    What an account that was merged into it brought along is its own.
    """
    return tx.execute(
        "SELECT subject, result_ref FROM interlock.change WHERE process = %(process)s AND kind = %(kind)s"
        " AND operation = 'create' AND state = 'done' AND body <> '{}'"
        " AND finished_at <= now() - make_interval(months => %(months)s)"
        " AND (%(account)s::text IS NULL OR subject = %(account)s OR subject IN"
        "   (SELECT from_ref FROM interlock.redirect WHERE to_ref = %(account)s)) ORDER BY id",
        {"process": process, "kind": kind, "months": months, "account": account},
    ).fetchall()


def erase(tx: Transaction, process: str, kind: str, subject: str) -> None:
    """Forget the content of a subject's done creates of a kind, in the reports too; that they happened stays on record."""
    tx.execute(
        "UPDATE interlock.run_report SET body = jsonb_set(body, '{changes}', (SELECT jsonb_agg("
        "   CASE WHEN c ->> 'kind' = %(kind)s AND c ->> 'subject' = %(subject)s THEN c || '{\"after\": {}}' ELSE c END)"
        "   FROM jsonb_array_elements(body -> 'changes') AS c))"
        " WHERE body -> 'changes' @> jsonb_build_array(jsonb_build_object('kind', %(kind)s::text, 'subject', %(subject)s::text))",
        {"kind": kind, "subject": subject},
    )
    tx.execute(
        "UPDATE interlock.change SET body = '{}', reason = 'erased' WHERE process = %s AND kind = %s AND operation = 'create'"
        " AND state = 'done' AND subject = %s",
        [process, kind, subject],
    )


def doubtful(tx: Transaction, process: str, kind: str) -> list[Row]:
    """Return done creates of a kind whose first answer was lost, for as long as a late commit is thinkable: two days."""
    return tx.execute(
        "SELECT key, system, operation, kind, body, parent, subject, result_ref FROM interlock.change WHERE process = %s"
        " AND kind = %s AND operation = 'create' AND state = 'done' AND ever_unknown AND finished_at > now() - interval '2 days'"
        " ORDER BY id",
        [process, kind],
    ).fetchall()


def overdue(tx: Transaction, process: str, days: float) -> list[Row]:
    """Return the oldest open change of each subject that waits longer than `days`, those for a person's approval apart."""
    return tx.execute(
        "SELECT DISTINCT ON (subject) subject, system, state, reason, extract(day FROM now() - opened_at)::int AS days"
        " FROM interlock.change WHERE process = %s AND state IN ('pending', 'sending', 'unknown')"
        " AND opened_at < now() - make_interval(secs => %s) ORDER BY subject, opened_at, id",
        [process, days * 86_400],
    ).fetchall()
