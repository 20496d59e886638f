"""Airflow on this machine: standalone with LocalExecutor, its own secrets, three users, no examples."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from interlock_sandbox.stack.erp import Erp
from interlock_sandbox.stack.paths import PYTHON, ROOT, private
from interlock_sandbox.stack.processes import Processes, free_port

PRELOAD = '''"""Tasks are forks of the scheduler: what it has imported costs them nothing."""

import sys

if "scheduler" in sys.argv:
    import great_expectations  # noqa: F401
'''
USERS = {"admin": "admin", "ops": "op", "viewer": "viewer"}


def connection_variables(crm: dict[str, str], erp: Erp, dsn: str) -> dict[str, str]:
    """Return the three Airflow connections as environment variables."""
    base = urlsplit(dsn)
    database = {
        "conn_type": "postgres", "host": base.hostname, "port": base.port, "login": base.username, "password": base.password,
        "schema": base.path.lstrip("/"),
    }  # fmt: skip
    return {
        "AIRFLOW_CONN_INTERLOCK_DB": json.dumps(database),
        "AIRFLOW_CONN_INTERLOCK_CRM": json.dumps({"conn_type": "http", "host": crm["url"], "password": crm["token"]}),
        "AIRFLOW_CONN_INTERLOCK_ERP": json.dumps(
            {"conn_type": "http", "host": erp.url, "login": erp.login, "password": erp.password, "schema": erp.database}
        ),
    }


def _secrets(folder: Path) -> dict[str, str]:
    """Return this installation's generated secrets, made once."""
    file = folder / "airflow.secret"
    if not file.exists():
        fernet = base64.urlsafe_b64encode(os.urandom(32)).decode()
        made = {"fernet": fernet, "jwt": secrets.token_hex(32), "api": secrets.token_hex(32)}
        private(file, json.dumps(made | {user: secrets.token_urlsafe(9) for user in USERS}))
    return dict(json.loads(file.read_text()))


def start(processes: Processes, folder: Path, dsn: str, variables: dict[str, str], settings: Path) -> dict[str, object]:
    """Start Airflow if it does not run; the caller waits for its health. Returns address and logins."""
    home, secret = folder / "airflow", _secrets(folder)
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "airflow_local_settings.py").write_text(PRELOAD)
    private(home / "passwords.json", json.dumps({user: secret[user] for user in USERS}))
    port_file = folder / "airflow.port"
    if not (processes.running("airflow") and port_file.exists()):
        port_file.write_text(str(free_port()))
        port = port_file.read_text()
        sections = {
            "CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "8",
            "CORE__FERNET_KEY": secret["fernet"],
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://" + dsn.split("://", 1)[1],
            "API__PORT": port,
            "API__HOST": "127.0.0.1",
            "API__BASE_URL": f"http://127.0.0.1:{port}",
            "API__WORKERS": "1",
            "API__SECRET_KEY": secret["api"],
            "API_AUTH__JWT_SECRET": secret["jwt"],
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        env = {f"AIRFLOW__{name}": value for name, value in sections.items()} | variables
        env |= {
            "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT / "include"), "INTERLOCK_CONFIG": str(settings),
            "GX_ANALYTICS_ENABLED": "false", "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }  # fmt: skip
        processes.start("airflow", [str(PYTHON.parent / "airflow"), "standalone"], env)
    users = {user: {"role": role, "password": secret[user]} for user, role in USERS.items()}
    return {"url": f"http://127.0.0.1:{port_file.read_text()}", "users": users}
