"""What is work: subjects whose inputs, configuration or linked records differ from what was last decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.record import Problem
from interlock.store import checked
from interlock.store.database import Transaction

Row = dict[str, Any]

INPUTS = """
SELECT a.ref, md5(concat_ws('|', a.revision, a.archived, d.revisions, x.customer, x.number, c.revision, c.archived, m.customers))
    AS inputs
FROM interlock.current_records(%(scratch)s) a
LEFT JOIN (SELECT parent, string_agg(ref || revision, ',' ORDER BY ref) AS revisions
    FROM interlock.current_records(%(scratch)s) WHERE kind IN ('deal', 'contact') GROUP BY parent) d ON d.parent = a.ref
LEFT JOIN interlock.crosswalk x ON x.account = a.ref
LEFT JOIN interlock.current_records(%(scratch)s) c ON c.ref = x.customer
LEFT JOIN (SELECT r.to_ref, string_agg(o.customer, ',' ORDER BY o.customer) AS customers
    FROM interlock.redirect r JOIN interlock.crosswalk o ON o.account = r.from_ref GROUP BY r.to_ref) m ON m.to_ref = a.ref
WHERE a.kind = 'account' AND a.instance = %(crm)s
  AND NOT EXISTS (SELECT FROM interlock.redirect r WHERE r.from_ref = a.ref)
"""


def open_batch(tx: Transaction, batch: UUID, process: str, run_id: str, scope: Row) -> UUID:
    """Register a run under its id and return its batch; a retried task finds the batch its first try opened."""
    row = tx.execute(
        "INSERT INTO interlock.batch AS b (id, process, run_id, dry_run, full_read, named, actor)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (process, run_id) DO UPDATE SET run_id = b.run_id RETURNING id",
        [batch, process, run_id, scope["dry_run"], scope["full"], scope["named"] or None, scope["actor"]],
    ).fetchone()
    assert row is not None  # noqa: S101 - an upsert always returns its row
    return UUID(str(row["id"]))


def accounts(tx: Transaction, batch_id: UUID, crm: str) -> list[Row]:
    """Return every live account as the batch read it: `ref`, `body` and the bodies of its `deals`."""
    return tx.execute(
        "SELECT a.ref, a.body, coalesce(d.deals, '[]') AS deals FROM interlock.current_records(%(batch)s) a"
        " LEFT JOIN (SELECT parent, jsonb_agg(body ORDER BY ref) AS deals FROM interlock.current_records(%(batch)s)"
        "   WHERE kind = 'deal' AND NOT archived GROUP BY parent) d ON d.parent = a.ref"
        " WHERE a.kind = 'account' AND a.instance = %(crm)s AND NOT a.archived ORDER BY a.ref",
        {"batch": batch_id, "crm": crm},
    ).fetchall()


def forget(tx: Transaction, batch_id: UUID) -> None:
    """Remove a scratch batch and what it read."""
    tx.execute("DELETE FROM interlock.staged WHERE batch_id = %s", [batch_id])
    tx.execute("DELETE FROM interlock.batch WHERE id = %s", [batch_id])


def clear_abandoned(tx: Transaction, process: str, days: int = 7) -> None:
    """Forget what runs that never ended had read; decided work does not depend on it."""
    for table in ("staged", *checked.TABLES, "batch_subject"):
        tx.execute(
            f"DELETE FROM interlock.{table} t USING interlock.batch b WHERE b.id = t.batch_id AND b.process = %s"  # noqa: S608
            " AND b.finished_at IS NULL AND b.started_at < now() - make_interval(days => %s)",
            [process, days],
        )


def batch(tx: Transaction, batch_id: UUID) -> Row:
    """Return the batch's row."""
    row = tx.execute("SELECT * FROM interlock.batch WHERE id = %s", [batch_id]).fetchone()
    if row is None:
        raise LookupError(f"no batch {batch_id}")
    return row


def scope(tx: Transaction, batch_id: UUID) -> list[str] | None:
    """Return the accounts a run is limited to, with those they were merged into or that were merged into them; None: all."""
    row = tx.execute(
        """
        SELECT named, ARRAY(
            SELECT ref FROM unnest(b.named) AS ref
            UNION SELECT to_ref FROM interlock.redirect WHERE from_ref = ANY(b.named)
            UNION SELECT o.from_ref FROM interlock.redirect o WHERE o.to_ref = ANY(b.named) OR o.to_ref IN
                (SELECT to_ref FROM interlock.redirect WHERE from_ref = ANY(b.named))) AS subjects
        FROM interlock.batch b WHERE id = %s
        """,
        [batch_id],
    ).fetchone()
    return list(row["subjects"]) if row and row["named"] else None


