"""`interlock match --preview`, and the candidates of a question side by side."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.cli.connections import look_up
from interlock.config import load
from interlock.domain.party import PARTY_FIELDS
from interlock.engine.assemble import assemble
from interlock.engine.leads.preview import preview as look
from interlock.store.matches import candidates

__all__ = ["candidates", "preview", "side_by_side"]
Row = dict[str, Any]
console = Console()


def preview(options: Namespace) -> None:
    """Read both systems and show what would be linked, asked and created; nothing is written."""
    engine = assemble(load(options.config), look_up)
    try:
        found, names = look(engine, everybody=options.all)
    finally:
        engine.database.close()
    table = Table("verdict", "account", "name", "customer or candidates", "why", box=None, header_style="bold")
    for row in found.rows:
        others = [row["customer"]] if row["customer"] else [c["ref"] for c in row["candidates"]]
        shown = "; ".join(f"{names.get(ref, '')} ({_id(ref)})" for ref in map(str, others))
        table.add_row(row["verdict"], _id(row["account"]), escape(names.get(row["account"], "")), escape(shown), row["why"])
    console.print(table)
    for what, count in found.totals.items():
        console.print(f"{count:>7}  {what}", highlight=False)
    console.print(f"{len(found.rows):>7}  accounts")


def side_by_side(account: Row, found: list[Row]) -> Table:
    """Return a table of the account and its candidates, field by field, with scores and what speaks for and against."""
    table = Table("", "account", box=None, header_style="bold")
    for row in found:
        table.add_column(f"{'customer' if (row['body'] or {}).get('number') else 'account'} {_number(row)}", overflow="fold")
    table.add_row("score", "", *(f"{row['score']}" for row in found))
    table.add_row("agrees", "", *(", ".join(row["evidence"]) for row in found))
    table.add_row("against", "", *(", ".join(row["against"]) for row in found))
    table.add_row("", "", *(_state(row) for row in found))
    for name in PARTY_FIELDS:
        values = [str((row["body"] or {}).get(name) or "") for row in found]
        table.add_row(name, escape(str(account.get(name) or "")), *map(escape, values))
    return table


def _state(row: Row) -> str:
    owner = f"account {_id(row['taken_by'])}'s" if row["taken_by"] else ""
    return "; ".join(filter(None, ["" if row["active"] else "blocked", owner]))


def _number(row: Row) -> str:
    return str((row["body"] or {}).get("number") or _id(row["candidate"]))


def _id(ref: str) -> str:
    return ref.rsplit("/", 1)[-1]
