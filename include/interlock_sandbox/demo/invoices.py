"""What the demo prints of invoices: those in the ERP, the run's money, and the contracts held back with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.registry import connect
from interlock.domain.invoice import Invoice
from interlock.domain.money import minor_digits
from interlock.ports.system import Invoicing
from interlock.store import people
from interlock.store.database import Database

Row = Mapping[str, Any]
PARTS = {"invoiced": "invoiced", "awaiting_approval": "waiting for approval", "held": "held back"}
FIGURES = ("net", "tax", "gross")


def show(console: Console, database: Database, erp: Row, run: str) -> None:
    """Print what a run that invoices came to; `erp` is the ERP's part of the stack."""
    with database.begin() as tx:
        report = people.report(tx, run)
        rows = tx.execute(
            "SELECT ref, body ->> 'number' AS number, body ->> 'name' AS name FROM interlock.snapshot WHERE kind = 'contract'"
        ).fetchall()
    names = {row["number"]: row["name"] for row in rows}
    console.print(made(read(erp, names), names))
    if report and (sums := report.get("money")):
        console.print(money(sums))
    if report and (back := report["held_back"]):
        console.print(held(back, {row["ref"]: row for row in rows}))


def read(erp: Row, contracts: Iterable[str]) -> list[Invoice]:
    """Read all invoices of some contracts, by contract and period."""
    endpoint = Endpoint(url=erp["url"], login=erp["login"], password=erp["password"], database=erp["database"])
    system = connect("tryton", endpoint, ErpSettings(), CustomerSettings())
    assert isinstance(system, Invoicing)
    found = system.invoices_of(sorted(filter(None, contracts)))
    invoices = [Invoice.model_validate(record.values) for records in found.values() for record in records]
    return sorted(invoices, key=lambda invoice: invoice.reference)


def made(invoices: Iterable[Invoice], names: Mapping[str, str]) -> Table:
    """Lay out invoices; `names` are those of contracts by number."""
    table = Table(title="Invoices in the ERP", title_justify="left")
    for name in ("number", "contract and what it shows", "period", *FIGURES):
        table.add_column(name, justify="right" if name in FIGURES else "left", no_wrap=not name.startswith("contract"))
    for invoice in invoices:
        contract, foreign = invoice.key.contract, "" if invoice.currency == "EUR" else f" {invoice.currency}"
        table.add_row(
            escape(invoice.number or invoice.state), escape(f"{contract} {names.get(contract) or ''}"), _days(invoice),
            *(_shown(getattr(invoice, name), invoice.currency) + foreign for name in FIGURES),
        )  # fmt: skip
    return table


def money(parts: Row) -> Table:
    """Lay out a run's sums, each currency apart."""
    table = Table(title="The run's money", title_justify="left")
    for name in ("", "invoices", "currency", *FIGURES):
        table.add_column(name, justify="right" if name in {"invoices", *FIGURES} else "left")
    for part, words in PARTS.items():
        for total in (parts.get(part) or {}).get("sums", ()):
            amounts = (_shown(Decimal(total[name]), total["currency"]) for name in FIGURES)
            table.add_row(words, str(total["invoices"]), total["currency"], *amounts)
    return table


def held(rows: Iterable[Row], contracts: Mapping[str, Row]) -> Table:
    """Lay out what was held back, one row a contract; `contracts` say number and name by reference."""
    table = Table(title="Held back: repair the contract in the CRM, the next run takes it along", title_justify="left")
    table.add_column("contract", no_wrap=True)
    table.add_column("what it shows")
    table.add_column("why", overflow="fold")
    reasons: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["ref"]):
        reasons.setdefault(row["ref"], []).append(row["message"])
    for ref, messages in reasons.items():
        known = contracts.get(ref, {})
        number = known.get("number") or ref.rsplit("/", 1)[1]
        table.add_row(escape(number), escape(known.get("name") or ""), escape("; ".join(dict.fromkeys(messages))))
    return table


def _days(invoice: Invoice) -> str:
    days: list[date | None] = [invoice.service_from, invoice.service_to]
    return "\n".join(day.isoformat() for day in days if day)


def _shown(amount: Decimal, currency: str) -> str:
    return f"{amount:,.{minor_digits(currency)}f}"
