"""Requests that wait for a person: what is asked, who may answer, what the answer does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from interlock.config import ApprovalSettings
from interlock.domain.identity import content_hash
from interlock.domain.record import Problem
from interlock.errors import NothingToDecide
from interlock.store import audit, effects, outbox, people, work
from interlock.store.database import Transaction
from interlock.store.requests import HASH

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


def open_requests(tx: Transaction, process: str | None = None) -> list[Row]:
    """Return the requests of a process, or of all, that wait for an answer, oldest first."""
    return tx.execute(
        f"{REQUEST} WHERE a.state = 'open' AND (%(process)s::text IS NULL OR a.process = %(process)s) ORDER BY a.id",
        {"process": process},
    ).fetchall()


def request(tx: Transaction, number: int) -> Row:
    """Return one request with `asked_by`, who started its run; raises NothingToDecide when there is none."""
    row = tx.execute(f"{REQUEST} WHERE a.id = %s", [number]).fetchone()
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
    """Approve or reject a request; void, and asked anew, when its content changed since it was asked.

    Answers queue behind runs that decide for the process: what a run changes meanwhile is never approved unseen.
    Raises NothingToDecide when the request is unknown or no longer open, NotAllowed when this user may not answer.
    """
    outbox.queue_up(tx, request(tx, number)["process"])
    row = request(tx, number)
    if row["state"] != "open":
        raise NothingToDecide(
            f"approval request {number} was already {row['state']} by {row['decided_by']}; the list shows what is still open"
        )
    (rules or ApprovalSettings()).check(actor, row["asked_by"], row["excluded"])
    held = tx.execute(
        "SELECT key, body FROM interlock.change WHERE id = ANY(%s) AND state = 'held'", [row["change_ids"]]
    ).fetchall()
    same = content_hash({change["key"]: change["body"] for change in held}) == row["content_hash"]
    state = "void" if not same else "approved" if action == "approve" else "rejected"
    tx.execute(
        "UPDATE interlock.approval SET state = %s, decided_by = %s, decided_at = now() WHERE id = %s", [state, actor, number]
    )
    subjects = _approve(tx, row) if state == "approved" else _drop(tx, row)
    if state == "rejected":
        for subject in sorted(set(subjects)):
            people.hold_also(tx, row["process"], None, subject, [_rejected(number)])
    if state == "void":
        work.redecide(tx, row["process"], subjects)
    audit.append(tx, [audit.Entry(actor, state, f"approval {number}", why or row["reason"])])
    return Answer(state, len(subjects))


def _approve(tx: Transaction, row: Row) -> list[str]:
    """Let the changes go, and remember what of each was approved."""
    rows = tx.execute(
        f"UPDATE interlock.change c SET state = 'pending', reason = '', approved_hash = {HASH}"  # noqa: S608 - a constant
        " WHERE c.id = ANY(%s) AND c.state = 'held' RETURNING c.subject",
        [row["change_ids"]],
    ).fetchall()
    return [change["subject"] for change in rows]


def _drop(tx: Transaction, row: Row) -> list[str]:
    """Cancel the changes, and the further steps of the same records that would have followed them."""
    held = tx.execute(
        "SELECT id, key, subject FROM interlock.change WHERE id = ANY(%s) AND state = 'held'", [row["change_ids"]]
    ).fetchall()
    effects.cancel(tx, row["process"], [change["key"] for change in held])
    return [change["subject"] for change in held]


def _rejected(approval: int) -> Problem:
    message = f"its changes were rejected with approval request {approval}; release this entry to let the record go on"
    return Problem(people.REJECTED_BY_APPROVER, "", message)
