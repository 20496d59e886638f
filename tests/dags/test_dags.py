"""Every DAG imports, follows the policy and has its shape."""

from __future__ import annotations

from pathlib import Path

import pytest

SHAPES = {
    "lead_to_customer": [
        "gather", "check", "decide", "open_requests", "ask_for_approval", "apply_to_erp", "apply_to_crm", "settle", "publish",
    ],
    "renewal_to_invoice": [
        "gather", "check", "decide", "open_requests", "ask_for_approval", "accounts_to_wake", "make_customers", "apply_to_erp",
        "apply_to_crm", "settle", "publish",
    ],
    "payment_to_crm_status": [
        "gather", "check", "decide", "open_requests", "ask_for_approval", "apply_to_crm", "settle", "publish",
    ],
    "approve": ["question", "ask", "record", "wake"],
    "connection_check": ["look"],
}  # fmt: skip
PARAMETERS = {"lead_to_customer": {"crm_ids", "dry_run", "full"}, "approve": {"approval"}, "connection_check": set(),
              "renewal_to_invoice": {"contract_ids", "as_of", "crm_ids", "dry_run", "full"},
              "payment_to_crm_status": {"invoice_numbers", "as_of", "crm_ids", "dry_run", "full"}}  # fmt: skip
OWNERS = {
    "lead_to_customer": "sales-operations", "approve": "accounting", "renewal_to_invoice": "accounting",
    "payment_to_crm_status": "accounting", "connection_check": "integration",
}  # fmt: skip
NAMES = sorted(SHAPES)


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERLOCK_CONFIG", "interlock.toml")
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag("dags")
        assert bag.import_errors == {}
        assert sorted(bag.dags) == NAMES == sorted(file.stem for file in Path("dags").glob("*.py"))
        yield bag.dags


@pytest.mark.parametrize("name", NAMES)
def test_policy(dags, name):
    assert dags[name].tags
    assert dags[name].doc_md
    for task in dags[name].tasks:
        assert task.owner == OWNERS[name]
        assert task.retries > 0
        assert task.retry_policy is not None


@pytest.mark.parametrize("name", NAMES)
def test_shape(dags, name):
    assert [task.task_id for task in dags[name].topological_sort()] == SHAPES[name]
    assert set(dags[name].params) == PARAMETERS[name]


@pytest.mark.parametrize("name", ["lead_to_customer", "renewal_to_invoice", "payment_to_crm_status"])
def test_a_process_returns_its_counts_and_waits_for_no_person(dags, name):
    process = dags[name]
    assert process.get_task("settle").returns_dag_result
    assert "ask_for_approval" not in process.get_task("apply_to_crm").get_flat_relative_ids(upstream=True)


def test_every_process_is_known_by_the_name_of_its_dag(dags):
    from interlock.domain.process import PROCESSES
    from interlock.engine.flows import FLOWS

    assert set(FLOWS) == set(PROCESSES) == set(dags) - {"approve", "connection_check"}


def test_a_question_has_no_default_and_no_time_out(dags):
    ask = dags["approve"].get_task("ask")
    assert not {"defaults", "response_timeout"} & set(ask.partial_kwargs)
    assert ask.partial_kwargs["execution_timeout"] is None


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_file_reads_on_one_screen(name):
    assert len(Path(f"dags/{name}.py").read_text().splitlines()) <= 60
