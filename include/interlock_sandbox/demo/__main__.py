"""`make demo`: bring everything up, seed the CRM, run the process through Airflow's API, show what happened."""

from __future__ import annotations

from rich.console import Console

from interlock.store.database import Database
from interlock_sandbox.demo import show
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm, seed
from interlock_sandbox.stack.up import up

DAG = "lead_to_customer"


def main() -> None:
    console = Console()
    stack = up()
    with console.status("demo data …"):
        made = seed(Crm(stack["crm"]["url"], stack["crm"]["token"]))
    console.print(f"[green]✓[/] demo data: {made} accounts" if made else "[green]✓[/] demo data is there already")
    api = AirflowApi(stack["airflow"]["url"], "admin", stack["airflow"]["users"]["admin"]["password"])
    with console.status("waiting for the DAG …"):
        api.wait_for_dag(DAG)
    with console.status(f"{DAG} …") as status:
        run, state = api.run(DAG, {}, lambda text: status.update(f"{DAG}: {text}"))
    console.print(f"[green]✓[/] {DAG} ran" if state == "success" else f"[red]✗[/] {DAG} {state}")
    database = Database(stack["postgres"]["dsn"])
    try:
        show.outcome(console, database, run)
        show.places(console, stack)
        show.first_look(console, database, stack, DAG, run)
    finally:
        database.close()
    if state != "success":
        raise SystemExit(f"the run ended as {state}; its tasks and their logs are in Airflow, the address is above")


main()
