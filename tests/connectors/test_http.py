"""Faults at the HTTP boundary, from a real server on loopback."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from interlock.config import HttpSettings
from interlock.errors import LoginRefused, RateLimited, Refused, SystemUnavailable
from interlock.http import Http

QUICK = HttpSettings(connect_timeout=1, read_timeout=0.3, write_timeout=0.3, tries=3, backoff=0.01)


class Script(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen += 1
        step = self.server.script.pop(0) if self.server.script else 200
        if step == "reset":
            self.connection.close()
            return
        if step == "hang":
            self.server.gate.wait(2)
            return
        self.send_response(200 if step == "html" else step)
        if step == 429:
            self.send_header("Retry-After", "0.05")
        body = b"<html>" if step == "html" else b'{"ok": true}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    server.script, server.seen, server.gate = [], 0, threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


def door(server):
    return Http(f"http://127.0.0.1:{server.server_port}", QUICK, "The ERP")


@pytest.mark.parametrize("fault", [500, 502, 503, 429, "reset", "hang", "html"])
def test_a_safe_call_is_repeated(server, fault):
    server.script = [fault, fault]
    assert door(server).call("POST", "/", safe=True, json={}) == {"ok": True}
    assert server.seen == 3


@pytest.mark.parametrize("fault", [500, 503, "reset", "hang", "html"])
def test_a_write_is_sent_once_and_its_fate_is_unknown(server, fault):
    server.script = [fault]
    with pytest.raises(SystemUnavailable, match="The ERP") as error:
        door(server).call("POST", "/", safe=False, json={})
    assert error.value.sent
    assert server.seen == 1


def test_a_limited_write_had_no_effect_and_says_how_long_to_wait(server):
    server.script = [429]
    with pytest.raises(RateLimited) as error:
        door(server).call("POST", "/", safe=False, json={})
    assert error.value.retry_after == 0.05
    assert server.seen == 1


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (409, Refused), (401, LoginRefused), (403, LoginRefused)])
def test_a_definite_no_is_not_repeated(server, status, error):
    server.script = [status]
    with pytest.raises(error):
        door(server).call("POST", "/", safe=True, json={})
    assert server.seen == 1


def test_nobody_there_means_nothing_was_sent(server):
    with pytest.raises(SystemUnavailable) as error:
        Http("http://127.0.0.1:9", QUICK, "The ERP").call("POST", "/", safe=False, json={})
    assert not error.value.sent


def test_the_quota_is_kept():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    from interlock.http import Throttle

    throttle = Throttle(HttpSettings(requests=10, per_seconds=1), lambda: now[0], sleep)
    for _ in range(35):
        throttle.wait()
    assert now[0] == pytest.approx(3.0)
