"""The whole stack: the process through a real Airflow, triggered by its REST API, its worker killed, its traces searched."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections import Counter
from decimal import Decimal
from urllib.error import HTTPError

import psutil
import psycopg
import pytest

from interlock.connectors.tryton.wire import amount as wired
from interlock.store import audit, people
from interlock.store.database import Database
from interlock_sandbox.accountant import Books
from interlock_sandbox.demo import payments
from interlock_sandbox.demo.airflow_api import AirflowApi
from interlock_sandbox.demo.seed import Crm, seed
from interlock_sandbox.stack.down import down
from interlock_sandbox.stack.erp import Erp
from interlock_sandbox.stack.postgres import Postgres, binaries
from interlock_sandbox.stack.up import up
from tests.companies import BILLING
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import notes_of, win

DAG = "lead_to_customer"
SETTINGS = """
[lead_to_customer]
go_live = 2026-01-01
[crm]
balances = true
settle_seconds = 1
http = { connect_timeout = 2, write_timeout = 8, sending_seconds = 2 }
[erp]
batch = 3
settle_seconds = 1
http = { connect_timeout = 2, write_timeout = 8, sending_seconds = 2 }
[engine]
lease_seconds = 13
poll_seconds = 0.2
[airflow]
retry_seconds = 2
"""
QUICK_TO_NOTICE = {
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "8",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}
MARK = "Zqxmark"
TREES = ("Ahorn", "Birke", "Zypresse", "Douglasie", "Eibe", "Fichte", "Ginkgo", "Hasel", "Kirsche", "Linde", "Mammutbaum", "Ulme")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="module")
def stack(folder):
    pages = f"[quality]\ndata_docs = true\ndata_docs_folder = '{folder / 'data-docs'}'\n"
    (folder / "interlock.toml").write_text(SETTINGS + pages)
    try:
        stack = up(folder, folder / "interlock.toml", QUICK_TO_NOTICE, durable=False)
        seed(Crm(stack["crm"]["url"], stack["crm"]["token"]))
        yield stack
    finally:
        down(folder, grace=2)
        Postgres(folder).remove()


@pytest.fixture(scope="module")
def crm(stack):
    return Crm(stack["crm"]["url"], stack["crm"]["token"])


def login(stack, user):
    return AirflowApi(stack["airflow"]["url"], user, stack["airflow"]["users"][user]["password"])


@pytest.fixture(scope="module")
def airflow(stack):
    api = login(stack, "admin")
    api.wait_for_dag(DAG)
    return api


def report(stack, run):
    database = Database(stack["postgres"]["dsn"])
    with database.begin() as tx:
        body = people.report(tx, run)
    database.close()
    return body


def test_the_stack_says_where_it_is_and_to_its_owner_only(folder, stack):
    file = folder / "stack.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == stack
    assert {name: set(part) for name, part in stack.items()} == {
        "airflow": {"url", "users", "dsn"},
        "crm": {"url", "token", "dsn"},
        "erp": {"url", "database", "login", "password", "admin_password", "dsn"},
        "postgres": {"host", "port", "login", "password", "dsn"},
    }
    for part in stack.values():
        with psycopg.connect(part["dsn"]) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)


def test_a_dry_run_then_the_run_then_nothing_left_to_do(stack, airflow, crm):
    account = crm.call("GET", "/crm/v3/objects/companies?limit=3")["results"][2]["id"]
    run, state = airflow.run(DAG, {"crm_ids": [account], "dry_run": True})
    assert state == "success"
    assert report(stack, run)["counts"]["created"] == 1

    run, state = airflow.run(DAG, {})
    assert state == "success"
    counts = report(stack, run)["counts"]
    assert (counts["read"], counts["rejected"], counts["created"], counts["unchanged"]) == (60, 6, 24, 30)

    run, state = airflow.run(DAG, {"full": True})
    assert state == "success"
    assert report(stack, run)["changes"] == []
    answer = airflow.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/settle/xcomEntries/return_value")
    assert answer["value"]["unchanged"] == 54


def task_processes(folder, task_id):
    """The task's supervisor, which is one of LocalExecutor's workers, and what runs below it."""
    leader = psutil.Process(json.loads((folder / "processes.json").read_text())["airflow"]["pid"])
    for process in leader.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if f"LocalExecutor: {task_id}" in " ".join(process.cmdline()):
                return [process, *process.children(recursive=True)]
    return []


def kill_while_sending(folder, dsn, task_id):
    """Kill the worker of apply_to_erp between the intent and the outcome of a call that is not its first.

    The worker is halted first, so that what the store says at that moment still holds when it is killed.
    """
    end = time.monotonic() + 60
    with psycopg.connect(dsn, autocommit=True) as database:
        while time.monotonic() < end:
            if "sending" not in _states(database) or not (victims := task_processes(folder, task_id)):
                time.sleep(0.005)
                continue
            for process in victims:
                process.suspend()
            states = _states(database)
            if states["sending"] and states["done"] and states["pending"]:
                for process in victims:
                    process.kill()
                return states
            for process in victims:
                process.resume()
    raise AssertionError("apply_to_erp was never seen sending")


def _states(database):
    rows = database.execute(
        "SELECT state FROM interlock.change WHERE kind = 'customer' AND batch_id = (SELECT id FROM interlock.batch"
        " ORDER BY started_at DESC LIMIT 1)"
    )
    return Counter(state for (state,) in rows)


def test_a_killed_worker_is_replaced_by_airflow_and_leaves_one_effect(folder, stack, airflow, crm):
    won = [
        win(
            crm,
            name=f"{tree} Abbruch GmbH",
            vat_id="",
            register_number=f"HRB 88{n:03}",
            address=f"{tree}weg {n}",
            zip=f"1{n:02}15",
        )
        for n, tree in enumerate(TREES)
    ]
    run = airflow.trigger(DAG, {})
    at = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/apply_to_erp"
    states = kill_while_sending(folder, stack["postgres"]["dsn"], airflow.call("GET", at)["id"])
    assert sum(states.values()) == len(won)

    assert airflow.wait(DAG, run, seconds=120) == "success"
    assert airflow.call("GET", at)["try_number"] == 2
    counts = report(stack, run)["counts"]
    assert counts["created"] == len(won)
    assert counts["read"] == sum(count for name, count in counts.items() if name != "read")

    engine = connected({"crm": stack["crm"], "erp": Erp(**stack["erp"])}, stack["postgres"]["dsn"])
    customers = Counter(
        reference
        for page in engine.erp.changed("customer", None)
        for customer in page.records
        for reference in customer.values["references"]
    )
    assert set(customers.values()) == {1}
    assert {str(engine.crm.ref("account", account)) for account in won} <= set(customers)
    assert len(customers) == 24 + len(won)
    for account in won:
        assert len(notes_of(crm, account)) == 1
    with engine.database.begin() as tx:
        assert audit.verify(tx) >= 3 * len(customers)
    engine.database.close()


@pytest.fixture
def one_customer_a_run(folder):
    """A limit that two new customers exceed, and two people who may answer for each other."""
    file = folder / "interlock.toml"
    file.write_text(SETTINGS + '[limits]\nmax_creates = 1\n[approval]\nusers = ["admin", "ops"]\nfour_eyes = true\n')
    yield
    file.write_text(SETTINGS)


def asked(airflow, run, seconds=60):
    """Wait until a run of `approve` asks its question; returns the question."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        questions = airflow.call("GET", f"/api/v2/dags/approve/dagRuns/{run}/hitlDetails")["hitl_details"]
        if questions:
            return questions[0]
        time.sleep(0.3)
    raise AssertionError(f"{run} asks nobody")


