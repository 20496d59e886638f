"""What the demo prints at its end: the run in figures, who was held back and why, where to go and what to look at first."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.engine.report import COUNTS
from interlock.store import people
from interlock.store.database import Database

Stack = dict[str, dict[str, Any]]


def outcome(console: Console, database: Database, run: str) -> None:
    """Print a run's counts, and each account it held back with the reasons."""
    with database.begin() as tx:
        report = people.report(tx, run)
        rows = tx.execute("SELECT ref, body ->> 'legal_name' AS name FROM interlock.snapshot WHERE kind = 'account'").fetchall()
    if report is None:
        console.print("\nThe run ended without a report.")
        return
    counts = Table(title="What the run did", title_justify="left")
    for name in COUNTS:
        counts.add_column(name, justify="right")
    counts.add_row(*(str(report["counts"][name]) for name in COUNTS))
    console.print()
    console.print(counts)
    reasons: dict[str, list[str]] = {}
    for item in sorted(report["held_back"], key=lambda item: item["ref"]):
        reasons.setdefault(item["ref"], []).append(item["message"])
    if not reasons:
        return
    names = {row["ref"]: row["name"] for row in rows}
    held = Table(title="Held back: repair the account in the CRM, the next run takes it along", title_justify="left")
    held.add_column("account", max_width=30, no_wrap=True)
    held.add_column("id", justify="right")
    held.add_column("why", overflow="fold")
    for ref, messages in reasons.items():
        held.add_row(escape(names.get(ref) or "(no name)"), ref.rsplit("/", 1)[1], escape("; ".join(messages)))
    console.print(held)


def places(console: Console, stack: Stack) -> None:
    """Print addresses and logins."""
    airflow, crm, erp = stack["airflow"], stack["crm"], stack["erp"]
    table = Table(title="Where", title_justify="left")
    for name in ("", "address", "login", "password"):
        table.add_column(name, no_wrap=True)
    for number, (user, login) in enumerate(airflow["users"].items()):
        role = f" ({login['role']})" if login["role"] != user else ""
        table.add_row(*(("Airflow", airflow["url"]) if not number else ("", "")), user + role, escape(login["password"]))
    table.add_row("CRM", crm["url"], "", "")
    table.add_row("ERP", erp["url"], "admin", escape(erp["admin_password"]))
    table.add_row("", f"database {erp['database']}", f"{erp['login']} (API)", escape(erp["password"]))
    console.print(table)


def first_look(console: Console, database: Database, stack: Stack, runs: dict[str, str]) -> None:
    """Print what to look at first: one customer in the CRM, the runs by process in Airflow, what waits for an answer."""
    with database.begin() as tx:
        linked = tx.execute(
            "SELECT c.account, c.number, s.body ->> 'legal_name' AS name FROM interlock.crosswalk c"
            " JOIN interlock.snapshot s ON s.ref = c.account WHERE EXISTS (SELECT FROM interlock.snapshot t"
            "   WHERE t.kind = 'contract' AND t.parent = c.account) ORDER BY c.account LIMIT 1"
        ).fetchone()
        asked = tx.execute("SELECT id FROM interlock.approval WHERE state = 'open' ORDER BY id").fetchall()
    console.print("\n[bold]Look at first[/]", highlight=False)
    if linked:
        page = f"{stack['crm']['url']}/accounts/{linked['account'].rsplit('/', 1)[1]}"
        console.print(f"  {escape(linked['name'])} is customer {linked['number']} now; its page in the CRM says so:")
        console.print(f"  {page}", soft_wrap=True)
    console.print("  the processes and these runs in Airflow:")
    for dag, run in runs.items():
        console.print(f"  {stack['airflow']['url']}/dags/{dag}/runs/{run}", soft_wrap=True)
    if asked:
        console.print(
            f"  {len(asked)} request(s) wait for a person's answer; the demo gives none. Answer here, then run it again:"
        )
        console.print(f"  {stack['airflow']['url']}/required_actions", soft_wrap=True)
    console.print("\nAgain: make demo   Stop: make stop   Commands: . .local/env && interlock --help", highlight=False)
