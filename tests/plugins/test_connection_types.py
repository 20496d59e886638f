"""The connection form's types of ours: known to Airflow, and telling whether a connection leads to the system."""

from __future__ import annotations

import json
import os

import pytest
from airflow.providers_manager import ProvidersManager

from interlock.pipeline import connection_types as types
from interlock.pipeline.connections import look_up
from tests.connectors.espocrm_hands import tape  # noqa: F401 - a fixture

HOOKS = (types.HubSpotHook, types.EspoCrmHook, types.TrytonHook, types.OdooHook)


def test_airflow_knows_the_four_types_and_what_each_asks_for():
    manager = ProvidersManager()
    behaviours = manager.field_behaviours
    for hook in HOOKS:
        shown = behaviours[hook.conn_type]
        assert "password" not in shown["hidden_fields"]
        assert {"port", "extra"} <= set(shown["hidden_fields"])
    assert "schema" not in behaviours["interlock_odoo"]["hidden_fields"]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_connection_that_leads_nowhere_is_told_with_the_systems_name(monkeypatch, hook):
    given = {"conn_type": hook.conn_type, "host": "http://127.0.0.1:9", "login": "u", "password": "p", "schema": "d"}
    monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps(given))
    monkeypatch.setattr("time.sleep", lambda _: None)
    well, message = hook("elsewhere").test_connection()
    assert not well
    assert hook.hook_name.removeprefix("Interlock: ") in message
    assert look_up("elsewhere").database == "d"


def test_a_connection_that_leads_there_tells_which_installation(monkeypatch, tape):  # noqa: F811
    given = {"conn_type": "interlock_espocrm", "host": tape.url, "password": os.environ.get("ESPOCRM_KEY", "x")}
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_CRM", json.dumps(given))
    well, message = types.EspoCrmHook().test_connection()
    assert well, message
    assert message.startswith("EspoCRM 8.")
