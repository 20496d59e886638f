"""Airflow on this machine: standalone with LocalExecutor, its own secrets, three users, no examples."""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from interlock_sandbox.stack.erp import Erp
from interlock_sandbox.stack.paths import PYTHON, ROOT, private
from interlock_sandbox.stack.processes import Processes, free_port

PRELOAD = '''"""Tasks are forks of the scheduler: what it has imported costs them nothing."""

import sys

if "scheduler" in sys.argv:
    import interlock.pipeline.preload  # noqa: F401
'''
COMPONENTS = {"metadatabase": "database", "scheduler": "scheduler", "dag_processor": "DAG processor", "triggerer": "triggerer"}
PATIENCE = 180
USERS = {"admin": "admin", "ops": "op", "viewer": "viewer"}


def connection_variables(crm: dict[str, str], erp: Erp, dsn: str) -> dict[str, str]:
    """Return the Airflow connections as environment variables; the VAT register is the sandbox's too."""
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
        "AIRFLOW_CONN_INTERLOCK_VAT": json.dumps({"conn_type": "http", "host": f"{crm['url']}/vies/rest-api"}),
    }


def _secrets(folder: Path) -> dict[str, str]:
    """Return this installation's generated secrets, made once."""
    file = folder / "airflow.secret"
    if not file.exists():
        fernet = base64.urlsafe_b64encode(os.urandom(32)).decode()
        made = {"fernet": fernet, "jwt": secrets.token_hex(32), "api": secrets.token_hex(32)}
        private(file, json.dumps(made | {user: secrets.token_urlsafe(9) for user in USERS}))
    return dict(json.loads(file.read_text()))


def start(
    processes: Processes, folder: Path, dsn: str, variables: dict[str, str], settings: Path, more: Mapping[str, str]
) -> dict[str, object]:
    """Start Airflow if it does not run; the caller waits for its health. Returns address and logins.

    `more` are further settings, such as {"SCHEDULER__PARSING_CLEANUP_INTERVAL": "60"}.
    """
    home, secret = folder / "airflow", _secrets(folder)
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "airflow_local_settings.py").write_text(PRELOAD)
    private(home / "passwords.json", json.dumps({user: secret[user] for user in USERS}))
    env = variables | {
        "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT / "include"), "INTERLOCK_CONFIG": str(settings),
        "GX_ANALYTICS_ENABLED": "false", "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }  # fmt: skip

    def launch(port: int) -> tuple[list[str], dict[str, str]]:
        sections = _sections(home, secret, dsn, port) | more
        return [str(PYTHON.parent / "airflow"), "standalone"], env | {f"AIRFLOW__{k}": v for k, v in sections.items()}

    port = processes.serve("airflow", launch, PATIENCE)
    users = {user: {"role": role, "password": secret[user]} for user, role in USERS.items()}
    return {"url": f"http://127.0.0.1:{port}", "users": users}


def _sections(home: Path, secret: dict[str, str], dsn: str, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    return {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "8",
        "CORE__FERNET_KEY": secret["fernet"],
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://" + dsn.split("://", 1)[1],
        "API__PORT": str(port),
        "API__HOST": "127.0.0.1",
        "API__BASE_URL": url,
        "API__WORKERS": "1",
        "API__SECRET_KEY": secret["api"],
        "API_AUTH__JWT_SECRET": secret["jwt"],
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def wait_until_healthy(
    processes: Processes, url: str, progress: Callable[[str], None] = lambda _: None, seconds: float = PATIENCE
) -> None:
    """Wait until database, scheduler, DAG processor and triggerer are all healthy.

    A heartbeat from before this start does not count. Raises RuntimeError or TimeoutError naming the sick ones and the log.
    """
    end, sick = time.monotonic() + seconds, list(COMPONENTS)
    while time.monotonic() < end:
        sick = _sick(url, processes.started("airflow"))
        if not sick:
            return
        if not processes.running("airflow"):
            raise RuntimeError(f"Airflow ended before it was healthy; see {processes.log('airflow')}")
        progress(", ".join(sick))
        time.sleep(0.3)
    verb = "is" if len(sick) == 1 else "are"
    raise TimeoutError(f"Airflow's {' and '.join(sick)} {verb} not healthy after {seconds:.0f} s; see {processes.log('airflow')}")


def _sick(url: str, since: float) -> list[str]:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - our own
            health = json.loads(answer.read())
    except (OSError, ValueError):
        return ["API server"]
    return [name for key, name in COMPONENTS.items() if not _healthy(key, health.get(key) or {}, since)]


def _healthy(key: str, state: dict[str, str | None], since: float) -> bool:
    if state.get("status") != "healthy" or key == "metadatabase":
        return state.get("status") == "healthy"
    beat = state.get(f"latest_{key}_heartbeat")
    return beat is not None and datetime.fromisoformat(beat).timestamp() >= since
