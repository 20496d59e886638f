"""(d) One won account, from the API call until it stands in the ERP, beside an empty DAG of as many tasks in the same Airflow.

    python -m benchmarks.one_account --pairs 5

Both runs are triggered by the REST API and watched until their fourth task has ended: `apply_to_erp`, and the last of four
tasks that do nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.stand import PROPERTIES, company, ratio
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack.down import down
from interlock_sandbox.stack.paths import ROOT
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.up import up

EMPTY = """
from airflow.sdk import dag, task

@dag(schedule=None)
def empty():
    last = None
    for number in range(4):
        @task(task_id=f"step{number}")
        def nothing():
            return None
        step = nothing()
        if last is not None:
            last >> step
        last = step

empty()
"""


def won(sandbox: Crm, key: str) -> str:
    values = {PROPERTIES.get(name, name): value for name, value in company(key).items()}
    (account,) = sandbox.create("companies", [{"properties": values}])
    link = [{"to": {"id": account}, "types": []}]
    sandbox.create("deals", [{"properties": {"dealname": "D", "dealstage": "closedwon"}, "associations": link}])
    return account


def until(airflow: AirflowApi, dag: str, task: str, conf: dict[str, object]) -> float:
    begin = time.perf_counter()
    run = airflow.trigger(dag, conf)
    while airflow.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}")["state"] != "success":
        time.sleep(0.05)
    seconds = time.perf_counter() - begin
    assert airflow.wait(dag, run) == "success"
    return seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=5)
    pairs = options.parse_args().pairs
    with tempfile.TemporaryDirectory(prefix="il-bench-") as name:
        folder = Path(name)
        (folder / "dags").mkdir()
        (folder / "dags" / "empty.py").write_text(EMPTY)
        for file in ("lead_to_customer.py", "approve.py"):
            (folder / "dags" / file).symlink_to(ROOT / "dags" / file)
        (folder / "interlock.toml").write_text("[lead_to_customer]\ngo_live = 2026-01-01\n")
        try:
            stack = up(folder, folder / "interlock.toml", {"CORE__DAGS_FOLDER": str(folder / "dags")}, durable=True)
            sandbox = Crm(stack["crm"]["url"], stack["crm"]["token"])
            airflow = AirflowApi(stack["airflow"]["url"], "admin", stack["airflow"]["users"]["admin"]["password"])
            for dag in ("empty", "lead_to_customer"):
                airflow.wait_for_dag(dag)
            found = []
            for number in range(pairs + 1):  # the first round is not counted
                conf: dict[str, object] = {"crm_ids": [won(sandbox, f"one{number}")]}
                ours = until(airflow, "lead_to_customer", "apply_to_erp", conf)
                found.append((ours, until(airflow, "empty", "step3", {})))
        finally:
            down(folder, grace=2)
            Postgres(folder).remove()
    left, right = (list(column) for column in zip(*found[1:], strict=True))
    ratio("(d) one account until it stands in the ERP", "1.5", left, right, "empty DAG")


if __name__ == "__main__":
    main()
