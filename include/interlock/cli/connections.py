"""Connections for the command line, which does not import Airflow: its environment variables, else its own command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from interlock.config import Endpoint
from interlock.errors import ConfigurationError, ConnectionMissing


def look_up(connection_id: str) -> Endpoint:
    """Return the endpoint behind an Airflow connection id; raises ConnectionMissing with the cure when there is none."""
    found = _from_environment(connection_id) or _from_airflow(connection_id)
    password, login, host = found.get("password") or "", found.get("login") or "", found.get("host") or ""
    schema, port = found.get("schema") or "", found.get("port")
    if found.get("conn_type") in {"postgres", "postgresql"}:
        return Endpoint(url=f"postgresql://{quote(login, safe='')}:{quote(password, safe='')}@{host}:{port or 5432}/{schema}")
    url = host if "://" in host else f"https://{host}"
    return Endpoint(
        url=url.rstrip("/") + (f":{port}" if port else ""), login=login, password=SecretStr(password),
        token=SecretStr(password), database=schema,
    )  # fmt: skip


def _from_environment(connection_id: str) -> dict[str, Any] | None:
    text = os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}", "")
    if not text:
        return None
    try:
        return dict(json.loads(text))
    except ValueError:
        raise ConfigurationError(f"AIRFLOW_CONN_{connection_id.upper()} is not JSON; write it in Airflow's JSON form") from None


def _from_airflow(connection_id: str) -> dict[str, Any]:
    command = shutil.which("airflow")
    if command:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [command, "connections", "get", connection_id, "-o", "json"], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            return dict(json.loads(answer.stdout)[0])
    raise ConnectionMissing(
        f"no connection {connection_id}: define it in Airflow, or set AIRFLOW_CONN_{connection_id.upper()} to its JSON form"
    )
