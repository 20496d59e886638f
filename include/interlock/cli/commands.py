"""One function a command. They record decisions; the next run acts on them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.cli import matching
from interlock.cli.asking import SHOWN, request_table
from interlock.cli.connections import look_up
from interlock.cli.money import balances_table, money_table
from interlock.config import load
from interlock.domain.finding import Finding
from interlock.domain.wording import line_words, lines_of, touched
from interlock.engine.assemble import assemble
from interlock.engine.diagnose import diagnose
from interlock.engine.leads.histories import erase_prehistory
from interlock.errors import ConfigurationError
from interlock.processes.invoice_words import step_fields
from interlock.store import approvals, asked, audit, checked, decisions, overview, people
from interlock.store.database import Transaction, opened
from interlock.store.database import migrate as migrate_schema

ALL = 1_000_000
ENTRY = (
    "id", "process", "ref", "contract", "account", "code", "field", "message", "detail", "state", "opened_at", "decided_by",
    "why",
)  # fmt: skip
console = Console()


def _transaction(options: Namespace) -> AbstractContextManager[Transaction]:
    """Open a transaction on the integration database that the settings name."""
    return opened(look_up(load(options.config).database).url)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def migrate(options: Namespace) -> None:
    """Create or upgrade the schema."""
    settings = load(options.config)
    console.print(f"integration database at schema {migrate_schema(look_up(settings.database).url)}")


def doctor(options: Namespace) -> int:
    """Check everything a run needs and say how to cure what is wrong; 1 when an error was found."""
    settings = load(options.config)
    checks = list(diagnose(assemble(settings, look_up)))
    table = _table("", "what", "finding", "cure")
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warn[/]", "error": "[red]error[/]"}
    for check in checks:
        table.add_row(marks[check.level], check.name, check.message, check.cure)
    console.print(table)
    return int(any(check.level == "error" for check in checks))


def pause(options: Namespace) -> None:
    """Stop a process or a system before its next write."""
    with _transaction(options) as tx:
        fresh = decisions.pause(tx, options.name, options.actor, options.why)
    state = "is paused" if fresh else "was paused before"
    console.print(f"{options.name} {state}; `interlock resume {options.name}` lets it go on")


def resume(options: Namespace) -> None:
    """Let a paused process or system go on."""
    with _transaction(options) as tx:
        found = decisions.resume(tx, options.name, options.actor, options.why)
    console.print(f"{options.name} goes on" if found else f"{options.name} was not paused")


def audit_verify(options: Namespace) -> None:
    """Walk the audit chain."""
    with _transaction(options) as tx:
        console.print(f"audit chain intact, {audit.verify(tx)} entries")


def quarantine_list(options: Namespace) -> None:
    """List what is held back and why."""
    with _transaction(options) as tx:
        _, rows = overview.held(tx, options.find, ALL)
    table = _table("id", "record", "code", "field", "why", "since")
    for row in rows:
        record = row["ref"].rsplit("/", 2)
        table.add_row(
            str(row["id"]),
            escape(f"{record[1]} {record[2]}" + (f"\n{row['contract']}" if row["contract"] else "")),
            row["code"],
            escape(row["field"]),
            escape(row["message"]),
            f"{row['opened_at']:%Y-%m-%d %H:%M}",
        )
    console.print(table if rows else "nothing is held back")


def quarantine_show(options: Namespace) -> None:
    """Show one entry with the record it is about."""
    with _transaction(options) as tx:
        row = overview.entry(tx, options.id)
        found = matching.candidates(tx, row["ref"]) if row and row["code"].startswith(decisions.MATCH) else []
    if row is None:
        raise ConfigurationError(f"no quarantine entry {options.id}; `interlock quarantine list` shows them")
    for name in ENTRY:
        if row[name] is not None or name not in {"contract", "account"}:
            console.print(f"{name:>11}: {row[name]}", markup=False)
    if found:
        console.print(matching.side_by_side(row["body"] or {}, found))
        return
    body = row["body"] or {}
    for name, value in body.items():
        if name != "lines":
            console.print(f"{name:>20} = {value}", markup=False)
    for line in lines_of(body):
        console.print(f"{'line ' + str(line.get('id')):>20} = {line_words(line, body.get('currency'))}", markup=False)


def quarantine_decide(options: Namespace) -> None:
    """Record a person's release or ignore with the revision that was seen; the next run acts (invariant 5)."""
    with _transaction(options) as tx:
        if getattr(options, "link", None) or getattr(options, "create", False):
            newer = decisions.decide_match(tx, options.id, options.link, options.actor, options.why)
        else:
            newer = decisions.decide_entry(tx, options.id, options.action, options.actor, options.why)
    console.print(f"recorded; the next run acts on it{' and judges the newer version of the record' if newer else ''}")


