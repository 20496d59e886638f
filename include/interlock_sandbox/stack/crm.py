"""The sandbox CRM as a process of the stack."""

from __future__ import annotations

import secrets
from pathlib import Path

from interlock_sandbox.stack.paths import PYTHON, ROOT, private
from interlock_sandbox.stack.processes import Processes, wait_for


def start(processes: Processes, folder: Path, dsn: str) -> dict[str, str]:
    """Start it if it does not run; returns address and token."""
    token_file = folder / "crm.secret"
    if not token_file.exists():
        private(token_file, secrets.token_urlsafe(24))
    token = token_file.read_text()
    env = {"CRM_DSN": dsn, "CRM_TOKEN": token, "PYTHONPATH": str(ROOT / "include")}
    port = processes.serve("crm", lambda port: ([str(PYTHON), "-m", "interlock_sandbox.crm", "--port", str(port)], env), 60)
    url = f"http://127.0.0.1:{port}"
    wait_for(f"{url}/health", 60, lambda: processes.running("crm"))
    return {"url": url, "token": token}
