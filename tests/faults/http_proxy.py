"""Stands before a system and does to chosen calls what networks, servers and operating systems do."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WRITES = re.compile(rb'"method": ?"model\.([a-z._]+)\.(create|write|delete|validate_invoice|draft|post)"')
STEPS = {b"create": "draft", b"validate_invoice": "confirm", b"post": "post"}  # of an invoice, by the ERP's methods
REFUSALS = {"500": 500, "503": 503, "429": 429, "429 with Retry-After": 429}
BEFORE = (*REFUSALS, "html", "reset", "hang", "late")  # the call does not arrive, or arrives when nobody waits any more
AFTER = ("lost reply", "500 after", "html after")  # the call arrives, its reply does not
FREEZES = ("frozen before", "frozen")
DEATHS = ("killed before", "killed after", *FREEZES)


class HttpProxy:
    """One proxy for one worker: `plan` maps (kind of call, ordinal from 1) to a fault.

    Kinds are "write", "read", "any", and the steps of an invoice: "draft", "confirm", "post".
    `death(kind)` is asked to kill or freeze the worker; `thawed` tells when it goes on. `patience` is the worker's time-out in
    seconds: a late call is passed on after it. `writes` counts writing calls that were passed on.
    """

    def __init__(
        self,
        target: str,
        plan: dict[tuple[str, int], str],
        patience: float,
        death: Callable[[str], None],
        thawed: threading.Event,
    ) -> None:
        self.plan, self.patience, self.death, self.thawed = plan, patience, death, thawed
        self.target = urlsplit(target)
        self.counters = {kind: itertools.count(1) for kind in ("write", "read", "any", *STEPS.values())}
        self.writes, self.happened = 0, []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fault(self, kinds: tuple[str, ...]) -> str:
        with self.lock:
            keys = [(name, next(self.counters[name])) for name in kinds]
            fault = next((self.plan[key] for key in keys if key in self.plan), "")
            if fault:
                self.happened.append(f"{kinds[0]}: {fault}")
        return fault

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if "write" in _kinds(method, path, body):
            self.writes += 1
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()


def _kinds(method: str, path: str, body: bytes) -> tuple[str, ...]:
    """Name what a call is, the closest name first."""
    if not path.endswith("/rpc/"):
        written = re.search(r"/batch/(create|update|upsert|archive)$", path) or method in {"PATCH", "DELETE"}
        return ("write" if written else "read", "any")
    if not (call := WRITES.search(body)):
        return ("read", "any")
    step = STEPS.get(call[2], "") if call[1] == b"account.invoice" else ""
    return (step, "write", "any") if step else ("write", "any")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: HttpProxy

    def _call(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection", "accept-encoding"}
        }
        call = (self.command, self.path, headers, body)
        fault = self.proxy.fault(_kinds(self.command, self.path, body))
        if fault in BEFORE or fault == "killed before":
            self._before(fault, call)
            return
        if fault == "frozen before":
            self.proxy.death("frozen")
            self.proxy.thawed.wait(60)
        status, answered, content = self.proxy.forward(*call)
        if fault == "frozen":
            self.proxy.death(fault)
        elif fault and fault != "frozen before":
            self._after(fault)
            return
        kept = [(n, v) for n, v in answered if n.lower() in {"content-type", "retry-after", "date"}]
        with contextlib.suppress(OSError):
            self._reply(status, content, kept)

    def _before(self, fault: str, call: tuple[str, str, dict[str, str], bytes]) -> None:
        self.close_connection = True
        if fault in REFUSALS:
            wait = [("Retry-After", "0.2")] if "Retry-After" in fault else []
            self._reply(REFUSALS[fault], b'{"status": "error", "message": "no"}', wait)
        elif fault == "html":
            self._reply(200, b"<html>maintenance</html>", [])
        elif fault == "reset":
            self._reset()
        elif fault == "killed before":
            self.proxy.death(fault)
        else:
            time.sleep(self.proxy.patience * 1.4)
            if fault == "late":
                self.proxy.forward(*call)

    def _after(self, fault: str) -> None:
        self.close_connection = True
        if fault == "500 after":
            self._reply(500, b"{}", [])
        elif fault == "html after":
            self._reply(200, b"<html>", [])
        elif fault == "lost reply":
            self._reset()
        else:
            self.proxy.death(fault)

    def _reply(self, status: int, content: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _call  # noqa: N815
