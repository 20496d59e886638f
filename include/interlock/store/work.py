"""What is work: subjects whose inputs, configuration or linked records differ from what was last decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.record import Problem
from interlock.store import families
from interlock.store.database import Transaction, refresh_statistics

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subjects:
    """How a process finds its subjects, in SQL.

    inputs: `ref` and `inputs`, a hash of all that a decision about it depends on, of every subject of the instance %(crm)s as
    read in %(scratch)s. views: one row a subject of the batch %(batch)s, with %(process)s, %(depth)s, %(after)s, %(limit)s.
    stuck: an array of subjects that are decided anew in any case, with %(process)s. families: whether they have parents.
    """

    inputs: str
    views: str
    stuck: str = "ARRAY[]::text[]"
    families: bool = False


def collect(
    tx: Transaction,
    batch_id: UUID,
    process: str,
    subjects: Subjects,
    crm: str,
    config: str,
    named: Sequence[str] | None,
    scratch: UUID | None,
    now: datetime,
) -> int:
    """List the batch's subjects: those read in this run and those that are work by now; returns how many are work."""
    tx.execute("DELETE FROM interlock.batch_subject WHERE batch_id = %s", [batch_id])
    tx.execute(
        f"""
        INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work)
        SELECT %(batch)s, i.ref, i.inputs, w.is_work FROM ({subjects.inputs}) i
        LEFT JOIN interlock.subject s ON s.process = %(process)s AND s.ref = i.ref
        CROSS JOIN LATERAL (SELECT s.ref IS NULL OR s.inputs <> i.inputs OR s.config <> %(config)s
            OR coalesce(s.due_at <= %(now)s, false) OR %(named)s::text[] IS NOT NULL
            OR i.ref = ANY({subjects.stuck}) AS is_work) w
        WHERE (%(named)s::text[] IS NULL OR i.ref = ANY(%(named)s)) AND (w.is_work OR i.ref IN
            (SELECT t.ref FROM interlock.staged t WHERE t.batch_id = %(batch)s
             UNION SELECT t.parent FROM interlock.staged t WHERE t.batch_id = %(batch)s AND t.parent IS NOT NULL))
        """,  # noqa: S608 - constants
        {"batch": batch_id, "process": process, "crm": crm, "config": config, "scratch": scratch, "now": now,
         "named": list(named) if named is not None else None},
    )  # fmt: skip
    if subjects.families:
        families.place(tx, batch_id, scratch)
    row = tx.execute(
        "SELECT count(*) AS looked_at, count(*) FILTER (WHERE is_work) AS work FROM interlock.batch_subject WHERE batch_id = %s",
        [batch_id],
    ).fetchone()
    refresh_statistics(tx, row["looked_at"] if row else 0, "batch_subject")
    return int(row["work"]) if row else 0


def unknown_names(tx: Transaction, batch_id: UUID, code: str) -> list[str]:
    """Reject under `code` named records that a direct read did not find, so that the report adds up; returns them."""
    tx.execute(
        "INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work) SELECT b.id, n.ref, '', false"
        " FROM interlock.batch b, unnest(b.named) AS n(ref) WHERE b.id = %s"
        " AND NOT EXISTS (SELECT FROM interlock.redirect r WHERE r.from_ref = n.ref) ON CONFLICT DO NOTHING",
        [batch_id],
    )
    rows = tx.execute(
        "UPDATE interlock.batch_subject s SET is_work = false, outcome = 'rejected', reason = %s"
        " FROM interlock.batch b WHERE s.batch_id = %s AND b.id = s.batch_id AND b.named IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = s.batch_id AND t.ref = s.ref) RETURNING s.ref",
        [code, batch_id],
    )
    return [row["ref"] for row in rows]