def test_beyond_a_limit_another_person_answers_and_wakes_the_process(stack, airflow, crm, one_customer_a_run):
    for number, tree in enumerate(("Tanne", "Robinie")):
        win(crm, name=f"{tree} Freigabe GmbH", vat_id="", register_number=f"HRB 77{number:03}", address=f"{tree}gasse 1")
    run, state = airflow.run(DAG, {})
    assert (state, report(stack, run)["counts"]["held"]) == ("success", 2)

    question = asked(airflow, "approval-1")
    assert question["subject"].startswith("Approval request 1: ")
    assert "2 creates and 0 updates exceed the limits" in question["body"]
    assert f"({stack['airflow']['url']}/interlock/approvals/1)" in question["body"]
    at = "/api/v2/dags/approve/dagRuns/approval-1/taskInstances/ask/0/hitlDetails"
    yes = {"chosen_options": ["Approve"], "params_input": {"why": "both ordered"}}
    for user in ("viewer", "admin"):
        with pytest.raises(HTTPError) as refused:
            login(stack, user).call("PATCH", at, yes)
        assert refused.value.code == 403
    login(stack, "ops").call("PATCH", at, yes)
    assert airflow.wait("approve", "approval-1", seconds=60) == "success"
    assert airflow.wait(DAG, "after-approval-1", seconds=60) == "success"
    assert report(stack, "after-approval-1")["counts"]["created"] == 2
    with psycopg.connect(stack["postgres"]["dsn"]) as database:
        said = database.execute("SELECT actor, action, why FROM interlock.audit WHERE subject = 'approval 1'").fetchall()
    assert said == [("ops", "approved", "both ordered")]

    run, state = airflow.run("approve", {"approval": 1})
    tasks = airflow.call("GET", f"/api/v2/dags/approve/dagRuns/{run}/taskInstances")["task_instances"]
    assert (state, {task["state"] for task in tasks if task["task_id"] != "question"}) == ("success", {"skipped"})


