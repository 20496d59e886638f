"""What an operator looks at: counts, runs, held-back records, approvals, pauses. Reads only, a page at a time."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from interlock.store.database import Transaction

Row = dict[str, Any]


def tally(tx: Transaction) -> Row:
    """Return how many records are held back, how many approvals are open, and what is paused."""
    row = tx.execute(
        "SELECT (SELECT count(*) FROM interlock.quarantine WHERE state = 'open') AS held,"
        " (SELECT count(DISTINCT ref) FROM interlock.quarantine WHERE state = 'open') AS held_records,"
        " (SELECT count(*) FROM interlock.approval WHERE state = 'open') AS approvals,"
        " (SELECT count(*) FROM interlock.batch) AS runs"
    ).fetchone()
    paused = tx.execute("SELECT * FROM interlock.paused ORDER BY name").fetchall()
    return {**(row or {}), "paused": paused}


def runs(tx: Transaction, limit: int, offset: int = 0) -> list[Row]:
    """Return runs, newest first, each with its counts once its report is written."""
    return tx.execute(
        "SELECT b.*, r.body -> 'counts' AS counts FROM interlock.batch b"
        " LEFT JOIN interlock.run_report r ON r.batch_id = b.id ORDER BY b.started_at DESC, b.id LIMIT %s OFFSET %s",
        [limit, offset],
    ).fetchall()


def run(tx: Transaction, process: str, name: str) -> Row | None:
    """Return one run by its Airflow run id or batch id: its row, and its report without the changes."""
    return tx.execute(
        "SELECT b.*, r.written_at, r.body - 'changes' AS report,"
        " coalesce(jsonb_array_length(r.body -> 'changes'), 0) AS changes FROM interlock.batch b"
        " LEFT JOIN interlock.run_report r ON r.batch_id = b.id WHERE b.process = %s AND (b.run_id = %s OR b.id::text = %s)",
        [process, name, name],
    ).fetchone()


NAME: Final = "coalesce(nullif({0} ->> 'legal_name', ''), nullif({0} ->> 'name', ''))"
"""What people call a record: an account's legal name, a contract's or a deal's name."""
CONTRACT: Final = "CASE WHEN s.kind = 'contract' THEN s.body ->> 'number' END AS contract"
WHOSE: Final = f"{NAME.format('s.body')} AS name, {CONTRACT}, p.body ->> 'legal_name' AS account"
PARENT: Final = """LEFT JOIN interlock.redirect m ON m.from_ref = s.parent
        LEFT JOIN interlock.snapshot p ON s.kind = 'contract' AND p.ref = coalesce(m.to_ref, s.parent)"""
FOUND: Final = f"""(%(find)s = '' OR {{ref}} LIKE '%%/' || %(exact)s OR {NAME.format("s.body")} ILIKE '%%' || %(like)s || '%%'
    OR s.kind = 'contract' AND s.body ->> 'number' <> '' AND (s.body ->> 'number' ILIKE '%%' || %(like)s || '%%'
        OR starts_with(%(find)s, (s.body ->> 'number') || '/') OR p.body ->> 'legal_name' ILIKE '%%' || %(like)s || '%%'))"""
"""A record's id, part of its name; a contract's number, an invoice's reference, part of its account's name."""


def changes(tx: Transaction, batch: UUID, find: str, limit: int, offset: int = 0) -> tuple[int, list[Row]]:
    """Return how many of a report's changes match `find` (see FOUND), and a page of them."""
    rows = tx.execute(
        f"""
        SELECT c.body, {WHOSE}, x.number, count(*) OVER () AS found
        FROM interlock.run_report r CROSS JOIN LATERAL jsonb_array_elements(r.body -> 'changes') WITH ORDINALITY AS c(body, n)
        LEFT JOIN interlock.snapshot s ON s.ref = c.body ->> 'subject'
        {PARENT}
        LEFT JOIN interlock.crosswalk x ON x.account = c.body ->> 'subject'
        WHERE r.batch_id = %(batch)s AND {FOUND.format(ref="c.body ->> 'subject'")}
        ORDER BY c.n LIMIT %(limit)s OFFSET %(offset)s
        """,  # noqa: S608 - a constant
        {"batch": batch, "limit": limit, "offset": offset, **_search(find)},
    ).fetchall()
    return (rows[0]["found"] if rows else 0), [{**row.pop("body"), **row} for row in rows]


