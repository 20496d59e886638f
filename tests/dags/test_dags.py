"""Every DAG imports, follows the policy and has its shape."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("INTERLOCK_CONFIG", "interlock.toml")


@pytest.fixture(scope="module")
def dag(tmp_path_factory):
    os.environ["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow"))
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag("dags")
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    return dag


def test_policy(dag):
    assert dag.tags
    assert dag.doc_md
    for task in dag.tasks:
        assert task.owner == "sales-operations"
        assert task.retries > 0
        assert task.retry_policy is not None


def test_shape(dag):
    order = ["gather", "check", "decide", "apply_to_erp", "apply_to_crm", "settle", "publish"]
    assert [task.task_id for task in dag.topological_sort()] == order
    assert set(dag.params) == {"crm_ids", "dry_run", "full"}
    assert dag.get_task("settle").returns_dag_result


def test_a_dag_file_reads_on_one_screen():
    assert len(Path("dags/lead_to_customer.py").read_text().splitlines()) <= 60
