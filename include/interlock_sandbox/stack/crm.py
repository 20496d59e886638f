"""The sandbox CRM as a process of the stack."""

from __future__ import annotations

import secrets
from pathlib import Path

from interlock_sandbox.stack.paths import PYTHON, ROOT, private
from interlock_sandbox.stack.processes import Processes, free_port, wait_for


def start(processes: Processes, folder: Path, dsn: str) -> dict[str, str]:
    """Start it if it does not run; returns address and token."""
    token_file, port_file = folder / "crm.secret", folder / "crm.port"
    if not token_file.exists():
        private(token_file, secrets.token_urlsafe(24))
    token = token_file.read_text()
    if not (processes.running("crm") and port_file.exists()):
        port_file.write_text(str(free_port()))
        env = {"CRM_DSN": dsn, "CRM_TOKEN": token, "PYTHONPATH": str(ROOT / "include")}
        processes.start("crm", [str(PYTHON), "-m", "interlock_sandbox.crm", "--port", port_file.read_text()], env)
    url = f"http://127.0.0.1:{port_file.read_text()}"
    wait_for(f"{url}/health", 60, lambda: processes.running("crm"))
    return {"url": url, "token": token}
