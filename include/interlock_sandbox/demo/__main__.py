"""`make demo`: bring everything up, seed the CRM, run the process through Airflow's API, show what happened."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from interlock.store import people
from interlock.store.database import Database
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm, seed
from interlock_sandbox.stack.up import up

console = Console()


def main() -> None:
    stack = up()
    made = seed(Crm(str(stack["crm"]["url"]), str(stack["crm"]["token"])))
    console.print(f"[green]✓[/] demo data: {made} accounts" if made else "[green]✓[/] demo data is there already")
    users = stack["airflow"]["users"]
    api = AirflowApi(str(stack["airflow"]["url"]), "admin", users["admin"]["password"])  # type: ignore[index]
    with console.status("waiting for the DAG …"):
        api.wait_for_dag("lead_to_customer")
    with console.status("lead_to_customer runs …") as status:
        run, state = api.run("lead_to_customer", {}, lambda text: status.update(f"lead_to_customer: {text}"))
    show(run, state, Database(str(stack["postgres"]["dsn"])))
    console.print(f"\nAirflow   {stack['airflow']['url']}")
    for user, login in users.items():  # type: ignore[attr-defined]
        console.print(f"          {user} / {login['password']}  ({login['role']})", highlight=False, markup=False)
    console.print(f"CRM       {stack['crm']['url']}")
    console.print(
        f"ERP       {stack['erp']['url']}  database erp, {stack['erp']['login']} / {stack['erp']['password']}", highlight=False
    )
    console.print("\nAgain: make demo   Stop: make stop   Commands: . .local/env && interlock --help")
    if state != "success":
        raise SystemExit(f"the run ended as {state}; see it in Airflow")


def show(run: str, state: str, database: Database) -> None:
    """Print the run as a table: counts, then what was held back and why."""
    with database.begin() as tx:
        report = people.report(tx, run)
        names = {
            row["ref"]: row["body"]["legal_name"]
            for row in tx.execute("SELECT ref, body FROM interlock.snapshot WHERE kind = 'account'")
        }
    database.close()
    if report is None:
        console.print(f"run {run} ended as {state} without a report")
        return
    table = Table(title=f"lead_to_customer: {state}")
    for name in report["counts"]:
        table.add_column(name, justify="right")
    table.add_row(*(str(count) for count in report["counts"].values()))
    console.print(table)
    held = Table(title="Held back", show_lines=False)
    for name in ("account", "id", "why"):
        held.add_column(name, max_width=60)
    for item in report["held_back"]:
        held.add_row((names.get(item["ref"]) or "(no name)")[:40], item["ref"].rsplit("/", 1)[1], item["message"])
    if report["held_back"]:
        console.print(held)


main()
