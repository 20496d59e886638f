"""What matching needs to know, what it asked, and what a person said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from interlock.errors import NothingToDecide
from interlock.store.database import Transaction

Row = dict[str, Any]
PART = 1_000  # customers fetched at once


def customers(tx: Transaction, erp: str, scratch: UUID | None) -> Iterator[Row]:
    """Yield `ref` and `body` of every customer known in the ERP, blocked ones too."""
    with tx.cursor(name="customers") as cursor:
        cursor.itersize = PART
        cursor.execute(
            "SELECT ref, body FROM interlock.current_records(%s) WHERE kind = 'customer' AND instance = %s AND NOT archived"
            " ORDER BY ref",
            [scratch, erp],
        )
        yield from cursor


def some_customers(tx: Transaction, refs: Sequence[str], scratch: UUID | None) -> list[Row]:
    """Return `ref` and `body` of these customers."""
    return tx.execute("SELECT ref, body FROM interlock.current_records(%s) WHERE ref = ANY(%s)", [scratch, list(refs)]).fetchall()


def links(tx: Transaction) -> dict[str, str]:
    """Return the crosswalk: account -> customer."""
    return {row["account"]: row["customer"] for row in tx.execute("SELECT account, customer FROM interlock.crosswalk")}


def said(tx: Transaction) -> dict[str, str | None]:
    """Return what people decided: account -> customer, or None for a new one."""
    return {row["account"]: row["customer"] for row in tx.execute("SELECT account, customer FROM interlock.match_decision")}


def forget(tx: Transaction, accounts: Sequence[str]) -> None:
    """Forget the candidates of earlier questions about these accounts."""
    tx.execute("DELETE FROM interlock.match_candidate WHERE account = ANY(%s)", [list(accounts)])


def ask(tx: Transaction, account: str, candidates: Sequence[Row]) -> None:
    """Keep the candidates a person is to choose from, best first."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.match_candidate VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (account, rank, c["ref"], c["score"], c["evidence"], c["against"], c["active"], c["taken_by"])
                for rank, c in enumerate(candidates, start=1)
            ],
        )


def candidates(tx: Transaction, account: str) -> list[Row]:
    """Return the candidates of an account, best first, each with its `body` as last read."""
    return tx.execute(
        "SELECT m.*, s.body FROM interlock.match_candidate m LEFT JOIN interlock.snapshot s ON s.ref = m.candidate"
        " WHERE m.account = %s ORDER BY rank",
        [account],
    ).fetchall()


def remember(tx: Transaction, account: str, number: str | None, actor: str, why: str) -> str | None:
    """Record that an account is the customer of that number, or a new one (None); returns the customer.

    Where that customer belongs to another account, this becomes a further account of it. Raises NothingToDecide when no such
    customer is known.
    """
    customer = None
    if number is not None:
        rows = tx.execute(
            "SELECT ref FROM interlock.snapshot WHERE kind = 'customer' AND NOT archived AND body ->> 'number' = %s", [number]
        ).fetchall()
        if len(rows) != 1:
            raise NothingToDecide(f"{len(rows) or 'no'} customers with number {number} are known; a run reads new ones")
        customer = str(rows[0]["ref"])
    tx.execute(
        "INSERT INTO interlock.match_decision (account, customer, decided_by, why) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (account) DO UPDATE SET customer = excluded.customer, decided_by = excluded.decided_by,"
        " why = excluded.why, decided_at = now()",
        [account, customer, actor, why],
    )
    return customer
