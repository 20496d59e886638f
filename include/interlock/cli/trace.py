"""`interlock invoice REFERENCE`: where an invoice came from, from the contract to what the CRM was told, with the proof."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.connections import look_up
from interlock.cli.story import Story
from interlock.config import load
from interlock.domain.invoice import InvoiceKey
from interlock.errors import ConfigurationError
from interlock.store import trace as store
from interlock.store.database import Transaction, opened

console = Console()


def invoice(options: Namespace) -> None:
    """Print the whole story of one invoice, by its reference or by its number in the ERP."""
    settings = load(options.config)
    with opened(look_up(settings.database).url) as tx:
        found = store.trace(tx, _key(tx, options.reference))
    if not (found.steps or found.erp or found.entries):
        raise ConfigurationError(f"nothing is on record of an invoice {options.reference}; a run reads new ones")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in Story(found, settings).told():
        table.add_row(name, Text(words))
    console.print(table)


def _key(tx: Transaction, given: str) -> InvoiceKey:
    """Read a reference, or look for the one that the ERP numbered so."""
    try:
        return InvoiceKey.parse(given)
    except ValueError:
        known = store.references(tx, given)
    if len(known) == 1:
        return InvoiceKey.parse(known[0])
    raise ConfigurationError(
        f"{len(known) or 'no'} invoices with number {given} are known; name it by its reference, such as SC-7/2026-01-01"
    )
