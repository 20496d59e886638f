"""The whole stack: the process through a real Airflow, triggered by its REST API."""

from __future__ import annotations

import pytest

from interlock.store import people
from interlock.store.database import Database
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm, seed
from interlock_sandbox.stack.down import down
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.up import up


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    try:
        stack = up(folder, durable=False)
        seed(Crm(stack["crm"]["url"], stack["crm"]["token"]))
        yield stack
    finally:
        down(folder)
        Postgres(folder).remove()


@pytest.fixture(scope="module")
def airflow(stack):
    api = AirflowApi(stack["airflow"]["url"], "admin", stack["airflow"]["users"]["admin"]["password"])
    api.wait_for_dag("lead_to_customer")
    return api


def report(stack, run):
    database = Database(stack["postgres"]["dsn"])
    with database.begin() as tx:
        body = people.report(tx, run)
    database.close()
    return body


def test_a_dry_run_then_the_run_then_nothing_left_to_do(stack, airflow):
    account = Crm(stack["crm"]["url"], stack["crm"]["token"]).call("GET", "/crm/v3/objects/companies?limit=3")["results"][2]["id"]
    run, state = airflow.run("lead_to_customer", {"crm_ids": [account], "dry_run": True})
    assert state == "success"
    assert report(stack, run)["counts"]["created"] == 1

    run, state = airflow.run("lead_to_customer", {})
    assert state == "success"
    counts = report(stack, run)["counts"]
    assert (counts["read"], counts["rejected"], counts["created"], counts["unchanged"]) == (60, 9, 21, 30)

    run, state = airflow.run("lead_to_customer", {"full": True})
    assert state == "success"
    assert report(stack, run)["changes"] == []
    answer = airflow.call("GET", f"/api/v2/dags/lead_to_customer/dagRuns/{run}/taskInstances/settle/xcomEntries/return_value")
    assert answer["value"]["unchanged"] == 51
