"""The typed staging tables that the checks over a batch read, and what they found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from interlock.domain.finding import Finding
from interlock.domain.party import PARTY_FIELDS
from interlock.store.database import Transaction

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "account": PARTY_FIELDS,
    "contact": ("account", "name", "email", "phone", "country"),
    "deal": ("account", "won_at"),
    "customer": ("account", "number"),
    "contract": ("account", "number", "starts", "currency"),
    "contract_line": ("account", "product", "tax_class", "description"),
    "receivable": ("account", "number", "currency"),
}
TABLES: Final = (*(f"checked_{kind}" for kind in COLUMNS), "finding")


def fill(tx: Transaction, batch: UUID, kind: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Stage records of one kind under their references, an empty value as none; returns how many."""
    count = 0
    columns = COLUMNS[kind]
    with (
        tx.cursor() as cursor,
        cursor.copy(f"COPY interlock.checked_{kind} (batch_id, ref, {', '.join(columns)}) FROM STDIN") as copy,
    ):
        for ref, values in rows:
            copy.write_row((batch, ref, *(values[name] or None for name in columns)))
            count += 1
    return count


def clear(tx: Transaction, batch: UUID) -> None:
    """Forget what was staged and found; a check begins anew."""
    for table in TABLES:
        tx.execute(f"DELETE FROM interlock.{table} WHERE batch_id = %s", [batch])  # noqa: S608 - constants


def keep(tx: Transaction, batch: UUID, findings: Sequence[Finding]) -> None:
    """Remember what the checks found."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.finding (batch_id, kind, field, code, message, checked, keys)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(batch, f.kind, f.field, f.code, f.message, f.checked, list(f.keys)) for f in findings],
        )


def findings(tx: Transaction, batch: UUID) -> list[Finding]:
    """Return what the checks found, rules that all records keep included."""
    rows = tx.execute(
        "SELECT kind, field, code, message, checked, keys FROM interlock.finding WHERE batch_id = %s ORDER BY kind, field, code",
        [batch],
    )
    return [Finding(**(row | {"keys": tuple(row["keys"])})) for row in rows]


def findings_of_run(tx: Transaction, run_id: str) -> list[Finding]:
    """Return what the checks found in a run that has no report, by its Airflow run id or batch id: one that was stopped."""
    row = tx.execute(
        "SELECT id FROM interlock.batch WHERE run_id = %s OR id::text = %s ORDER BY started_at DESC LIMIT 1", [run_id, run_id]
    ).fetchone()
    return findings(tx, row["id"]) if row else []


def accounts_of(tx: Transaction, batch: UUID, kind: str, refs: Sequence[str]) -> dict[str, str]:
    """Return the account that each of these contacts, deals or customers was checked for."""
    rows = tx.execute(
        f"SELECT ref, account FROM interlock.checked_{kind} WHERE batch_id = %s AND ref = ANY(%s)",  # noqa: S608
        [batch, list(refs)],
    )
    return {row["ref"]: row["account"] for row in rows}
