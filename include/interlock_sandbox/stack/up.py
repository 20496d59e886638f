"""Bring the whole stack up, or take what runs as it is."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from interlock.store.database import migrate
from interlock_sandbox.stack import airflow, crm, erp
from interlock_sandbox.stack.paths import ENV_FILE, LOCAL, PYTHON, ROOT, STACK_FILE, private
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import Processes

console = Console()


def up(
    folder: Path = LOCAL,
    settings: Path = ROOT / "interlock.toml",
    airflow_settings: Mapping[str, str] | None = None,
    *,
    durable: bool = True,
) -> dict[str, dict[str, Any]]:
    """Start PostgreSQL, CRM, ERP and Airflow in `folder`; returns what stack.json holds.

    `airflow_settings` are settings of Airflow besides the usual ones, as {"SECTION__KEY": "value"}.
    """
    processes, postgres = Processes(folder), Postgres(folder, durable=durable)
    with console.status("PostgreSQL …"):
        if not postgres.running():  # its port will be another: what still runs would talk to nobody
            processes.stop_all()
            postgres.start()
        dsns = {name: postgres.create(name) for name in ("airflow", "interlock", "crm")}
        migrate(dsns["interlock"])
    console.print("[green]✓[/] PostgreSQL")
    with console.status("CRM sandbox …"):
        crm_at = crm.start(processes, folder, dsns["crm"])
    console.print(f"[green]✓[/] CRM sandbox {crm_at['url']}")
    with console.status("ERP (Tryton); the first time it is set up, about a minute …"):
        erp_at = erp.start(postgres, processes, folder)
    console.print(f"[green]✓[/] ERP {erp_at.url}")
    with console.status("Airflow …") as status:
        variables = airflow.connection_variables(crm_at, erp_at, dsns["interlock"])
        airflow_at = airflow.start(processes, folder, dsns["airflow"], variables, settings, airflow_settings or {})
        airflow.wait_until_healthy(
            processes, str(airflow_at["url"]), lambda sick: status.update(f"Airflow: waiting for {sick} …")
        )
    console.print(f"[green]✓[/] Airflow {airflow_at['url']}")
    stack: dict[str, dict[str, Any]] = {
        "airflow": airflow_at | {"dsn": dsns["airflow"]},
        "crm": {**crm_at, "dsn": dsns["crm"]},
        "erp": asdict(erp_at),
        "postgres": postgres.address() | {"dsn": dsns["interlock"]},
    }
    private(folder / STACK_FILE.name, json.dumps(stack, indent=2))
    lines = {**variables, "INTERLOCK_CONFIG": str(settings), "PYTHONPATH": str(ROOT / "include")}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in lines.items()]
    private(folder / ENV_FILE.name, "\n".join([*exports, f'export PATH="{PYTHON.parent}:$PATH"', ""]))
    return stack


if __name__ == "__main__":
    up()
