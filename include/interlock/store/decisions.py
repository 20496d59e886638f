"""What people decide: release or ignore a held-back record, which customer an account is, pause, resume.

A decision is only recorded here, with who and why in the audit log; the next run acts on it.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from interlock.domain.process import PROCESSES
from interlock.errors import NothingToDecide
from interlock.store import audit, matches, work
from interlock.store.database import Transaction

Row = dict[str, Any]
MATCH: Final = "match_"  # codes of entries that ask which customer an account is
PAUSABLE: Final = (*PROCESSES, "crm", "erp")


def decide_entry(
    tx: Transaction,
    entry: int,
    action: Literal["release", "ignore"],
    actor: str,
    why: str = "",
    seen: str | None = None,
) -> bool:
    """Record a release or an ignore with the revision that was seen (default: the one the entry is about).

    Returns whether a newer version of the record is known; then that one is judged, whatever was decided on the older
    one. Raises NothingToDecide when the entry is unknown or no longer open.
    """
    row = tx.execute(
        "SELECT q.*, (SELECT s.revision FROM interlock.snapshot s WHERE s.ref = q.ref) AS present"
        " FROM interlock.quarantine q WHERE id = %s FOR UPDATE",
        [entry],
    ).fetchone()
    if row is None:
        raise NothingToDecide(f"there is no held-back entry {entry}; the list of held-back records shows the open ones")
    if row["state"] != "open":
        who = f" by {row['decided_by']}" if row["decided_by"] else ""
        raise NothingToDecide(f"entry {entry} was already {row['state']}{who}; the list shows what is still open")
    seen = row["revision"] if seen is None else seen
    newer = seen not in {row["revision"], ""} or row["present"] not in {None, seen}
    tx.execute(
        "UPDATE interlock.quarantine SET state = %s, decided_by = %s, decided_at = now(), why = %s, decided_revision = %s"
        " WHERE id = %s",
        ["released" if action == "release" else "ignored", actor, why, seen, entry],
    )
    if action == "release" or newer:
        work.redecide(tx, row["process"], [row["ref"]])
    values = {"entry": entry, "code": row["code"], "field": row["field"], "revision": seen}
    audit.append(tx, [audit.Entry(actor, f"quarantine {action}", row["ref"], why, values)])
    return newer


def decide_match(tx: Transaction, entry: int, number: str | None, actor: str, why: str = "") -> bool:
    """Release an entry that asks who the customer is, and remember the answer: that customer's number, None for a new one.

    Returns whether a newer version of the record is known. Raises NothingToDecide when the entry asks something else, or
    when there is no such customer.
    """
    row = tx.execute("SELECT ref, code FROM interlock.quarantine WHERE id = %s", [entry]).fetchone()
    if row is None or not row["code"].startswith(MATCH):
        raise NothingToDecide(f"entry {entry} does not ask which customer an account is; release it without --link or --create")
    customer = matches.remember(tx, row["ref"], number, actor, why)
    said = f"link to {customer}" if customer else "create a new customer"
    audit.append(tx, [audit.Entry(actor, f"match: {said}", row["ref"], why)])
    return decide_entry(tx, entry, "release", actor, why)


def pause(tx: Transaction, name: str, actor: str, why: str = "") -> bool:
    """Stop a process or a system before its next write; False when it was paused before. Raises NothingToDecide."""
    _known(name)
    paused = tx.execute(
        "INSERT INTO interlock.paused (name, actor, why) VALUES (%s, %s, %s) ON CONFLICT (name) DO NOTHING",
        [name, actor, why],
    ).rowcount
    if paused:
        audit.append(tx, [audit.Entry(actor, "pause", name, why)])
    return bool(paused)


def resume(tx: Transaction, name: str, actor: str, why: str = "") -> bool:
    """Let a paused process or system go on; False when it was not paused. Raises NothingToDecide."""
    _known(name)
    resumed = tx.execute("DELETE FROM interlock.paused WHERE name = %s", [name]).rowcount
    if resumed:
        audit.append(tx, [audit.Entry(actor, "resume", name, why)])
    return bool(resumed)


def _known(name: str) -> None:
    if name not in PAUSABLE:
        raise NothingToDecide(f"{name} cannot be paused; {', '.join(PAUSABLE)} can")
