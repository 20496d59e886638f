"""The sandbox CRM on a real port; its database is made in the session's cluster."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from hubspot import HubSpot

from interlock_sandbox.crm.app import create_app

TOKEN = "a token of the tests"


@dataclass
class Crm:
    """The service as a caller sees it."""

    url: str
    http: httpx.Client
    client: HubSpot

    def settings(self, **values):
        answer = self.http.post("/sandbox/settings", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, kind, *rows):
        answer = self.http.post(f"/crm/v3/objects/{kind}/batch/create", json={"inputs": [{"properties": row} for row in rows]})
        assert answer.status_code == 201, answer.text
        return [row["id"] for row in answer.json()["results"]]


@pytest.fixture(scope="module")
def crm_database(cluster):
    return cluster.create(f"crm_{secrets.token_hex(6)}")


@pytest.fixture(scope="module")
def service(crm_database):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(crm_database, TOKEN)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = HubSpot(access_token=TOKEN, host=url, client_side_validation=True)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as http:
            yield Crm(url, http, client)
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def crm(service):
    service.settings(rate=10_000, per=10, search_rate=1000, index_delay=0)
    return service
