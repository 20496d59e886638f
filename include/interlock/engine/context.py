"""What every step of a run needs."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock_time
from uuid import UUID

from interlock.config import Settings
from interlock.domain.change import Role
from interlock.engine.flow import Flow
from interlock.errors import Paused
from interlock.ports.register import VatRegister
from interlock.ports.system import Instance, System
from interlock.store import batches, people
from interlock.store.database import Database, Transaction, require_schema


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is asked to do: everything due, or named accounts, contracts (by ids in the CRM) and invoices (by number).

    full: read all keys. dry_run: write a report only. as_of: the local date to decide for, the present one if None; a later one
    makes a dry run of it.
    """

    run_id: str
    actor: str = "schedule"
    crm_ids: tuple[str, ...] = ()
    contract_ids: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()
    dry_run: bool = False
    full: bool = False
    as_of: date | None = None


@dataclass
class Engine:
    """The machine with its parts, for one process; one per worker process. `owner` names it in leases."""

    database: Database
    crm: System
    erp: System
    settings: Settings
    flow: Flow
    register: VatRegister | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")

    @property
    def process(self) -> str:
        """The process's name."""
        return self.flow.name

    @property
    def today(self) -> date:
        """The present date in the company's time zone."""
        return self.now().astimezone(self.settings.zone).date()

    def moment(self, as_of: date | None) -> datetime:
        """Return up to when time alone makes work: the present moment, or the end of a later day that a run looks at."""
        if as_of is None or as_of <= self.today:
            return self.now()
        return datetime.combine(as_of, clock_time.max, self.settings.zone)

    def system(self, role: Role) -> System:
        """Return the CRM or the ERP."""
        return self.crm if role == "crm" else self.erp

    def open(self, scope: Scope) -> UUID:
        """Register the run, pin both instances and refuse to start while paused; returns the batch id."""
        instances = {"crm": self.crm.instance(), "erp": self.erp.instance()}
        named = [str(ref) for ref in self.flow.named(self, scope)]
        dry = scope.dry_run or self._only_looks(scope.as_of)
        with self.database.begin() as tx:
            require_schema(tx)
            if not dry:
                self._pin_and_check(tx, instances)
                batches.clear_abandoned(tx, self.process)
            request = {"dry_run": dry, "full": scope.full, "named": named, "actor": scope.actor, "as_of": scope.as_of}
            return batches.open_batch(tx, uuid.uuid4(), self.process, scope.run_id, request)

    def _only_looks(self, as_of: date | None) -> bool:
        return as_of is not None and (as_of > self.today or (self.flow.looks_back and as_of < self.today))

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