@pytest.fixture
def invoicing(folder):
    """A company that invoices its contracts, large ones after a person's answer."""
    file = folder / "interlock.toml"
    file.write_text(SETTINGS + BILLING + '[approval]\nusers = ["admin", "ops"]\nfour_eyes = true\ninvoice_gross_above = 5000\n')
    yield
    file.write_text(SETTINGS)


def test_contracts_are_invoiced_and_a_large_one_after_a_person_s_answer(stack, airflow, crm, invoicing):
    listed = crm.call("GET", "/crm/v3/objects/service_contracts?limit=100&properties=number,name")["results"]
    names = {row["properties"]["name"]: row["id"] for row in listed}
    chosen = [names[name] for name in ("Renewed by hand", "Three months to catch up", "Above the approval limit")]
    airflow.wait_for_dag("renewal_to_invoice")
    run, state = airflow.run("renewal_to_invoice", {"contract_ids": chosen})
    body = report(stack, run)
    assert (state, body["counts"]["created"], body["counts"]["held"]) == ("success", 2, 1)
    (total,) = body["money"]["invoiced"]["sums"]
    assert (total["invoices"], total["net"]) == (4, "1920")

    with psycopg.connect(stack["postgres"]["dsn"]) as database:
        (number,) = database.execute("SELECT id FROM interlock.approval WHERE process = 'renewal_to_invoice'").fetchone()
    question = asked(airflow, f"approval-{number}")
    assert "an invoice exceeds approval.invoice_gross_above" in question["body"]
    at = f"/api/v2/dags/approve/dagRuns/approval-{number}/taskInstances/ask/0/hitlDetails"
    login(stack, "ops").call("PATCH", at, {"chosen_options": ["Approve"], "params_input": {"why": "as ordered"}})
    assert airflow.wait("approve", f"approval-{number}", seconds=60) == "success"
    assert airflow.wait("renewal_to_invoice", f"after-approval-{number}", seconds=120) == "success"
    posted = [c for c in report(stack, f"after-approval-{number}")["changes"] if c["kind"] == "invoice_posting"]
    (large,) = [change for change in posted if change["subject"].endswith(f"/contract/{chosen[2]}")]
    assert (large["state"], large["results"]["gross"]) == ("done", "14280")


def test_what_a_customer_pays_is_shown_by_a_run_for_his_invoice(stack, airflow, invoicing):
    airflow.wait_for_dag("payment_to_crm_status")
    run, state = airflow.run("payment_to_crm_status", {})
    body = report(stack, run)
    assert (state, body["counts"]["failed"], body["balances"]["differing"]) == ("success", 0, 0)
    books = Books(Erp(**stack["erp"]))
    (row,) = books.rpc.search("account.invoice", [["total_amount", "=", wired(Decimal(14280))]], ["number"])
    books.pay(row["id"], "4280")
    run, state = airflow.run("payment_to_crm_status", {"invoice_numbers": [row["number"]]})
    body = report(stack, run)
    assert (state, body["counts"]["read"], body["counts"]["updated"]) == ("success", 1, 1)
    assert {change["kind"] for change in body["changes"]} == {"account_balance", "contract_payment", "note"}
    assert [sums["difference"] for sums in body["balances"]["currencies"]] == ["0.00"]

    assert payments.happen(stack["erp"]) == 8  # as in the demo, and once
    assert payments.happen(stack["erp"]) == 0
    run, state = airflow.run("payment_to_crm_status", {})
    body = report(stack, run)
    assert (state, body["counts"]["created"], body["balances"]["differing"]) == ("success", 3, 0)


def test_the_connections_are_checked_and_what_is_wrong_is_named(folder, stack, airflow):
    airflow.wait_for_dag("connection_check")
    run, state = airflow.run("connection_check", {})
    at = f"/api/v2/dags/connection_check/dagRuns/{run}/taskInstances/look"
    assert state == "success"
    assert airflow.call("GET", f"{at}/xcomEntries/return_value")["value"]["error"] == 0
    file = folder / "interlock.toml"
    file.write_text(SETTINGS + '[due]\nbusiness_day = "next_working_day"\nregion = "QQ"\n')
    try:
        run, state = airflow.run("connection_check", {})
    finally:
        file.write_text(SETTINGS)
    assert state == "failed"
    at = f"/api/v2/dags/connection_check/dagRuns/{run}/taskInstances/look"
    assert airflow.call("GET", at)["try_number"] == 1
    logged = json.dumps(airflow.call("GET", f"{at}/logs/1?full_content=true"))
    assert "due.region 'QQ' is no region with known holidays" in logged
    assert "correct due.region" in logged


