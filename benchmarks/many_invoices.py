"""Many customers with invoices in a real Tryton: one is made by its own calls, the others are copies of its rows.

Posting takes a quarter of a second an invoice. What Tryton wrote for the one customer is copied for the others in its database,
each row under an id a fixed distance higher, so that what points from row to row points within the same customer. The sequences
of ids stay where they are: between the one customer's rows and the copies', it goes on being booked for, and is copied anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import psycopg
from psycopg import sql

from interlock.connectors.tryton.wire import day, read_amount
from interlock_sandbox.accountant import TODAY, Books

DISTANCE = 1_000  # more rows than one customer has in any table
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    AND c.relname ~ '^(party|account_invoice|account_move|account_tax_line)' ORDER BY 1
"""
POINTERS = """
SELECT f.conrelid::regclass::text, a.attname, t.relname FROM pg_constraint f
JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1] JOIN pg_class t ON t.oid = f.confrelid
WHERE f.contype = 'f' AND f.conrelid = {}::regclass
"""
COLUMNS = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
NUMBERED = {("party_party", "code"), ("account_invoice", "number"), ("account_move", "number")}
Marks = Mapping[str, int]


class Sold(NamedTuple):
    """An invoice: how many days ago it was dated, and how many days ago it was paid, if it was."""

    dated: int
    paid: int | None = None


class OneCustomer:
    """The customer of whom all others are copies, with a contract `SC-0` that its invoices are for."""

    def __init__(self, erp: object, sold: Sequence[Sold]) -> None:
        self.books, self.dsn = Books(erp), erp.dsn
        self.books.statement((self.books.party(), "1", None))  # the bank is up to date
        self.marks = _marks(self.dsn)
        self.party = self.books.party()
        self.open: list[int] = []
        for one in sorted(sold, reverse=True):
            dated = TODAY - timedelta(days=one.dated)
            values = {"reference": f"SC-0/{dated}", "invoice_date": day(dated)}
            invoice = self.books.invoice(self.party, "149.50", **values)
            if one.paid is None:
                self.open.append(invoice)
            else:
                self.pay(invoice, TODAY - timedelta(days=one.paid))

    def pay(self, invoice: int, on: date = TODAY) -> None:
        """Pay all that is open of an invoice."""
        amount = read_amount(self.books.row(invoice, "amount_to_pay")["amount_to_pay"])
        assert amount > Decimal(0)
        self.books.pay(invoice, amount, on=on)

    def customer(self, number: int) -> str:
        """Return the id of a copy; number 0 is the customer itself."""
        return str(self.party + number * DISTANCE)

    def multiply(self, customers: int, since: str = "infinity") -> None:
        """Make the copies anew as the one stands now; the rows of each last changed a minute before the other's.

        since: rows that changed from then on keep their time, as the others' of them did on one night.
        """
        with psycopg.connect(self.dsn) as tx:
            tx.execute("SET session_replication_role = replica")  # keys are right by construction
            for table, mark in self.marks.items():
                _copy(tx, table, mark, customers - 1, self.marks, since)
        with psycopg.connect(self.dsn, autocommit=True) as tx:
            tx.execute("ANALYZE")

    def time(self) -> str:
        """Return the database's own time, as Tryton stamps rows with it."""
        with psycopg.connect(self.dsn) as tx:
            return str(tx.execute("SELECT clock_timestamp()::timestamp").fetchone()[0])


def _marks(dsn: str) -> Marks:
    with psycopg.connect(dsn) as tx:
        tables = [row[0] for row in tx.execute(TABLES)]
        newest = sql.SQL("SELECT coalesce(max(id), 0) FROM {}")
        return {table: tx.execute(newest.format(sql.Identifier(table))).fetchone()[0] for table in tables}


def _copy(tx: psycopg.Connection, table: str, mark: int, copies: int, marks: Marks, since: str) -> None:
    name = sql.Identifier(table)
    tx.execute(sql.SQL("DELETE FROM {} WHERE id > {}").format(name, mark + DISTANCE))
    own = sql.SQL("SELECT count(*), max(id) FROM {} WHERE id > {}").format(name, mark)
    rows, newest = tx.execute(own).fetchone()
    if not rows:
        return
    assert newest < mark + DISTANCE, (table, rows)
    pointers = {column: to for _, column, to in tx.execute(sql.SQL(POINTERS).format(f'"{table}"')) if to in marks}
    columns = tx.execute(COLUMNS, [table]).fetchall()
    values = [_value(table, column, kind, marks.get(pointers.get(column, "")), since) for column, kind in columns]
    tx.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} CROSS JOIN generate_series(1, {}) AS copies(k) WHERE id > {}").format(
            name,
            sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns),
            sql.SQL(", ").join(values),
            name,
            copies,
            mark,
        )
    )


def _value(table: str, column: str, kind: str, pointed_at: int | None, since: str) -> sql.Composable:
    """Return what a copy's column holds, as an expression of the original and of the copy's number k."""
    form = "NULL" if kind == "bytea" else "{own}"  # rendered invoices are kept as such
    if column == "id":
        form = "id + {away}"
    elif pointed_at is not None:
        form = "CASE WHEN {own} > {pointed_at} THEN {own} + {away} ELSE {own} END"
    elif column == "origin":
        moved = "split_part({own}, ',', 1) || ',' || split_part({own}, ',', 2)::int + {away}"
        form = f"CASE WHEN {{own}} LIKE 'account.%' THEN {moved} ELSE {{own}} END"
    elif column == "reference":
        form = "replace({own}, 'SC-0/', 'SC-' || k || '/')"
    elif (table, column) in NUMBERED:
        form = "{own} || '-' || k"
    elif column in {"create_date", "write_date"}:
        form = "CASE WHEN {own} < {since}::timestamp THEN {own} - k * interval '1 minute' ELSE {own} END"
    away = sql.SQL("k * {}").format(DISTANCE)
    return sql.SQL(form).format(own=sql.Identifier(column), away=away, pointed_at=pointed_at, since=since)
