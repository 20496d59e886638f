"""The money of a run, and the balances after it, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from interlock.domain.identity import Values
from interlock.domain.money import plain
from interlock.processes.billing.money import RunMoney


def money_table(body: Values) -> Table:
    """Lay out what the run report keeps: a row for each reason, currency and tax, sums by currency, shares by fiscal year."""
    money = RunMoney.model_validate(body)
    table = Table(box=None, header_style="bold")
    for column in ("money", "why", "currency", "tax"):
        table.add_column(column, overflow="fold")
    for column in ("net", "tax", "gross"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, part in money.parts.items():
        for row in part.rows:
            kind = f"{row.category} {plain(row.rate)} %" if row.rate is not None else "not known"
            table.add_row(name.replace("_", " "), escape(row.reason), escape(row.currency), escape(kind), *row.figures)
        for total in part.sums:
            count = f"{total.invoices} invoice{'s' * (total.invoices != 1)}"
            table.add_row(name.replace("_", " "), count, escape(total.currency), "all", *total.figures, style="bold")
    for year in money.fiscal_years:
        table.add_row(f"fiscal year {year.year}", "invoiced, by service days", escape(year.currency), "", year.figure, "", "")
    return table


def balances_table(body: Mapping[str, Any]) -> Table:
    """Lay out what the CRM shows as open beside the ERP's open items: a row a currency, then the accounts that differ."""
    table = Table(box=None, header_style="bold")
    table.add_column("balances", overflow="fold")
    table.add_column("currency")
    for column in ("ERP", "CRM", "difference", "no account"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in body["currencies"]:
        table.add_row("all accounts", *(escape(row[name]) for name in ("currency", "erp", "crm", "difference", "not_in_crm")))
    for row in body["accounts"]:
        table.add_row(f"differs: {escape(row['account'])}", *(escape(row[name]) for name in ("currency", "erp", "crm")))
    return table
