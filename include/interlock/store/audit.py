"""The audit log: append-only, chained by hash, verifiable after values were erased (invariant 13)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from interlock.domain.identity import Values, canonical
from interlock.errors import AuditBroken
from interlock.store.database import Transaction

CHAIN_LOCK = 710_402


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to which record, and why; `values` go to the erasable side table."""

    actor: str
    action: str
    subject: str
    why: str = ""
    values: Values = field(default_factory=dict)


def append(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Append entries to the chain within the caller's transaction; writers queue behind each other until it commits."""
    if not entries:
        return
    tx.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = tx.execute("SELECT seq, hash FROM interlock.audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last["seq"], last["hash"]) if last else (0, "")
    now = datetime.now(UTC)
    links, bodies = [], []
    for entry in entries:
        seq += 1
        salt = secrets.token_hex(8)
        values_hash = _hash(salt, canonical(entry.values))
        link = (seq, now, entry.actor, entry.action, entry.subject, entry.why, values_hash, previous)
        previous = _hash(*map(_text, link))
        links.append((*link, previous))
        bodies.append((seq, salt, Jsonb(dict(entry.values))))
    with tx.cursor() as cursor:
        cursor.executemany("INSERT INTO interlock.audit VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", links)
        cursor.executemany("INSERT INTO interlock.audit_values VALUES (%s, %s, %s)", bodies)


def erase_values(tx: Transaction, subject: str) -> None:
    """Erase the values that were recorded of a subject; the chain stays verifiable."""
    tx.execute(
        "DELETE FROM interlock.audit_values v USING interlock.audit a WHERE a.seq = v.seq AND a.subject = %s AND v.body <> '{}'",
        [subject],
    )


def verify(tx: Transaction) -> int:
    """Walk the chain and return its length; raises AuditBroken naming the first entry that does not fit."""
    previous, count = "", 0
    rows = tx.execute(
        "SELECT a.*, v.salt, v.body FROM interlock.audit a LEFT JOIN interlock.audit_values v USING (seq) ORDER BY seq"
    )
    for count, row in enumerate(rows, start=1):
        link = [row[name] for name in ("seq", "at", "actor", "action", "subject", "why", "values_hash", "previous")]
        intact = row["seq"] == count and row["previous"] == previous and row["hash"] == _hash(*map(_text, link))
        if intact and row["salt"] is not None:
            intact = row["values_hash"] == _hash(row["salt"], canonical(row["body"]))
        if not intact:
            raise AuditBroken(f"the audit chain breaks at entry {count}")
        previous = row["hash"]
    return count


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
