"""Connections come from Airflow, in a task or page as on the command line; one that is missing is named."""

from __future__ import annotations

import json

import pytest

from interlock.errors import ConnectionMissing
from interlock_sandbox.stack.airflow import connection_variables
from interlock_sandbox.stack.erp import Erp

CRM = {"url": "http://127.0.0.1:8100", "token": "a token"}
ERP = Erp("http://127.0.0.1:8000", "erp", "interlock", "a password", "another", "postgresql:///erp")


@pytest.fixture
def demo(monkeypatch):
    variables = connection_variables(CRM, ERP, "postgresql://me:secret@127.0.0.1:5432/interlock")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def test_the_demo_asks_the_sandboxs_vat_register(airflow, demo):
    from interlock.cli import connections as commands
    from interlock.pipeline import connections as tasks

    assert json.loads(demo["AIRFLOW_CONN_INTERLOCK_VAT"])["host"] == "http://127.0.0.1:8100/vies/rest-api"
    for look_up in (commands.look_up, tasks.look_up):
        assert look_up("interlock_vat").url == "http://127.0.0.1:8100/vies/rest-api"


def test_a_connection_that_is_missing_is_named_with_the_cure(airflow, monkeypatch):
    from interlock.cli import connections as commands
    from interlock.pipeline import connections as tasks

    with pytest.raises(ConnectionMissing, match=r"interlock_vat; add it under Admin > Connections"):
        tasks.look_up("interlock_vat")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConnectionMissing, match=r"no connection interlock_vat: define it in Airflow"):
        commands.look_up("interlock_vat")
