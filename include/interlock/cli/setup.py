"""`interlock setup`: make in a system what the processes need there, showing it first."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.cli.connections import look_up
from interlock.config import load
from interlock.connectors.registry import connect
from interlock.errors import ConfigurationError
from interlock.ports.system import Need, Preparable

CRMS = ("hubspot", "espocrm")
SYSTEMS = (*CRMS, "tryton", "odoo")
MARKS = {
    "there": "[green]there[/]",
    "made": "[green]made[/]",
    "missing": "[yellow]missing[/]",
    "differs": "[red]differs[/]",
    "unseen": "[red]unseen[/]",
    "refused": "[red]refused[/]",
}
console = Console()


def setup(options: Namespace) -> int:
    """Show what is there, what is missing, what differs; or make what is missing. 1 while anything is left to do."""
    settings = load(options.config)
    if options.system not in CRMS:
        raise ConfigurationError(
            f"Interlock makes nothing in an ERP by itself; `interlock doctor` says what {options.system} lacks, and the cure"
        )
    if settings.crm.system != options.system:
        raise ConfigurationError(
            f"crm.system is {settings.crm.system}, not {options.system}; prepare the system that is connected"
        )
    crm = settings.crm.with_maps(settings.maps)
    system = connect(options.system, look_up(options.connection or crm.connection), crm, settings.customers)
    if not isinstance(system, Preparable):
        raise ConfigurationError(f"{options.system} needs no preparing; `interlock doctor` says what is missing there")
    made = list(system.make_missing()) if options.apply else []
    left = list(system.survey())
    console.print(_table(_shown(made, left)))
    open_ = sum(need.state not in {"there", "made"} for need in left)
    if options.apply:
        console.print(f"{sum(need.state == 'made' for need in made)} made, {open_} left to do")
    else:
        console.print(f"{len(left) - open_} there, {open_} left to do; nothing was changed")
    return int(open_ > 0)


def _shown(made: Sequence[Need], left: Sequence[Need]) -> list[Need]:
    """Show each need once: what became of it just now before how it stands."""
    fresh = {(need.place, need.what, need.name): need for need in made}
    return [fresh.get((need.place, need.what, need.name), need) for need in left]


def _table(needs: Sequence[Need]) -> Table:
    table = Table("", "where", "what", "name", "remark", box=None, header_style="bold")
    for need in needs:
        table.add_row(MARKS[need.state], need.place, need.what, need.name, escape(need.message))
    return table
