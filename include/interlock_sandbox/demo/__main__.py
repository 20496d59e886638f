"""`make demo`: bring everything up, seed the CRM, run the processes through Airflow's API, show what happened."""

from __future__ import annotations

from rich.console import Console

from interlock.store.database import Database
from interlock_sandbox.demo import invoices, payments, show
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm, seed
from interlock_sandbox.stack.up import up

CUSTOMERS, INVOICES, PAYMENTS = "lead_to_customer", "renewal_to_invoice", "payment_to_crm_status"
ASKING = "approve"


def main() -> None:
    console = Console()
    stack = up()
    with console.status("demo data …"):
        made = seed(Crm(stack["crm"]["url"], stack["crm"]["token"]))
    console.print(f"[green]✓[/] demo data: {made} accounts" if made else "[green]✓[/] demo data is there already")
    api = AirflowApi(stack["airflow"]["url"], "admin", stack["airflow"]["users"]["admin"]["password"])
    runs = {dag: _run(console, api, dag) for dag in (CUSTOMERS, INVOICES, PAYMENTS)}
    with console.status("customers pay, pay a part, have a debit returned, forget …"):
        happened = payments.happen(stack["erp"])
    if happened:
        console.print(f"[green]✓[/] what customers did with {happened} invoices is booked in the ERP")
        told = _run(console, api, INVOICES)  # the contracts learn that their invoices are paid, or due on another day
        runs |= {PAYMENTS: _run(console, api, PAYMENTS)} | ({INVOICES: told} if told[1] != "success" else {})
    database = Database(stack["postgres"]["dsn"])
    try:
        show.outcome(console, database, runs[CUSTOMERS][0])
        invoices.show(console, database, stack["erp"], runs[INVOICES][0])
        payments.show(console, database, runs[PAYMENTS][0])
        show.places(console, stack)
        show.first_look(console, database, stack, {dag: run for dag, (run, _) in runs.items()})
    finally:
        database.close()
    if failed := [f"{dag} ended as {state}" for dag, (_, state) in runs.items() if state != "success"]:
        raise SystemExit(f"{', '.join(failed)}; tasks and their logs are in Airflow, the address is above")


def _run(console: Console, api: AirflowApi, dag: str) -> tuple[str, str]:
    with console.status(f"waiting for {dag} …"):
        for needed in (dag, ASKING):
            api.wait_for_dag(needed)
    with console.status(f"{dag} …") as status:
        run, state = api.run(dag, {}, lambda text: status.update(f"{dag}: {text}"))
    console.print(f"[green]✓[/] {dag} ran" if state == "success" else f"[red]✗[/] {dag} {state}")
    return run, state


main()
