"""What the demo company's customers do with their invoices, and what the CRM shows of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.connectors.tryton.wire import read_amount
from interlock.store import people
from interlock.store.database import Database
from interlock_sandbox.accountant import TODAY, Books

Row = Mapping[str, Any]
DAY = timedelta(days=1)
FEE = "4.50"
FIGURES = ("open", "overdue", "last_payment")
SHOWN = """
SELECT b.body, (SELECT max(t.body ->> 'title') FROM interlock.snapshot t
    WHERE t.kind = 'task' AND t.parent = b.parent AND t.body ->> 'state' = 'open') AS task
FROM interlock.snapshot b WHERE b.kind = 'account_balance' AND NOT b.archived
    AND (b.body ->> 'open' NOT IN ('', '0') OR b.body ->> 'last_payment' <> '') ORDER BY b.ref
"""


def happen(erp: Row) -> int:
    """Book in the ERP, once, what customers did with the first invoices; returns how many did something."""
    books = Books(SimpleNamespace(**erp))
    if books.latest_statement() is not None:
        return 0
    domain = [["type", "=", "out"], ["state", "=", "posted"], ["reference", "!=", None], ["company", "=", books.company]]
    rows = books.rpc.search("account.invoice", domain, ["reference", "party", "total_amount"])
    rows.sort(key=lambda row: row["reference"])
    deeds = (_pays, _pays_a_part, _has_a_debit_returned, _forgets(10), _pays, _forgets(50), _pays_in_advance, _forgets(3))
    for deed, row in zip(deeds, rows, strict=False):
        deed(books, row["id"], row["party"], read_amount(row["total_amount"]))
    books.statement((books.party(), "12.00", None))  # whatever else there was: the bank is booked up to today
    return min(len(deeds), len(rows))


def _pays(books, invoice, party, gross):
    """In full, by a line of the bank statement."""
    books.statement((party, gross, invoice))


def _pays_a_part(books, invoice, party, gross):
    """Half of it."""
    books.statement((party, round(gross / 2, 2), invoice))


def _has_a_debit_returned(books, invoice, party, gross):
    """The bank collects, and gives it back a day later for a fee, which is an open item of its own."""
    books.pay(invoice, gross, on=TODAY - DAY)
    (line,) = books.row(invoice, "payment_lines")["payment_lines"]
    books.unreconcile(line)
    books.take_back(books.move_of(line), "AM04 Konto nicht gedeckt")
    books.move(("receivable", FEE, party), ("bank", f"-{FEE}", None), description="Gebühr der Rücklastschrift")


def _forgets(days):
    def deed(books, invoice, *_):
        """He promised to pay earlier than usual, and did not."""
        books.move_due_date(books.due_lines(invoice)[0], TODAY - days * DAY)

    return deed


def _pays_in_advance(books, _, party, __):
    """Money came without a word what it is for."""
    books.receipt(party, "50.00")


def show(console: Console, database: Database, run: str) -> None:
    """Print what the CRM shows of accounts that owe or paid, the tasks for their owners, and whether it equals the ERP."""
    with database.begin() as tx:
        report = people.report(tx, run)
        rows = tx.execute(SHOWN).fetchall()
    table = Table(title="What the CRM shows of payments, in EUR, and the tasks for owners", title_justify="left")
    table.add_column("account", max_width=22, no_wrap=True)
    for name in FIGURES:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    table.add_column("task", no_wrap=True)
    for row in rows:
        body, task = row["body"], row["task"] or ""
        why = "returned" if "returned" in task else task.partition("(")[2].partition(")")[0]
        table.add_row(escape(body["name"]), *(_money(body[name]) for name in FIGURES), why)
    console.print(table)
    for sums in (report or {}).get("balances", {}).get("currencies", ()):
        words = f"Open items in {sums['currency']}: ERP {sums['erp']}, CRM {sums['crm']}, difference {sums['difference']}"
        console.print(words, highlight=False)


def _money(text: str) -> str:
    return f"{Decimal(text):,.2f}" if text else ""
