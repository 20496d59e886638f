"""Workers behind their proxies: started, killed, frozen, run side by side, until all is said and done."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from interlock.engine.context import Scope
from tests.faults.http_proxy import HttpProxy
from tests.faults.tcp_proxy import TcpProxy
from tests.faults.worker import BUG, Order, work
from tests.scenarios.test_contract_becomes_invoices import BILLING

PATIENCE = 0.6
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.faults.worker"])
HASTY = f"""{BILLING}
[lead_to_customer]
go_live = 2026-01-01
[crm]
balances = true
settle_seconds = 0.5
[crm.http]
connect_timeout = 0.3
read_timeout = 2
write_timeout = {PATIENCE}
sending_seconds = 0.8
backoff = 0.05
requests = 10000
[erp]
settle_seconds = 0.5
[erp.http]
connect_timeout = 0.3
read_timeout = 2
write_timeout = {PATIENCE}
sending_seconds = 0.8
backoff = 0.05
[engine]
lease_seconds = 1.8
poll_seconds = 0.05
deadline = 8
"""
CALM = f"""{BILLING}
[lead_to_customer]
go_live = 2026-01-01
[crm]
balances = true
settle_seconds = 0.5
[crm.http]
requests = 10000
[erp]
settle_seconds = 0.5
"""
TRIES = 5


@dataclass
class Faults:
    """What happens to one worker: by system and kind of call, and by commit."""

    crm: dict[tuple[str, int], str] = field(default_factory=dict)
    erp: dict[tuple[str, int], str] = field(default_factory=dict)
    commits: dict[int, str] = field(default_factory=dict)


class Worker:
    """One process with its three proxies."""

    def __init__(self, order: Order, scope: Scope, faults: Faults) -> None:
        self.frozen, self.thawed = threading.Event(), threading.Event()
        self.crm = HttpProxy(order.crm_url, faults.crm, PATIENCE, self._die, self.thawed)
        self.erp = HttpProxy(order.erp_url, faults.erp, PATIENCE, self._die, self.thawed)
        self.database = TcpProxy(order.dsn, faults.commits, self._die)
        handle, self.result = tempfile.mkstemp(suffix=".json")
        os.close(handle)
        told = replace(order, crm_url=self.crm.url, erp_url=self.erp.url, dsn=self.database.dsn, result=self.result)
        self.process = FORK.Process(target=work, args=(told, scope), daemon=True)
        self.process.start()

    def _die(self, how: str) -> None:
        if how == "frozen" and not self.frozen.is_set():
            self._signal(signal.SIGSTOP)
            self.frozen.set()
        elif how != "frozen":  # nobody would thaw it a second time
            self._signal(signal.SIGKILL)
            time.sleep(0.05)

    def _signal(self, sign: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, sign)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)
        self.thawed.set()

    def end(self, seconds: float = 60) -> tuple[int, dict[str, Any]]:
        """Wait for the end; returns exit code (negative: the signal that killed it) and what it said."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self._signal(signal.SIGKILL)
            self.process.join()
            raise AssertionError(f"a worker hung after {self.happened}")
        for proxy in (self.crm, self.erp, self.database):
            proxy.close()
        said = Path(self.result).read_text()
        Path(self.result).unlink()
        code = int(self.process.exitcode)
        found = json.loads(said) if said else {}
        assert code != BUG, f"after {self.happened}: {found['error']}"
        return code, found

    @property
    def happened(self) -> list[str]:
        return [
            *(f"crm {what}" for what in self.crm.happened), *(f"erp {what}" for what in self.erp.happened),
            *self.database.happened,
        ]  # fmt: skip

    @property
    def writes(self) -> int:
        return self.crm.writes + self.erp.writes


def until_done(order: Order, scope: Scope, faults: Faults, log: list[str]) -> dict[str, int] | None:
    """Run as Airflow would: again after a death or a passing fault, some times; the faults strike the first try only."""
    for attempt in range(TRIES):
        worker = Worker(order, scope, faults if attempt == 0 else Faults())
        code, said = worker.end()
        log += worker.happened
        if code == 0:
            return dict(said["counts"])
    return None
