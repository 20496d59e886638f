"""Requests that wait for a person: what is asked, who may answer, what the answer does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from interlock.config import ApprovalSettings
from interlock.domain.identity import content_hash
from interlock.domain.record import Problem
from interlock.errors import NothingToDecide
from interlock.store import audit, people, work
from interlock.store.database import Transaction

Row = dict[str, Any]
REQUEST: Final = (
    "SELECT a.*, cardinality(a.change_ids) AS changes, b.actor AS asked_by, b.run_id FROM interlock.approval a"
    " LEFT JOIN interlock.batch b ON b.id = a.batch_id"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an approval request: `approved | rejected | void`, and how many changes it concerned."""

    state: str
    changes: int


def open_requests(tx: Transaction, process: str) -> list[Row]:
    """Return the requests of a process that wait for an answer, oldest first."""
    return tx.execute(f"{REQUEST} WHERE a.process = %s AND a.state = 'open' ORDER BY a.id", [process]).fetchall()


def request(tx: Transaction, number: int) -> Row:
    """Return one request with `asked_by`, who started its run; raises NothingToDecide when there is none."""
    row = tx.execute(f"{REQUEST} WHERE a.id = %s FOR UPDATE OF a", [number]).fetchone()
    if row is None:
        raise NothingToDecide(f"there is no approval request {number}; the list of approvals shows the open ones")
    return row


def decide(
    tx: Transaction,
    number: int,
    action: Literal["approve", "reject"],
    actor: str,
    why: str = "",
    rules: ApprovalSettings | None = None,
) -> Answer:
    """Approve or reject a held run; void, and asked anew, when its content changed since it was asked.

    Raises NothingToDecide when the request is unknown or no longer open, NotAllowed when this user may not answer.
    """
    row = request(tx, number)
    if row["state"] != "open":
        raise NothingToDecide(
            f"approval request {number} was already {row['state']} by {row['decided_by']}; the list shows what is still open"
        )
    (rules or ApprovalSettings()).check(actor, row["asked_by"])
    held = tx.execute(
        "SELECT key, body FROM interlock.change WHERE id = ANY(%s) AND state = 'held'", [row["change_ids"]]
    ).fetchall()
    same = content_hash({change["key"]: change["body"] for change in held}) == row["content_hash"]
    state = "void" if not same else "approved" if action == "approve" else "rejected"
    tx.execute(
        "UPDATE interlock.approval SET state = %s, decided_by = %s, decided_at = now() WHERE id = %s", [state, actor, number]
    )
    subjects = _free(tx, row, "pending" if state == "approved" else "cancelled")
    if state == "rejected":
        for subject in sorted(set(subjects)):
            people.quarantine(tx, row["process"], None, subject, [_rejected(number)])
    if state == "void":
        work.redecide(tx, row["process"], subjects)
    audit.append(tx, [audit.Entry(actor, state, f"approval {number}", why or row["reason"])])
    return Answer(state, len(subjects))


def _free(tx: Transaction, row: Row, state: str) -> list[str]:
    rows = tx.execute(
        "UPDATE interlock.change SET state = %s, reason = '', finished_at = CASE WHEN %s = 'cancelled' THEN now() END"
        " WHERE id = ANY(%s) AND state = 'held' RETURNING subject",
        [state, state, row["change_ids"]],
    ).fetchall()
    return [change["subject"] for change in rows]


def _rejected(approval: int) -> Problem:
    message = f"its changes were rejected with approval request {approval}; release this entry to let the record go on"
    return Problem(people.REJECTED_BY_APPROVER, "", message)