def named(tx: Transaction, rows: list[Row]) -> list[Row]:
    """Return a report's rows with the present names of their records, and contracts' numbers and accounts."""
    found = tx.execute(
        f"SELECT s.ref, {WHOSE} FROM interlock.snapshot s {PARENT} WHERE s.ref = ANY(%s)",  # noqa: S608 - constants
        [[row["ref"] for row in rows]],
    ).fetchall()
    known = {row["ref"]: row for row in found}
    nobody = {"name": None, "contract": None, "account": None}
    return [{**row, **known.get(row["ref"], nobody)} for row in rows]


def held(tx: Transaction, find: str, limit: int, offset: int = 0) -> tuple[int, list[Row]]:
    """Return how many open quarantine entries match `find`, and a page of them, the longest waiting first."""
    rows = tx.execute(
        f"""
        SELECT q.*, {WHOSE}, s.revision AS present, count(*) OVER () AS found
        FROM interlock.quarantine q LEFT JOIN interlock.snapshot s ON s.ref = q.ref
        {PARENT}
        WHERE q.state = 'open' AND {FOUND.format(ref="q.ref")}
        ORDER BY q.opened_at, q.id LIMIT %(limit)s OFFSET %(offset)s
        """,  # noqa: S608 - a constant
        {"limit": limit, "offset": offset, **_search(find)},
    ).fetchall()
    return (rows[0]["found"] if rows else 0), rows


def entry(tx: Transaction, number: int) -> Row | None:
    """Return one quarantine entry with the record it is about, as last read."""
    return tx.execute(
        f"SELECT q.*, s.body, s.revision AS present, s.seen_at, {WHOSE} FROM interlock.quarantine q"  # noqa: S608 - constants
        f" LEFT JOIN interlock.snapshot s ON s.ref = q.ref {PARENT} WHERE q.id = %s",
        [number],
    ).fetchone()


def process_of(tx: Transaction, table: Literal["quarantine", "approval"], number: int) -> str | None:
    """Return the process that an entry or a request is about, None for one that is not there."""
    row = tx.execute(f"SELECT process FROM interlock.{table} WHERE id = %s", [number]).fetchone()  # noqa: S608 - one of two
    return str(row["process"]) if row else None


def past(tx: Transaction, process: str, ref: str, limit: int = 20) -> tuple[list[Row], list[Row]]:
    """Return a record's quarantine entries and its changes, newest first."""
    entries = tx.execute(
        "SELECT * FROM interlock.quarantine WHERE process = %s AND ref = %s ORDER BY id DESC LIMIT %s", [process, ref, limit]
    ).fetchall()
    written = tx.execute(
        "SELECT subject, system, operation, kind, seen AS before, body AS after, results, why, state, reason,"
        " coalesce(finished_at, decided_at) AS at, x.number FROM interlock.change"
        " LEFT JOIN interlock.crosswalk x ON x.account = subject WHERE process = %s AND subject = %s"
        " ORDER BY id DESC LIMIT %s",
        [process, ref, limit],
    ).fetchall()
    return entries, written


def approvals(tx: Transaction, limit: int, offset: int = 0) -> list[Row]:
    """Return approval requests: the open ones first, then the newest decided ones."""
    return tx.execute(
        "SELECT a.*, cardinality(a.change_ids) AS changes, b.run_id FROM interlock.approval a"
        " LEFT JOIN interlock.batch b ON b.id = a.batch_id ORDER BY a.state <> 'open', a.id DESC LIMIT %s OFFSET %s",
        [limit, offset],
    ).fetchall()


def approval(tx: Transaction, number: int) -> Row | None:
    """Return one approval request; `renewed`: the number under which it was asked anew."""
    return tx.execute(
        "SELECT a.*, cardinality(a.change_ids) AS changes, b.run_id,"
        " (SELECT max(n.id) FROM interlock.approval n WHERE n.former = a.id) AS renewed FROM interlock.approval a"
        " LEFT JOIN interlock.batch b ON b.id = a.batch_id WHERE a.id = %s",
        [number],
    ).fetchone()


def _search(find: str) -> Row:
    escaped = find.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"find": find, "exact": escaped, "like": escaped}