def approvals_list(options: Namespace) -> None:
    """List what waits for a person's approval: of which process, why, and for invoices the figures."""
    with _transaction(options) as tx:
        rows = approvals.open_requests(tx)
        invoices = asked.invoices(tx, [row["id"] for row in rows], SHOWN)
    console.print(request_table(rows, invoices) if rows else "nothing waits for approval")


def approvals_decide(options: Namespace) -> None:
    """Approve or reject a request; void when its content changed since it was asked."""
    with _transaction(options) as tx:
        rules = load(options.config).approval
        answer = approvals.decide(tx, options.id, options.action, options.actor, options.why, rules)
    if answer.state == "void":
        console.print("its content changed since it was asked: void; the next run asks anew")
    else:
        console.print(f"{answer.state}: {answer.changes} changes; the next run acts on it")


def prehistory_erase(options: Namespace) -> None:
    """Erase one account's prehistory."""
    engine = assemble(load(options.config), look_up)
    try:
        erase_prehistory(engine, options.account, options.actor, options.why)
    finally:
        engine.database.close()
    console.print(f"the prehistory of account {options.account} is erased; it will not be written again", markup=False)


def report(options: Namespace) -> None:
    """Print a run report."""
    with _transaction(options) as tx:
        body = people.report(tx, options.run)
        found = checked.findings_of_run(tx, options.run) if body is None else []
    if body is None and found:
        _stopped(found)
        return
    if body is None:
        raise ConfigurationError(f"no report for run {options.run}")
    console.print(f"[bold]{body['process']}[/] {body['run_id']}{' (dry run)' if body['dry_run'] else ''}")
    console.print(", ".join(f"{name} {count}" for name, count in body["counts"].items()))
    console.print(", ".join(f"{step} {seconds} s" for step, seconds in body["seconds"].items()))
    console.print(_changes(body["changes"]))
    if body.get("money"):
        console.print(money_table(body["money"]))
    if body.get("balances"):
        console.print(balances_table(body["balances"]))
    for words in body.get("quality", ()):
        console.print(f"checks: {words}", markup=False)
    for held in body["held_back"]:
        console.print(
            f"held back: {held['ref'].rsplit('/', 1)[1]} {held['field']}: {held['code']} {held['message']}", markup=False
        )
    for left in body.get("left_out", ()):
        console.print(f"left out: {left['ref'].rsplit('/', 1)[1]}: {left['code']} {left['message']}", markup=False)
    for notice in body.get("notices", ()):
        console.print(f"notice: {notice['ref'].rsplit('/', 1)[1]}: {notice['code']} {notice['message']}", markup=False)
    if body.get("data_docs"):
        console.print(f"Data Docs: {body['data_docs']}", markup=False)
    console.print(f"printed {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", style="dim")


def _changes(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table("system", "what", "record", "field", "before", "after", "state")
    for change in rows:
        for name, value in step_fields(change) or touched(change).items():
            shown = (change.get("results") or {}).get(name, value)
            table.add_row(
                change["system"], f"{change['operation']} {change['kind']}", change["subject"].rsplit("/", 1)[1], name,
                escape(str(change["before"].get(name) or "")), escape(str(shown)), change["state"],
            )  # fmt: skip
    return table


def _stopped(found: Sequence[Finding]) -> None:
    """Print what the checks found in a run that was not carried through."""
    console.print("the run was stopped or has not ended; its checks found:")
    for finding in found:
        if finding.keys:
            console.print(finding.words, markup=False)
            console.print("   " + ", ".join(key.rsplit("/", 1)[-1] for key in finding.keys), markup=False)
