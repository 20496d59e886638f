"""What people see and decide: quarantine, approvals, pauses, pinned instances, run reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.domain.record import Problem
from interlock.errors import InstanceMismatch
from interlock.ports.system import Instance
from interlock.store.database import Transaction

Row = dict[str, Any]


REJECTED_BY_APPROVER = "rejected_by_approver"  # only a person's release ends it, never an unrelated change


def quarantine(tx: Transaction, process: str, batch: UUID | None, ref: str, problems: Sequence[Problem]) -> None:
    """Hold a record back as it was last read; reasons that no longer hold resolve by themselves (invariant 5)."""
    resolve(tx, process, [ref], keep=[(p.code, p.field) for p in problems])
    hold_also(tx, process, batch, ref, problems)


def hold_also(tx: Transaction, process: str, batch: UUID | None, ref: str, problems: Sequence[Problem]) -> None:
    """Hold a record back for further reasons, found after its decision, whose own stay.

    What a person ignores is not shown again until the record or the detail changes.
    """
    for problem in problems:
        tx.execute(
            "INSERT INTO interlock.quarantine AS q (process, ref, revision, code, field, message, detail, batch_id)"
            " SELECT %(process)s, %(ref)s, r.revision, %(code)s, %(field)s, %(message)s, %(detail)s, %(batch)s"
            " FROM (SELECT coalesce((SELECT revision FROM interlock.snapshot WHERE ref = %(ref)s), '') AS revision) r"
            " WHERE NOT EXISTS (SELECT FROM interlock.quarantine i WHERE i.process = %(process)s AND i.ref = %(ref)s"
            "   AND i.code = %(code)s AND i.field = %(field)s AND i.detail = %(detail)s AND i.state = 'ignored'"
            "   AND i.decided_revision = r.revision)"
            " ON CONFLICT (process, ref, code, field) WHERE state = 'open'"
            " DO UPDATE SET revision = excluded.revision, message = excluded.message, detail = excluded.detail",
            {"process": process, "ref": ref, "code": problem.code, "field": problem.field, "message": problem.message,
             "detail": problem.detail, "batch": batch},
        )  # fmt: skip


def resolve(tx: Transaction, process: str, refs: Sequence[str], keep: Sequence[tuple[str, str]] = ()) -> None:
    """Close records' open entries except those under `keep`."""
    tx.execute(
        "UPDATE interlock.quarantine SET state = 'resolved', decided_at = now() WHERE process = %s AND ref = ANY(%s)"
        " AND state = 'open' AND code <> %s AND NOT EXISTS (SELECT FROM unnest(%s::text[], %s::text[]) AS k(code, field)"
        " WHERE k.code = quarantine.code AND k.field = quarantine.field)",
        [process, list(refs), REJECTED_BY_APPROVER, [code for code, _ in keep], [name for _, name in keep]],
    )


def no_longer(tx: Transaction, process: str, code: str, refs: Sequence[str]) -> None:
    """Close entries under a code except those of these records."""
    tx.execute(
        "UPDATE interlock.quarantine SET state = 'resolved', decided_at = now() WHERE process = %s AND code = %s"
        " AND state = 'open' AND NOT ref = ANY(%s)",
        [process, code, list(refs)],
    )


def settled(tx: Transaction, process: str, code: str) -> None:
    """Close entries under a code whose record neither has an open change any more nor waits."""
    tx.execute(
        "UPDATE interlock.quarantine q SET state = 'resolved', decided_at = now() WHERE process = %s AND code = %s"
        " AND state = 'open' AND NOT EXISTS (SELECT FROM interlock.change c WHERE c.subject = q.ref AND c.process = q.process"
        " AND c.state IN ('pending', 'sending', 'unknown'))"
        " AND NOT EXISTS (SELECT FROM interlock.subject s WHERE s.process = q.process AND s.ref = q.ref AND s.state = 'waiting')",
        [process, code],
    )


def pin(tx: Transaction, role: str, instance: Instance) -> None:
    """Pin the instance a role leads to on first use; raises InstanceMismatch when it later leads elsewhere (invariant 14)."""
    row = tx.execute(
        "INSERT INTO interlock.pinned AS p (role, instance, product, version) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (role) DO UPDATE SET version = CASE WHEN p.instance = excluded.instance THEN excluded.version"
        " ELSE p.version END RETURNING instance",
        [role, instance.id, instance.product, instance.version],
    ).fetchone()
    if row and row["instance"] != instance.id:
        raise InstanceMismatch(
            f"the {role} connection leads to {instance.id}, but this integration database belongs to {row['instance']};"
            " point the connection back, or use another integration database"
        )


def paused_by(tx: Transaction, names: Sequence[str]) -> Row | None:
    """Return the pause that stops any of these processes or systems."""
    return tx.execute("SELECT * FROM interlock.paused WHERE name = ANY(%s) LIMIT 1", [list(names)]).fetchone()


def save_report(tx: Transaction, batch: UUID, process: str, run_id: str, body: Row) -> None:
    """Store the run report; a retried step replaces its own."""
    tx.execute(
        "INSERT INTO interlock.run_report (batch_id, process, run_id, body) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (batch_id) DO UPDATE SET body = excluded.body, written_at = now()",
        [batch, process, run_id, Jsonb(body)],
    )


def report(tx: Transaction, run_id: str) -> Row | None:
    """Return the report of a run by its Airflow run id or batch id."""
    row = tx.execute(
        "SELECT body FROM interlock.run_report WHERE run_id = %s OR batch_id::text = %s ORDER BY written_at DESC LIMIT 1",
        [run_id, run_id],
    ).fetchone()
    return row["body"] if row else None