def views(
    tx: Transaction, batch_id: UUID, process: str, subjects: Subjects, scratch: UUID | None, limit: int
) -> Iterator[list[Row]]:
    """Yield the work subjects in pages, parents before children, each with everything a decision needs at that time.

    Views look records up one by one (OFFSET 0 keeps the planner from joining all of them anew for every page).
    """
    for depth in range(families.deepest(tx, batch_id) + 1):
        place: Row = {"batch": batch_id, "process": process, "scratch": scratch, "depth": depth, "after": "", "limit": limit}
        while page := tx.execute(subjects.views, place).fetchall():
            yield page
            place["after"] = page[-1]["ref"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a subject was decided on and how: `planned | unchanged | waiting | rejected`, with a reason's code.

    due_at: when time alone makes it work again.
    """

    ref: str
    inputs: str
    state: str
    reason: str = ""
    due_at: datetime | None = None


def set_outcomes(tx: Transaction, batch_id: UUID, subjects: Sequence[Subject]) -> None:
    """Say what became of subjects in this batch."""
    tx.execute(
        "UPDATE interlock.batch_subject b SET outcome = n.state, reason = n.reason"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS n(ref, state, reason) WHERE b.batch_id = %s AND b.ref = n.ref",
        [[s.ref for s in subjects], [s.state for s in subjects], [s.reason for s in subjects], batch_id],
    )


def set_outcome(tx: Transaction, batch_id: UUID, ref: str, outcome: str, reason: str = "") -> None:
    """Say what became of one subject in this batch."""
    set_outcomes(tx, batch_id, [Subject(ref, "", outcome, reason)])


def with_reason(tx: Transaction, batch_id: UUID, reasons: Sequence[str]) -> list[Row]:
    """Return `ref` and `reason` of the subjects that have one of these reasons."""
    return tx.execute(
        "SELECT ref, reason FROM interlock.batch_subject WHERE batch_id = %s AND reason = ANY(%s) ORDER BY ref",
        [batch_id, list(reasons)],
    ).fetchall()


def still_rejected(tx: Transaction, process: str, batch_id: UUID) -> None:
    """Count subjects that were read, are no work, and were held back before as held back still."""
    tx.execute(
        "UPDATE interlock.batch_subject b SET outcome = 'rejected', reason = s.reason FROM interlock.subject s"
        " WHERE b.batch_id = %s AND NOT b.is_work AND s.process = %s AND s.ref = b.ref AND s.state = 'rejected'",
        [batch_id, process],
    )


def leave_out(tx: Transaction, batch_id: UUID, found: Mapping[str, Sequence[Problem]]) -> None:
    """Keep for the report which fields a subject goes over without."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "UPDATE interlock.batch_subject SET left_out = %s WHERE batch_id = %s AND ref = %s",
            [(Jsonb([[p.code, p.field, p.message] for p in problems]), batch_id, ref) for ref, problems in found.items()],
        )


def hold_others(tx: Transaction, batch_id: UUID, refs: Sequence[str], reason: str) -> None:
    """Count records that are no subjects of the process among those looked at and held back."""
    tx.execute(
        "INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work, outcome, reason)"
        " SELECT %s, ref, '', false, 'rejected', %s FROM unnest(%s::text[]) AS ref ON CONFLICT DO NOTHING",
        [batch_id, reason, list(refs)],
    )


def decided(tx: Transaction, process: str, config: str, subjects: Sequence[Subject]) -> None:
    """Remember what subjects were last decided on."""
    tx.execute(
        "INSERT INTO interlock.subject AS s (process, ref, inputs, config, state, reason, due_at)"
        " SELECT %s, n.ref, n.inputs, %s, n.state, n.reason, n.due_at"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])"
        "   AS n(ref, inputs, state, reason, due_at)"
        " ON CONFLICT (process, ref) DO UPDATE SET inputs = excluded.inputs, config = excluded.config, due_at = excluded.due_at,"
        " state = excluded.state, reason = excluded.reason, decided_at = now(),"
        " since = CASE WHEN s.state = excluded.state THEN s.since ELSE now() END",
        [process, config, [s.ref for s in subjects], [s.inputs for s in subjects], [s.state for s in subjects],
         [s.reason for s in subjects], [s.due_at for s in subjects]],
    )  # fmt: skip


def lingering(tx: Transaction, process: str, days: float) -> list[Row]:
    """Return the subjects whose decision waits for longer than `days`, with its reason."""
    return tx.execute(
        "SELECT ref, reason, extract(day FROM now() - since)::int AS days FROM interlock.subject"
        " WHERE process = %s AND state = 'waiting' AND since < now() - make_interval(secs => %s) ORDER BY ref",
        [process, days * 86_400],
    ).fetchall()


def redecide(tx: Transaction, process: str, refs: Sequence[str]) -> None:
    """Make subjects work again, whatever they were decided on."""
    tx.execute(
        "UPDATE interlock.subject SET due_at = 'epoch' WHERE process = %s AND ref = ANY(%s)",
        [process, list(refs)],
    )


def as_decided(tx: Transaction, process: str, subjects: Subjects, crm: str, batch_id: UUID, links: str) -> set[str]:
    """Return the subjects that a run changed something for and whose inputs are still those that were decided on.

    links: the kind whose create changes them by itself.
    """
    rows = tx.execute(
        f"SELECT s.ref FROM interlock.subject s JOIN ({subjects.inputs}) i ON i.ref = s.ref"  # noqa: S608 - constants
        " JOIN (SELECT subject, bool_or(operation = 'create' AND kind = %(links)s) AS linked FROM interlock.change"
        "   WHERE done_batch = %(batch)s GROUP BY 1) c ON c.subject = s.ref"
        " WHERE s.process = %(process)s AND (i.inputs = s.inputs OR c.linked)",
        {"scratch": None, "crm": crm, "process": process, "batch": batch_id, "links": links},
    ).fetchall()
    return {row["ref"] for row in rows}


def acknowledge(tx: Transaction, process: str, subjects: Subjects, crm: str, refs: Sequence[str]) -> None:
    """Recognise our own writes: take the present inputs of these subjects as decided (invariant 7, echo)."""
    tx.execute(
        f"UPDATE interlock.subject s SET inputs = i.inputs FROM ({subjects.inputs}) i"  # noqa: S608 - constants
        " WHERE s.process = %(process)s AND s.ref = i.ref AND s.ref = ANY(%(refs)s)",
        {"scratch": None, "crm": crm, "process": process, "refs": list(refs)},
    )
