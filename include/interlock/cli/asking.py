"""Open approval requests as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from interlock.store.asked import AskedInvoice, words

SHOWN: Final = 5


def request_table(rows: Sequence[dict[str, Any]], invoices: Mapping[int, Sequence[AskedInvoice]]) -> Table:
    """Lay out each request with its reason and its first invoices, the former version below where it was asked anew."""
    table = Table(box=None, header_style="bold")
    for column in ("id", "process", "changes", "why", "what", "since"):
        table.add_column(column, overflow="fold")
    for row in rows:
        found = invoices.get(row["id"], ())
        lines = [line for one in found for line in _lines(one)]
        if row["former"]:
            lines.insert(0, f"asked anew: replaces request {row['former']}")
        if SHOWN <= len(found) < row["changes"]:
            lines.append(f"and {row['changes'] - len(found)} more; Interlock > Approvals > {row['id']} shows all")
        since = f"{row['requested_at']:%Y-%m-%d %H:%M}"
        what = escape("\n".join(lines))
        table.add_row(str(row["id"]), row["process"], str(row["changes"]), escape(row["reason"]), what, since)
    return table


def _lines(one: AskedInvoice) -> list[str]:
    who = f"to {one.recipient or 'no name'}{f' (customer {one.customer})' if one.customer else ''}"
    lines = [f"{words(one.invoice)}, {who}"]
    return [*lines, f"  before, in request {one.former_request}: {words(one.former)}"] if one.former else lines
