"""What every step of a run needs."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from interlock.config import Settings
from interlock.domain.change import Role
from interlock.errors import Paused
from interlock.ports.register import VatRegister
from interlock.ports.system import Instance, System
from interlock.processes.lead_to_customer import PROCESS
from interlock.store import batches, people
from interlock.store.database import Database, Transaction, require_schema


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is asked to do: everything due, or named accounts; `full` reads all keys; `dry_run` writes a report only."""

    run_id: str
    actor: str = "schedule"
    crm_ids: tuple[str, ...] = ()
    dry_run: bool = False
    full: bool = False


@dataclass
class Engine:
    """The machine with its parts; one per worker process. `owner` names it in leases."""

    database: Database
    crm: System
    erp: System
    settings: Settings
    register: VatRegister | None = None
    process: str = PROCESS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")

    def system(self, role: Role) -> System:
        """Return the CRM or the ERP."""
        return self.crm if role == "crm" else self.erp

    def open(self, scope: Scope) -> UUID:
        """Register the run, pin both instances and refuse to start while paused; returns the batch id."""
        instances = {"crm": self.crm.instance(), "erp": self.erp.instance()}
        named = [str(self.crm.ref("account", crm_id)) for crm_id in scope.crm_ids]
        with self.database.begin() as tx:
            require_schema(tx)
            if not scope.dry_run:
                self._pin_and_check(tx, instances)
                batches.clear_abandoned(tx, self.process)
            request = {"dry_run": scope.dry_run, "full": scope.full, "named": named, "actor": scope.actor}
            return batches.open_batch(tx, uuid.uuid4(), self.process, scope.run_id, request)

    def _pin_and_check(self, tx: Transaction, instances: dict[str, Instance]) -> None:
        for role, instance in instances.items():
            people.pin(tx, role, instance)
        if pause := people.paused_by(tx, [self.process, "crm", "erp"]):
            raise Paused(f"{pause['name']} is paused by {pause['actor']}: {pause['why']}")

    @contextmanager
    def timed(self, batch: UUID, step: str) -> Iterator[None]:
        """Record how long a step took in the run report."""
        begin = time.monotonic()
        yield
        with self.database.begin() as tx:
            batches.timed(tx, batch, step, time.monotonic() - begin)
