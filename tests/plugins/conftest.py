"""A real Airflow API with its real login, and the console mounted in it as Airflow does."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"viewer": "viewer", "ops": "op"}
ACCOUNT, CONTRACT = "hubspot:1//account/42", "hubspot:1//contract/9"


@pytest.fixture(scope="package")
def airflow(cluster, tmp_path_factory):
    """The whole API application, on a database of its own, with the project's plugins folder."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "passwords.json").write_text(json.dumps({user: f"secret of {user}" for user in ROLES}))
    sections = {
        "DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://" + cluster.create("airflow").split("://", 1)[1],
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_FOLDER": str(home),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in ROLES.items()),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "API_AUTH__JWT_SECRET": "a secret for tests only, long enough to sign with " * 2,
        "API__SECRET_KEY": "another secret for tests only",
        "API__BASE_URL": "http://testserver",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("INTERLOCK_CONFIG", str(ROOT / "interlock.toml"))
        for name, value in sections.items():
            patch.setenv(f"AIRFLOW__{name}", value)
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
        from airflow import plugins_manager, settings
        from airflow.api_fastapi.app import create_app, purge_cached_app

        settings.configure_vars()
        settings.configure_orm()
        plugins_manager._get_plugins.cache_clear()
        plugins_manager.get_fastapi_plugins.cache_clear()
        purge_cached_app()
        assert plugins_manager.get_import_errors() == {}
        yield create_app(apps="core")


@pytest.fixture(scope="package")
def declared(airflow):
    """Every FastAPI application that the project's plugins declare."""
    from airflow import plugins_manager

    return [one for plugin in plugins_manager._get_plugins()[0] if "interlock" in plugin.name for one in plugin.fastapi_apps]


@pytest.fixture(scope="package")
def tokens(airflow):
    """Real tokens, from Airflow's own login."""
    from fastapi.testclient import TestClient

    client = TestClient(airflow)
    answers = {user: client.post("/auth/token", json={"username": user, "password": f"secret of {user}"}) for user in ROLES}
    return {user: answer.json()["access_token"] for user, answer in answers.items()}


@pytest.fixture
def as_user(airflow, tokens):
    """A browser logged in as somebody (None: nobody): Airflow's login is a cookie there."""
    from fastapi.testclient import TestClient

    def client(user):
        cookies = {"_token": tokens[user]} if user else {}
        return TestClient(airflow, cookies=cookies, raise_server_exceptions=False, follow_redirects=False)

    return client


@pytest.fixture
def viewer(as_user):
    return as_user("viewer")


@pytest.fixture
def ops(as_user):
    client = as_user("ops")
    client.headers["X-Interlock"] = "1"
    return client


@pytest.fixture
def store(database, airflow, monkeypatch):
    """The integration database that Airflow's connection leads to."""
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_DB", database)
    return Store(database)


class Store:
    """Fills the integration database and looks into it."""

    def __init__(self, url):
        self.url = url

    def sql(self, text, values=()):
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            cursor = connection.execute(text, values)
            return cursor.fetchall() if cursor.description else []

    def account(self, name="Müller & Söhne GmbH", revision="r1", ref=ACCOUNT, **fields):
        self.sql(
            "INSERT INTO interlock.snapshot (ref, instance, kind, revision, modified_at, body, problems, archived)"
            " VALUES (%s, 'hubspot:1', 'account', %s, now(), %s, '[]', false)"
            " ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, body = excluded.body",
            [ref, revision, Jsonb({"legal_name": name, "country": "DE", **fields})],
        )
        return ref

    def contract(self, number="SC-7", ref=CONTRACT, account=ACCOUNT, **fields):
        line = {"id": "1", "product": "WARTUNG", "description": "Wartung", "quantity": "2", "unit_price": "600", "discount": "10"}
        body = {
            "number": number,
            "name": "Wartung Halle 3",
            "account": account.rsplit("/", 1)[1],
            "currency": "EUR",
            "lines": [line],
        }
        self.sql(
            "INSERT INTO interlock.snapshot (ref, instance, kind, revision, modified_at, body, parent, problems, archived)"
            " VALUES (%s, 'hubspot:1', 'contract', 'r1', now(), %s, %s, '[]', false)",
            [ref, Jsonb(body | {"currency": "EUR"} | fields), account],
        )
        return ref

    def hold_back(
        self, ref=ACCOUNT, revision="r1", code="vat_id_invalid", field="vat_id", message="wrong check digits", detail="",
        process="lead_to_customer",
    ):  # fmt: skip
        self.sql(
            "INSERT INTO interlock.subject (process, ref, inputs, config, state)"
            " VALUES (%s, %s, '', '', 'rejected') ON CONFLICT DO NOTHING",
            [process, ref],
        )
        return self.sql(
            "INSERT INTO interlock.quarantine (process, ref, revision, code, field, message, detail)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [process, ref, revision, code, field, message, detail],
        )[0]["id"]

    def run(self, name="manual__2026-03-01", changes=(), counts=None, actor="manual", process="lead_to_customer", **more):
        batch = uuid.uuid4()
        self.sql(
            "INSERT INTO interlock.batch (id, process, run_id, dry_run, full_read, named, actor, finished_at, as_of)"
            " VALUES (%s, %s, %s, %s, false, %s, %s, now(), %s)",
            [batch, process, name, more.get("dry_run", False), more.get("named"), actor, more.get("as_of")],
        )
        body = {
            "counts": counts or {"read": 3, "created": 1, "rejected": 1, "unchanged": 1}, "seconds": {"gather": 1.5},
            "changes": list(changes), "held_back": more.get("held_back", []), "started_at": datetime.now(UTC).isoformat(),
            "money": more.get("money", {}),
        }  # fmt: skip
        self.sql(
            "INSERT INTO interlock.run_report (batch_id, process, run_id, body) VALUES (%s, %s, %s, %s)",
            [batch, process, name, Jsonb(body)],
        )
        return batch

    def change(self, batch, key="k", values=None, state="held", subject=ACCOUNT):
        return self.sql(
            "INSERT INTO interlock.change (key, once, process, system, operation, kind, target, subject, body, seen, depends_on,"
            " why, state, batch_id) VALUES (%s, true, 'lead_to_customer', 'erp', 'create', 'customer', %s, %s, %s, '{}', '{}',"
            " 'won deal', %s, %s) RETURNING id",
            [key, f"new:{key}", subject, Jsonb(values or {"legal_name": "Müller"}), state, batch],
        )[0]["id"]

    def ask(self, batch, changes, reason="600 creates exceed the limits", process="lead_to_customer"):
        from interlock.domain.identity import content_hash

        rows = self.sql("SELECT key, body FROM interlock.change WHERE id = ANY(%s)", [changes])
        return self.sql(
            "INSERT INTO interlock.approval (process, batch_id, change_ids, content_hash, reason)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [process, batch, changes, content_hash({row["key"]: row["body"] for row in rows}), reason],
        )[0]["id"]


def written(name="legal_name", before=None, after="Müller", subject=ACCOUNT, **more):
    """One change as a run report holds it."""
    return {
        "subject": subject, "system": "erp", "operation": "create", "kind": "customer", "target": "t", "before": {name: before},
        "after": {name: after}, "results": {}, "why": "won deal since go-live", "state": "done", "reason": "", **more,
    }  # fmt: skip
