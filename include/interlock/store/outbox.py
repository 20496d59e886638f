"""The outbox: the changes that were decided, each under its key (invariant 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.change import Change, Role
from interlock.store.database import Transaction

Row = dict[str, Any]
MOMENTS: Final = ("synced_at", "time")
"""Fields that say when a change was decided, and nothing else."""

INSERT = """
INSERT INTO interlock.change AS c
    (key, once, process, system, operation, kind, target, subject, ref, parent, body, seen, depends_on, why, batch_id)
VALUES (%(key)s, %(once)s, %(process)s, %(system)s, %(operation)s, %(kind)s, %(target)s, %(subject)s, %(ref)s, %(parent)s,
    %(body)s, %(seen)s, %(depends_on)s, %(why)s, %(batch)s)
ON CONFLICT (key) WHERE once OR state IN ('pending', 'held', 'sending', 'unknown')
DO UPDATE SET body = excluded.body, seen = excluded.seen, depends_on = excluded.depends_on, parent = excluded.parent,
    why = excluded.why, token = NULL, finished_at = NULL, unwanted = false,
    state = CASE WHEN c.state = 'held' THEN c.state ELSE 'pending' END,
    reason = CASE WHEN c.state = 'held' THEN c.reason ELSE '' END,
    batch_id = CASE WHEN c.state = 'held' AND c.body = excluded.body THEN c.batch_id ELSE excluded.batch_id END,
    decided_at = CASE WHEN c.state = 'held' AND c.body = excluded.body THEN c.decided_at ELSE now() END,
    opened_at = CASE WHEN c.state IN ('pending', 'held') THEN c.opened_at ELSE now() END
WHERE c.state IN ('pending', 'held', 'rejected', 'cancelled', 'stale')
"""


GIVEN = "unnest(%(targets)s::text[], %(kinds)s::text[], %(keys)s::text[], %(subjects)s::text[]) AS n(target, kind, key, subject)"
REPLACE = f"""
UPDATE interlock.change c SET state = 'cancelled', reason = 'replaced', finished_at = now() FROM {GIVEN}
WHERE c.target = n.target AND c.kind = n.kind AND c.key <> n.key AND c.subject = n.subject AND c.state IN ('pending', 'held')
"""  # noqa: S608 - constants
BEFORE = f"""
SELECT n.key FROM {GIVEN} JOIN interlock.change c ON c.target = n.target AND c.kind = n.kind
WHERE c.state IN ('sending', 'unknown') OR c.state IN ('pending', 'held') AND c.subject <> n.subject
"""  # noqa: S608 - constants
NO_MORE = (
    "NOT EXISTS (SELECT FROM unnest(%(targets)s::text[], %(kinds)s::text[]) AS n(target, kind)"
    " WHERE n.target = c.target AND n.kind = c.kind)"
)


def queue_up(tx: Transaction, process: str) -> None:
    """Let one transaction at a time decide for a process; held until it ends."""
    tx.execute("SELECT pg_advisory_xact_lock(710403, hashtext(%s))", [process])


def record(tx: Transaction, batch: UUID, changes: Sequence[Change]) -> set[str]:
    """Store decided changes; returns the keys of those that wait behind another and must be decided again.

    They wait behind one whose fate is not known yet, or another account's that is yet to be sent. A newer decision replaces
    the account's own one on the same target that certainly did not reach it (invariant 4). A once-only effect that already
    happened stands. One that is held stays held, as decided now: `requests.renew` then asks anew if that is something else.
    """
    changes = _as_held(tx, changes)
    places = {
        "targets": [c.target for c in changes], "kinds": [c.kind for c in changes], "keys": [c.key for c in changes],
        "subjects": [str(c.subject) for c in changes],
    }  # fmt: skip
    tx.execute(REPLACE, places)
    before = tx.execute(BEFORE, places).fetchall()
    waits, first = {str(row["key"]) for row in before}, dict[tuple[str, str], str]()
    waits |= {c.key for c in changes if first.setdefault((c.target, c.kind), str(c.subject)) != str(c.subject)}
    with tx.cursor() as cursor:
        cursor.executemany(INSERT, [_row(batch, change) for change in changes if change.key not in waits])
    return waits


def withdraw(tx: Transaction, process: str, subjects: Sequence[str], changes: Sequence[Change]) -> None:
    """Cancel what subjects' earlier decisions wanted, certainly is not in the target, and the present ones touch no more.

    A create that may have arrived is marked: once it is found absent, it is not sent again. changes: what the present decisions
    of these subjects want (invariant 4).
    """
    wanted = {
        "process": process, "subjects": list(subjects), "targets": [change.target for change in changes],
        "kinds": [change.kind for change in changes],
    }  # fmt: skip
    tx.execute(
        f"UPDATE interlock.change c SET unwanted = {NO_MORE} WHERE process = %(process)s AND subject = ANY(%(subjects)s)"  # noqa: S608
        " AND state IN ('sending', 'unknown') AND operation = 'create'",
        wanted,
    )
    tx.execute(
        "UPDATE interlock.change c SET state = 'cancelled', reason = 'withdrawn', finished_at = now()"  # noqa: S608 - constants
        " WHERE process = %(process)s AND subject = ANY(%(subjects)s) AND state IN ('pending', 'held') AND " + NO_MORE,
        wanted,
    )


def _as_held(tx: Transaction, changes: Sequence[Change]) -> list[Change]:
    """Let what is held for approval stand where a change says the same, but for the moment at which it was decided."""
    rows = tx.execute(
        "SELECT target, kind, subject, body, seen FROM interlock.change WHERE state = 'held' AND target = ANY(%s)",
        [[change.target for change in changes]],
    ).fetchall()
    held = {(row["target"], row["kind"], row["subject"]): row for row in rows}
    kept: list[Change] = []
    for change in changes:
        row = held.get((change.target, change.kind, str(change.subject)))
        if row is None or _lasting(change.values) != _lasting(row["body"]) or _lasting(change.seen) != _lasting(row["seen"]):
            kept.append(change)
        elif change.once:
            kept.append(replace(change, values=row["body"]))
    return kept


def _lasting(values: Mapping[str, Any]) -> Row:
    return {name: value for name, value in values.items() if name not in MOMENTS}


def _row(batch: UUID, change: Change) -> Row:
    return {
        "key": change.key, "once": change.once, "process": change.process, "system": change.system,
        "operation": change.operation, "kind": change.kind, "target": change.target, "subject": str(change.subject),
        "ref": str(change.ref) if change.ref else None, "parent": str(change.parent) if change.parent else None,
        "body": Jsonb(dict(change.values)), "seen": Jsonb(dict(change.seen)), "depends_on": list(change.depends_on),
        "why": change.why, "batch": batch,
    }  # fmt: skip


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
