"""The few calls of Airflow's REST API that start a run and wait for it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


class AirflowApi:
    """A login at one Airflow."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.token = url, ""
        self.token = self.call("POST", "/auth/token", {"username": user, "password": password})["access_token"]

    def call(self, method: str, path: str, body: Row | None = None) -> Row:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, method=method, headers=headers)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return dict(json.loads(answer.read() or b"{}"))

    def wait_for_dag(self, dag: str, seconds: float = 180) -> None:
        """Wait until Airflow has parsed the DAG, and switch it on; raises RuntimeError with its error when it cannot be parsed."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.call("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
                if broken := self.call("GET", "/api/v2/importErrors")["import_errors"]:
                    raise RuntimeError(f"{broken[0]['filename']} cannot be parsed: {broken[0]['stack_trace']}") from error
                if time.monotonic() > end:
                    raise TimeoutError(f"Airflow has not parsed {dag} within {seconds:.0f} s; see its log") from error
                time.sleep(1)
            else:
                return

    def trigger(self, dag: str, conf: Row) -> str:
        """Start a run under an id of its own; returns the id."""
        run = f"demo-{uuid.uuid4().hex[:12]}"
        self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": None, "conf": conf})
        return run

    def wait(self, dag: str, run: str, progress: Callable[[str], None] = lambda _: None, seconds: float = 600) -> str:
        """Wait for a run's end; returns its state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = str(self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"])
            if state in {"success", "failed"}:
                return state
            tasks = self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
            done = sum(task["state"] in {"success", "skipped"} for task in tasks)
            running = ", ".join(task["task_id"] for task in tasks if task["state"] == "running")
            progress(f"{running or state} ({done} of {len(tasks)} steps done)")
            time.sleep(0.5)
        raise TimeoutError(f"{run} did not end within {seconds:.0f} s")

    def run(self, dag: str, conf: Row, progress: Callable[[str], None] = lambda _: None) -> tuple[str, str]:
        """Trigger a run and wait for its end; returns (run id, state)."""
        run = self.trigger(dag, conf)
        return run, self.wait(dag, run, progress)
