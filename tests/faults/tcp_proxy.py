"""Stands before PostgreSQL and cuts, mutes or kills at chosen commits."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

FAULTS = ("cut before", "cut after", "gone")
DEATHS = ("killed before", "killed after", "frozen")
INTENT = 0
OUTAGE = 0.4  # seconds for which a database that is gone refuses connections


class TcpProxy:
    """One proxy for one worker: `plan` maps the ordinal of a COMMIT, from 1, to a fault; INTENT means the one before a write."""

    def __init__(self, dsn: str, plan: dict[int, str], death: Callable[[str], None]) -> None:
        parts = urlsplit(dsn)
        self.target = (str(parts.hostname), int(parts.port or 0))
        self.plan, self.death, self.commits = plan, death, itertools.count(1)
        self.happened: list[str] = []
        self.gone_until = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.dsn = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")))
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def fault(self, *, intent: bool) -> str:
        found = self.plan.pop(next(self.commits), "")
        return self.plan.pop(INTENT, "") or found if intent else found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if time.monotonic() < self.gone_until:
                client.close()
                continue
            server = socket.create_connection(self.target)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, client, server)
            threading.Thread(target=link.up, daemon=True).start()
            threading.Thread(target=link.down, daemon=True).start()


class _Link:
    def __init__(self, proxy: TcpProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.muted, self.answered, self.intent = False, threading.Event(), False

    def up(self) -> None:
        """Pass on what the worker says; a fault strikes at its COMMIT."""
        with contextlib.suppress(OSError):
            while data := self.client.recv(65_536):
                fault = ""
                self.intent = self.intent or b"SET state = 'sending'" in data
                if b"COMMIT" in data:
                    fault = self.proxy.fault(intent=self.intent)
                    self.intent = False
                if not fault:
                    self.server.sendall(data)
                elif self._strike(fault, data):
                    break
        self._end()

    def _strike(self, fault: str, data: bytes) -> bool:
        """Let the fault happen; True when the connection is over."""
        self.proxy.happened.append(f"commit: {fault}")
        if fault in {"cut after", "killed after", "frozen"}:
            self.muted = fault != "frozen"
            self.server.sendall(data)
            self.answered.wait(10)
        if fault == "gone":
            self.proxy.gone_until = time.monotonic() + OUTAGE
        if fault in DEATHS:
            self.proxy.death(fault)
        return fault != "frozen"

    def down(self) -> None:
        """Pass on what the server says."""
        with contextlib.suppress(OSError):
            while data := self.server.recv(65_536):
                if b"COMMIT" in data:
                    self.answered.set()
                if not self.muted:
                    self.client.sendall(data)
        self._end()

    def _end(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