def timed(tx: Transaction, batch_id: UUID, step: str, seconds: float) -> None:
    """Remember how long a step took."""
    tx.execute("UPDATE interlock.batch SET seconds = seconds || %s WHERE id = %s", [Jsonb({step: round(seconds, 3)}), batch_id])


def collect(
    tx: Transaction,
    batch_id: UUID,
    process: str,
    crm: str,
    config: str,
    named: Sequence[str] | None,
    scratch: UUID | None,
) -> int:
    """List the batch's subjects: those read in this run and those that are work; returns how many are work."""
    tx.execute("DELETE FROM interlock.batch_subject WHERE batch_id = %s", [batch_id])
    tx.execute(
        f"""
        INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work)
        SELECT %(batch)s, i.ref, i.inputs, w.is_work FROM ({INPUTS}) i
        LEFT JOIN interlock.subject s ON s.process = %(process)s AND s.ref = i.ref
        CROSS JOIN LATERAL (SELECT s.ref IS NULL OR s.inputs <> i.inputs OR s.config <> %(config)s
            OR coalesce(s.due_at <= clock_timestamp(), false) OR %(named)s::text[] IS NOT NULL AS is_work) w
        WHERE (%(named)s::text[] IS NULL OR i.ref = ANY(%(named)s)) AND (w.is_work OR EXISTS
            (SELECT FROM interlock.staged t WHERE t.batch_id = %(batch)s AND coalesce(t.parent, t.ref) = i.ref))
        """,  # noqa: S608 - INPUTS is a constant
        {"batch": batch_id, "process": process, "crm": crm, "config": config, "scratch": scratch,
         "named": list(named) if named is not None else None},
    )  # fmt: skip
    row = tx.execute("SELECT count(*) AS n FROM interlock.batch_subject WHERE batch_id = %s AND is_work", [batch_id]).fetchone()
    return int(row["n"]) if row else 0


def unknown_names(tx: Transaction, batch_id: UUID) -> list[str]:
    """Reject named accounts that a direct read did not find, so that the report adds up; returns them."""
    tx.execute(
        "INSERT INTO interlock.batch_subject (batch_id, ref, inputs, is_work) SELECT b.id, n.ref, '', false"
        " FROM interlock.batch b, unnest(b.named) AS n(ref) WHERE b.id = %s"
        " AND NOT EXISTS (SELECT FROM interlock.redirect r WHERE r.from_ref = n.ref) ON CONFLICT DO NOTHING",
        [batch_id],
    )
    rows = tx.execute(
        "UPDATE interlock.batch_subject s SET is_work = false, outcome = 'rejected', reason = 'account_unknown'"
        " FROM interlock.batch b WHERE s.batch_id = %s AND b.id = s.batch_id AND b.named IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = s.batch_id AND t.ref = s.ref) RETURNING s.ref",
        [batch_id],
    )
    return [row["ref"] for row in rows]


VIEWS = """
SELECT b.ref, b.inputs, b.outcome, a.body, a.revision, a.archived, a.problems, x.customer, x.number,
    c.body AS customer_body, c.archived AS customer_archived,
    coalesce((SELECT jsonb_agg(jsonb_build_object('ref', d.ref, 'kind', d.kind, 'problems', d.problems, 'body', d.body)
        ORDER BY d.ref) FROM interlock.current_records(%(scratch)s) d
        WHERE d.parent = b.ref AND NOT d.archived), '[]') AS children,
    coalesce((SELECT jsonb_agg(jsonb_build_object('key', o.key, 'state', o.state, 'attempt', o.attempt, 'body', o.body))
        FROM interlock.change o WHERE o.subject = b.ref AND o.process = %(process)s
        AND o.state IN ('pending', 'held', 'sending', 'unknown')), '[]') AS open_changes,
    EXISTS (SELECT FROM interlock.change n WHERE n.key = 'note/linked/' || b.ref AND n.state = 'done') AS noted,
    EXISTS (SELECT FROM interlock.change n WHERE n.state = 'done' AND (n.key = 'prehistory/' || b.ref OR n.key IN
        (SELECT 'prehistory/' || r.from_ref FROM interlock.redirect r WHERE r.to_ref = b.ref))) AS told,
    ARRAY(SELECT o.number FROM interlock.redirect r JOIN interlock.crosswalk o ON o.account = r.from_ref
        WHERE r.to_ref = b.ref AND o.customer <> x.customer ORDER BY 1) AS other_customers,
    EXISTS (SELECT FROM interlock.redirect r JOIN interlock.change f ON f.subject = r.from_ref
        WHERE r.to_ref = b.ref AND f.process = %(process)s AND f.state IN ('sending', 'unknown')) AS merging,
    EXISTS (SELECT FROM interlock.quarantine q WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'open'
        AND q.code = 'rejected_by_approver') AS rejected_by_approver,
    coalesce((SELECT jsonb_agg(jsonb_build_array(q.code, q.detail)) FROM interlock.quarantine q
        WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'released'), '[]') AS released
FROM interlock.batch_subject b
JOIN interlock.current_records(%(scratch)s) a ON a.ref = b.ref
LEFT JOIN interlock.crosswalk x ON x.account = b.ref
LEFT JOIN interlock.current_records(%(scratch)s) c ON c.ref = x.customer
WHERE b.batch_id = %(batch)s AND b.is_work AND b.ref > %(after)s ORDER BY b.ref LIMIT %(limit)s
"""


