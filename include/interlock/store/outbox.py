"""The outbox: the changes that were decided, each under its key (invariant 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Json

from interlock.domain.change import Change, Role
from interlock.store.database import Transaction

Row = dict[str, Any]
MOMENTS: Final = ("synced_at", "time")
"""Fields that say when a change was decided, and nothing else."""

INSERT = """
INSERT INTO interlock.change AS c
    (key, once, process, system, operation, kind, target, subject, ref, parent, body, seen, depends_on, why, batch_id)
SELECT key, once, process, system, operation, kind, target, subject, ref, parent, body, seen, depends_on, why, %(batch)s
FROM json_to_recordset(%(rows)s) AS n (place integer, key text, once boolean, process text, system text, operation text,
    kind text, target text, subject text, ref text, parent text, body jsonb, seen jsonb, depends_on text[], why text)
ORDER BY place
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
THERE = f"""
{GIVEN} CROSS JOIN LATERAL (SELECT * FROM interlock.change c WHERE c.target = n.target AND c.kind = n.kind
    AND c.state IN ('pending', 'held', 'sending', 'unknown') OFFSET 0) c
"""  # noqa: S608 - constants
"""The open changes of what is given, looked up one by one: OFFSET 0 keeps the planner from going through all that are open."""
HELD = f"SELECT c.target, c.kind, c.subject, c.body, c.seen FROM {THERE} WHERE c.state = 'held'"  # noqa: S608 - constants
REPLACE = f"""
UPDATE interlock.change SET state = 'cancelled', reason = 'replaced', finished_at = now() WHERE state IN ('pending', 'held')
AND id = ANY(ARRAY(SELECT c.id FROM {THERE} WHERE c.key <> n.key AND c.subject = n.subject))
"""  # noqa: S608 - constants
BEFORE = f"""
SELECT n.key FROM {THERE} WHERE c.state IN ('sending', 'unknown') OR c.state IN ('pending', 'held') AND c.subject <> n.subject
"""  # noqa: S608 - constants
OF_SUBJECTS = """
unnest(%(subjects)s::text[]) AS s(ref) CROSS JOIN LATERAL (SELECT * FROM interlock.change c WHERE c.subject = s.ref OFFSET 0) c
WHERE c.process = %(process)s
"""
"""A process's changes for some subjects, looked up subject by subject."""
NO_MORE = "(c.target, c.kind) NOT IN (SELECT * FROM unnest(%(targets)s::text[], %(kinds)s::text[]))"


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
    places = _places(changes)
    tx.execute(REPLACE, places)
    before = tx.execute(BEFORE, places).fetchall()
    waits, first = {str(row["key"]) for row in before}, dict[tuple[str, str], str]()
    waits |= {c.key for c in changes if first.setdefault((c.target, c.kind), str(c.subject)) != str(c.subject)}
    rows = [_row(place, change) for place, change in enumerate(changes) if change.key not in waits]
    tx.execute(INSERT, {"batch": batch, "rows": Json(rows)})
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
        f"UPDATE interlock.change c SET unwanted = {NO_MORE} WHERE state IN ('sending', 'unknown') AND operation = 'create'"  # noqa: S608
        f" AND id = ANY(ARRAY(SELECT c.id FROM {OF_SUBJECTS}))",
        wanted,
    )
    tx.execute(
        "UPDATE interlock.change SET state = 'cancelled', reason = 'withdrawn', finished_at = now()"  # noqa: S608 - constants
        f" WHERE state IN ('pending', 'held') AND id = ANY(ARRAY(SELECT c.id FROM {OF_SUBJECTS} AND {NO_MORE}))",
        wanted,
    )


def _as_held(tx: Transaction, changes: Sequence[Change]) -> list[Change]:
    """Let what is held for approval stand where a change says the same, but for the moment at which it was decided."""
    rows = tx.execute(HELD, _places(changes)).fetchall()
    held = {(row["target"], row["kind"], row["subject"]): row for row in rows}
    kept: list[Change] = []
    for change in changes:
        row = held.get((change.target, change.kind, str(change.subject)))
        if row is None or _lasting(change.values) != _lasting(row["body"]) or _lasting(change.seen) != _lasting(row["seen"]):
            kept.append(change)
        elif change.once:
            kept.append(replace(change, values=row["body"]))
    return kept


def _places(changes: Sequence[Change]) -> Row:
    return {
        "targets": [c.target for c in changes], "kinds": [c.kind for c in changes], "keys": [c.key for c in changes],
        "subjects": [str(c.subject) for c in changes],
    }  # fmt: skip


def _lasting(values: Mapping[str, Any]) -> Row:
    return {name: value for name, value in values.items() if name not in MOMENTS}


def _row(place: int, change: Change) -> Row:
    return {
        "place": place, "key": change.key, "once": change.once, "process": change.process, "system": change.system,
        "operation": change.operation, "kind": change.kind, "target": change.target, "subject": str(change.subject),
        "ref": str(change.ref) if change.ref else None, "parent": str(change.parent) if change.parent else None,
        "body": dict(change.values), "seen": dict(change.seen), "depends_on": list(change.depends_on), "why": change.why,
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