def test_a_viewer_looks_an_operator_triggers(stack, airflow, crm):
    (account,) = (row["id"] for row in crm.call("GET", "/crm/v3/objects/companies?limit=1")["results"])
    with pytest.raises(HTTPError) as refused:
        login(stack, "viewer").trigger(DAG, {})
    assert refused.value.code == 403
    assert login(stack, "viewer").call("GET", f"/api/v2/dags/{DAG}")["dag_id"] == DAG
    assert login(stack, "ops").run(DAG, {"crm_ids": [account], "dry_run": True})[1] == "success"


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"crm_ids": ["1003", " "]}, "crm_ids: ' ' does not match"),
        ({"crm_ids": [str(n) for n in range(1001)]}, "'maxItems': 1000"),
        ({"dry_run": "perhaps"}, "dry_run: 'perhaps' is not of type 'boolean'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_name(airflow, conf, words):
    with pytest.raises(HTTPError) as refused:
        airflow.trigger(DAG, conf)
    assert refused.value.code == 400
    assert words in json.loads(refused.value.read())["detail"]


def dump(url):
    return subprocess.run([binaries() / "pg_dump", url], check=True, capture_output=True, text=True).stdout


def properties(crm, kind, names):
    rows, after = [], ""
    while True:
        answer = crm.call("GET", f"/crm/v3/objects/{kind}?limit=100&properties={names}{after}")
        rows += answer["results"]
        if "paging" not in answer:
            return {row["properties"].get(name) or "" for row in rows for name in names.split(",")} - {""}
        after = f"&after={answer['paging']['next']['after']}"


def personal_data(crm):
    """Name, VAT id, phone and street of accounts, what reaches their contacts, and what was said, in every spelling."""
    values = properties(crm, "companies", "name,vat_id,phone,address") | properties(crm, "contacts", "email,phone")
    values |= properties(crm, "calls", "hs_call_title") | properties(crm, "emails", "hs_email_subject")
    values |= {re.sub(r"[ .-]", "", value) for value in values if value.startswith("+")}
    return values | {json.dumps(value)[1:-1] for value in values} | {value.encode().hex() for value in values}


def found(values, text):
    pattern = re.compile(r"\w+|[^\w\s]")  # whole words only: a family name may be part of another word
    words = " " + " ".join(pattern.findall(text)) + " "
    return {value for value in values if f" {' '.join(pattern.findall(value))} " in words}


def rows_of(table, text):
    """The rows of a table in a dump."""
    start = text.index(f"COPY public.{table} (")
    return text[start : text.index("\n\\.\n", start)].splitlines()[1:]


def what_is_told(dsn):
    """What findings, entries and reports say in the integration database; records and changes are elsewhere in it."""
    with psycopg.connect(dsn) as database:
        found = database.execute("SELECT kind, field, code, message, keys FROM interlock.finding").fetchall()
        found += database.execute("SELECT ref, code, field, message FROM interlock.quarantine").fetchall()
        found += database.execute("SELECT body - 'changes' FROM interlock.run_report").fetchall()
    return json.dumps(found, default=str)


def test_no_personal_data_in_airflow(folder, stack, airflow, crm):
    for number in range(25):
        win(crm, name=f"{MARK} {number} GmbH", country=f"{MARK}land", phone=f"{MARK} 030", website=f"{MARK} www", vat_id=MARK)
    assert airflow.run(DAG, {})[1] == "failed"

    values = personal_data(crm) | {MARK}
    assert len(values) > 4 * 60
    assert len(found(values, dump(stack["postgres"]["dsn"]))) > 100

    metadata = dump(stack["airflow"]["dsn"])
    assert metadata.count("apply_to_erp") > 10
    assert len(rows_of("xcom", metadata)) > 10
    assert len(rows_of("rendered_task_instance_fields", metadata)) > 10
    assert found(values, metadata) == set()
    assert MARK not in metadata
    logs = [path for path in [*(folder / "airflow" / "logs").rglob("*.log"), folder / "logs" / "airflow.log"] if path.is_file()]
    assert any("apply_to_erp" in str(path) for path in logs)
    texts = {path: path.read_text(errors="replace") for path in logs}
    assert any("25 accounts fail their checks" in text for text in texts.values())
    assert any("Data Docs: " in text for text in texts.values())
    pages = [path for path in (folder / "data-docs").rglob("*") if path.is_file()]
    assert any(path.name == "account.html" for path in pages)
    texts |= {path: path.read_text() for path in pages} | {"told": what_is_told(stack["postgres"]["dsn"])}
    for place, text in texts.items():
        assert found(values, text) == set(), place
        assert MARK not in text, place