def views(tx: Transaction, batch_id: UUID, process: str, scratch: UUID | None, after: str, limit: int) -> list[Row]:
    """Return the next page of work subjects after `after`, each with everything a decision needs."""
    return tx.execute(
        VIEWS, {"batch": batch_id, "process": process, "scratch": scratch, "after": after, "limit": limit}
    ).fetchall()


def flawed_contacts(tx: Transaction, batch_id: UUID, scratch: UUID | None) -> list[Row]:
    """Return the contacts with a role of the accounts at work that have something unusable, or nothing at all to reach them."""
    return tx.execute(
        "SELECT b.ref AS account, d.ref AS contact, d.body, d.problems FROM interlock.batch_subject b"
        " JOIN interlock.current_records(%s) d ON d.parent = b.ref AND d.kind = 'contact' AND NOT d.archived"
        " WHERE b.batch_id = %s AND b.is_work AND b.reason <> 'not_won' AND coalesce(d.body ->> 'roles', '[]') <> '[]'"
        " AND (d.problems <> '[]' OR concat(d.body ->> 'email', d.body ->> 'phone', d.body ->> 'first_name',"
        "   d.body ->> 'last_name', d.body ->> 'salutation') = '') ORDER BY d.ref",
        [scratch, batch_id],
    ).fetchall()


def shared_emails(tx: Transaction, batch_id: UUID, scratch: UUID | None) -> list[Row]:
    """Return `account` and `other` wherever a contact of a work subject has the e-mail of another account's contact."""
    return tx.execute(
        "WITH c AS (SELECT parent, body ->> 'email' AS email FROM interlock.current_records(%(scratch)s)"
        "   WHERE kind = 'contact' AND NOT archived AND coalesce(body ->> 'email', '') <> '' AND parent IS NOT NULL)"
        " SELECT DISTINCT b.ref AS account, o.parent AS other FROM interlock.batch_subject b JOIN c ON c.parent = b.ref"
        " JOIN c o ON o.email = c.email AND o.parent <> c.parent WHERE b.batch_id = %(batch)s AND b.is_work"
        " AND b.reason <> 'not_won' ORDER BY 1, 2",
        {"scratch": scratch, "batch": batch_id},
    ).fetchall()


def set_outcome(tx: Transaction, batch_id: UUID, ref: str, outcome: str, reason: str = "") -> None:
    """Say what became of a subject in this batch."""
    tx.execute(
        "UPDATE interlock.batch_subject SET outcome = %s, reason = %s WHERE batch_id = %s AND ref = %s",
        [outcome, reason, batch_id, ref],
    )


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


def decided(tx: Transaction, process: str, ref: str, inputs: str, config: str, state: str, reason: str = "") -> None:
    """Remember what a subject was last decided on."""
    tx.execute(
        "INSERT INTO interlock.subject AS s (process, ref, inputs, config, state, reason) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (process, ref) DO UPDATE SET inputs = excluded.inputs, config = excluded.config, due_at = NULL,"
        " state = excluded.state, reason = excluded.reason, decided_at = now(),"
        " since = CASE WHEN s.state = excluded.state THEN s.since ELSE now() END",
        [process, ref, inputs, config, state, reason],
    )


def redecide(tx: Transaction, process: str, refs: Sequence[str]) -> None:
    """Make subjects work again, whatever they were decided on."""
    tx.execute(
        "UPDATE interlock.subject SET due_at = clock_timestamp() WHERE process = %s AND ref = ANY(%s)",
        [process, list(refs)],
    )


def acknowledge(tx: Transaction, process: str, crm: str, refs: Sequence[str]) -> None:
    """Recognise our own writes: take the present inputs of these subjects as decided (invariant 7, echo)."""
    tx.execute(
        f"UPDATE interlock.subject s SET inputs = i.inputs FROM ({INPUTS}) i"  # noqa: S608 - a constant
        " WHERE s.process = %(process)s AND s.ref = i.ref AND s.ref = ANY(%(refs)s)",
        {"scratch": None, "crm": crm, "process": process, "refs": list(refs)},
    )
