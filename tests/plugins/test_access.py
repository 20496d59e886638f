"""Every page and endpoint is behind Airflow's login; writes need a role and a custom header (invariant 12)."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi.routing import APIRoute

from tests.plugins.conftest import ACCOUNT

FILLED = {
    "/runs/{process}/{name}": "/runs/lead_to_customer/manual__2026-03-01",
    "/held/{number}": "/held/1",
    "/approvals/{number}": "/approvals/1",
    "/static/{name}": "/static/console.js",
    "/held/{number}/{action}": "/held/1/release",
    "/held/{number}/match/{answer:path}": "/held/2/match/new",
    "/approvals/{number}/{action}": "/approvals/1/approve",
    "/paused/{name}/{action}": "/paused/crm/pause",
}
SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def routes(declared):
    """(method, address) of all that the plugin's applications answer to; a new kind of route must be thought about here."""
    found = []
    for one in declared:
        for route in one["app"].routes:
            assert isinstance(route, APIRoute), f"{route} is not behind a dependency that this test can walk"
            assert "{" not in route.path or route.path in FILLED, f"say here how {route.path} is filled"
            found += [(method, one["url_prefix"] + FILLED.get(route.path, route.path)) for method in sorted(route.methods)]
    assert len(found) == 13
    return found


@pytest.fixture
def world(store):
    store.account()
    store.hold_back()
    store.hold_back(code="match_resembles", field="", message="a customer resembles it")
    batch = store.run()
    store.ask(batch, [store.change(batch)])
    return store


def decisions(store):
    return (
        store.sql("SELECT count(*) AS n FROM interlock.audit")[0]["n"],
        store.sql("SELECT state FROM interlock.quarantine ORDER BY id")[0]["state"],
        store.sql("SELECT state FROM interlock.approval")[0]["state"],
        store.sql("SELECT name FROM interlock.paused"),
    )


UNTOUCHED = (0, "open", "open", [])


def test_nobody_reads_or_writes_without_a_login(routes, world, as_user):
    nobody = as_user(None)
    answers = {(m, at): nobody.request(m, at, json={}, headers={"X-Interlock": "1"}).status_code for m, at in routes}
    assert answers == dict.fromkeys(routes, 401)
    assert decisions(world) == UNTOUCHED


def test_a_forged_token_is_refused(routes, world, as_user):
    forger = as_user(None)
    headers = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcHMiLCJyb2xlIjoib3AifQ.", "X-Interlock": "1"}
    answers = {(m, at): forger.request(m, at, json={}, headers=headers).status_code for m, at in routes}
    assert answers == dict.fromkeys(routes, 403)
    assert decisions(world) == UNTOUCHED


def test_a_viewer_reads_everything_and_decides_nothing(routes, world, viewer):
    answers = {(m, at): viewer.request(m, at, json={}, headers={"X-Interlock": "1"}).status_code for m, at in routes}
    assert answers == {(method, at): 200 if method in SAFE else 403 for method, at in routes}
    assert decisions(world) == UNTOUCHED


READS = ("/", "/runs", "/runs/lead_to_customer/manual__2026-03-01", "/held/1", "/approvals/1")
DECISIONS = {
    "lead_to_customer": ("/held/1/release", "/held/2/match/new", "/approvals/1/approve", "/paused/lead_to_customer/pause"),
    "renewal_to_invoice": ("/held/3/release", "/approvals/2/approve", "/paused/renewal_to_invoice/pause"),
}


@pytest.mark.parametrize("mine", [*DECISIONS, "another_dag"])
def test_who_has_the_right_on_one_process_reads_all_and_decides_on_that_one(world, ops, monkeypatch, mine):
    from airflow.api_fastapi.app import get_auth_manager

    invoices = "renewal_to_invoice"
    world.hold_back(ref=world.contract(), code="draft_deleted", field="SC-7/2026-01-01", process=invoices)
    batch = world.run("bill", process=invoices)
    world.ask(batch, [world.change(batch, "invoice")], process=invoices)
    manager = get_auth_manager()
    monkeypatch.setattr(manager, "is_authorized_dag", lambda *, details, **_: details.id == mine)
    assert {ops.get(f"/interlock{at}").status_code for at in READS} == {200 if mine in DECISIONS else 403}
    for process, addresses in DECISIONS.items():
        answers = {ops.post(f"/interlock{at}", json={}).status_code for at in addresses}
        assert answers == {200 if process == mine else 403}
    assert ops.post("/interlock/paused/crm/pause", json={}).status_code == 403  # a system is every process's
    assert ops.post("/interlock/held/999/release", json={}).status_code == 403


def test_a_write_without_our_header_is_refused(routes, world, ops):
    del ops.headers["X-Interlock"]
    writes = [(method, at) for method, at in routes if method not in SAFE]
    assert len(writes) == 4
    for headers in ({}, {"X-Interlock": "0"}, {"Content-Type": "text/plain"}):
        assert {ops.request(m, at, json={}, headers=headers).status_code for m, at in writes} == {403}
    assert decisions(world) == UNTOUCHED


def test_an_operator_does_everything(routes, world, ops):
    answers = {(m, at): ops.request(m, at, json={} if m == "POST" else None).status_code for m, at in routes}
    assert answers == dict.fromkeys(routes, 200)
    assert decisions(world) == (5, "released", "approved", [{"name": "crm"}])
    assert {row["actor"] for row in world.sql("SELECT actor FROM interlock.audit")} == {"ops"}


def test_every_answer_forbids_foreign_scripts_and_frames(routes, world, as_user):
    for client in (as_user(None), as_user("viewer")):
        for method, at in [*routes, ("GET", "/interlock/nowhere")]:
            policy = client.request(method, at).headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'self'" in policy
            assert "unsafe" not in policy


def test_the_framework_s_own_pages_are_off(world, ops):
    for at in ("/interlock/docs", "/interlock/redoc", "/interlock/openapi.json", "/interlock/static/../render.py"):
        assert ops.get(at).status_code == 404


def test_nothing_is_cached_but_style_and_script(world, viewer):
    assert viewer.get("/interlock/held").headers["cache-control"] == "no-store"
    assert viewer.get("/interlock/static/console.css").headers["cache-control"].startswith("private")


def test_an_ended_login_is_said_in_words(world, as_user):
    answer = as_user(None).get("/interlock/held")
    assert "log in again" in answer.text
    assert ACCOUNT not in answer.text


def test_a_task_that_loads_the_plugin_does_not_pay_for_the_pages():
    code = (
        "import sys; sys.path.insert(0, 'plugins'); import interlock_console;"
        " print([name for name in sys.modules if name.startswith(('airflow.api_fastapi.core_api', 'interlock'))])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    known_to_airflow = ["interlock", "interlock.pipeline", "interlock.pipeline.provider"]
    assert answer.stdout.splitlines()[-1] == str([*known_to_airflow, "interlock_console"])


def test_airflow_s_ui_is_told_of_the_navigation_entry_and_the_tab_on_a_run(world, viewer):
    plugins = viewer.get("/api/v2/plugins").json()["plugins"]
    (views,) = [plugin["external_views"] for plugin in plugins if plugin["name"] == "interlock_console"]
    assert [(view["destination"], view["href"]) for view in views] == [
        ("nav", "/interlock/"),
        ("dag_run", "/interlock/runs/{DAG_ID}/{RUN_ID}"),
    ]
    for view in views:
        href = view["href"].format(DAG_ID="lead_to_customer", RUN_ID="manual__2026-03-01")
        assert viewer.get(href).status_code == 200
    assert viewer.get(views[0]["icon"]).headers["content-type"] == "image/svg+xml"
