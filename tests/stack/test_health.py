"""Airflow counts as up when all of its parts are; what is sick is named, with the log to read."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from interlock_sandbox.stack.airflow import wait_until_healthy

STARTED = datetime.now(UTC) - timedelta(minutes=5)


class Started:
    """A child that was started at STARTED and writes to a log."""

    def __init__(self, *, lives=True):
        self.lives = lives

    def started(self, name):
        return STARTED.timestamp()

    def running(self, name):
        return self.lives

    def log(self, name):
        return Path("logs") / f"{name}.log"


@pytest.fixture
def health():
    """What the health page says, and its address."""
    beat = (STARTED + timedelta(minutes=4)).isoformat()
    parts = {
        name: {"status": "healthy", f"latest_{name}_heartbeat": beat} for name in ("scheduler", "dag_processor", "triggerer")
    } | {"metadatabase": {"status": "healthy"}}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(parts).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield parts, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_healthy_is_up(health):
    wait_until_healthy(Started(), health[1], seconds=5)


@pytest.mark.parametrize(
    ("part", "state", "words"),
    [
        ("triggerer", {"status": None}, "Airflow's triggerer is not healthy after 0 s; see logs/airflow.log"),
        ("metadatabase", {"status": "unhealthy"}, "Airflow's database is not healthy"),
        ("scheduler", {"latest_scheduler_heartbeat": (STARTED - timedelta(seconds=1)).isoformat()}, "Airflow's scheduler is not"),
        ("dag_processor", {"latest_dag_processor_heartbeat": None}, "Airflow's DAG processor is not"),
    ],
)
def test_a_sick_part_is_named_with_the_log(health, part, state, words):
    parts, url = health
    parts[part].update(state)
    seen = []
    with pytest.raises(TimeoutError, match=words):
        wait_until_healthy(Started(), url, seen.append, seconds=0.4)
    assert len(set(seen)) == 1


def test_an_end_before_health_is_an_error_at_once(health):
    parts, url = health
    parts["scheduler"]["status"] = "unhealthy"
    with pytest.raises(RuntimeError, match=r"Airflow ended before it was healthy; see logs/airflow\.log"):
        wait_until_healthy(Started(lives=False), url, seconds=60)
