"""A test stand: a throw-away PostgreSQL, real Trytons, sandbox CRMs, engines between them; nothing of it outlives a run."""

from __future__ import annotations

import hashlib
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlock.config import Endpoint, Settings, parse
from interlock.connectors.registry import connect
from interlock.engine.context import Engine
from interlock.engine.flow import Flow
from interlock.engine.leads import LEADS
from interlock.ports.system import System
from interlock.store.database import Database, migrate
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm, erp
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import Processes
from tests.companies import company as small_town

UNLIMITED = "http = { requests = 100000, per_seconds = 1 }"
SETTINGS = f"""
[lead_to_customer]
go_live = 2026-01-01
[crm]
{UNLIMITED}
[erp]
{UNLIMITED}
[limits]
max_creates = 1000000
max_updates = 1000000
[engine]
deadline = 80000
lease_seconds = 80000
"""
PROPERTIES = {"legal_name": "name", "street": "address", "postal_code": "zip"}
PART = 100


def company(key: object) -> dict[str, str]:
    """Return a company whose name and street no other of a hundred thousand shares a part with."""
    mark = hashlib.sha256(str(key).encode()).hexdigest()
    word, street = ("".join(chr(97 + int(mark[i : i + 4], 16) % 26) for i in range(start, start + 36, 4)) for start in (0, 28))
    return small_town(key) | {
        "legal_name": f"{word.capitalize()} GmbH", "street": f"{street.capitalize()}weg {int(mark[-2:], 16) + 1}",
        "website": f"https://{word}.example", "phone": f"+4930{int(mark[-9:], 16) % 10**9:09}",
    }  # fmt: skip


class Pair:
    """A CRM and an ERP of their own, each a copy of a database; their names are part of who they are."""

    def __init__(self, cluster: Postgres, name: str, crm_from: str = "", erp_from: str = "") -> None:
        self.cluster, self.names = cluster, (f"{name}_crm", f"{name}_erp")
        self._folder = tempfile.TemporaryDirectory(prefix="il-bench-")
        folder = Path(self._folder.name)
        self.processes = Processes(folder)
        dsn = cluster.create(self.names[0], *([crm_from] if crm_from else []))
        self.crm = crm.start(self.processes, folder, dsn)
        if erp_from:
            cluster.create(self.names[1], erp_from)
        self.erp = erp.start(cluster, self.processes, folder, self.names[1])
        self.sandbox = Crm(**self.crm)
        self.sandbox.call("POST", "/sandbox/settings", {"rate": 10_000_000, "per": 1, "search_rate": 10_000_000})

    def connect(self, settings: Settings) -> tuple[System, System]:
        there = Endpoint(url=self.erp.url, login=self.erp.login, password=self.erp.password, database=self.erp.database)
        here = Endpoint(url=self.crm["url"], token=self.crm["token"])
        return (
            connect("hubspot", here, settings.crm.with_maps(settings.maps), settings.customers),
            connect("tryton", there, settings.erp, settings.customers),
        )

    def stop(self, *, keep: int = 0) -> None:
        """Stop both; `keep` the database of the first, the CRM, or of both."""
        self.processes.stop_all()
        for name in self.names[keep:]:
            self.cluster.drop(name)
        self._folder.cleanup()


@contextmanager
def cluster() -> Iterator[Postgres]:
    """Run a PostgreSQL that is gone afterwards; durable, as a company's would be."""
    with tempfile.TemporaryDirectory(prefix="il-bench-") as folder:
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.remove()


def store(postgres: Postgres, name: str) -> str:
    """Make an empty integration database; returns its address."""
    dsn = postgres.create(name)
    migrate(dsn)
    return dsn


def engine(dsn: str, systems: Sequence[Any], settings: str = SETTINGS, flow: Flow = LEADS) -> Engine:
    """Put an engine between two systems."""
    return Engine(Database(dsn), *systems, parse(settings), flow)


def fill(sandbox: Crm, size: int) -> None:
    """Make accounts that resemble nobody, each with a won deal, a contact who gets the invoices, and two calls."""
    for start in range(0, size, PART):
        keys = [f"bench{number}" for number in range(start, min(start + PART, size))]
        companies = [{PROPERTIES.get(name, name): value for name, value in company(key).items()} for key in keys]
        ids = sandbox.create("companies", [{"properties": properties} for properties in companies])
        to = [[{"to": {"id": number}, "types": []}] for number in ids]
        deals = [{"properties": {"dealname": "D", "dealstage": "closedwon"}, "associations": link} for link in to]
        people = [
            {"properties": {"firstname": "Erika", "lastname": f"Muster {key}", "role": "invoice", "email": f"{key}@example.de"},
             "associations": link} for key, link in zip(keys, to, strict=True)
        ]  # fmt: skip
        calls = [
            {"properties": {"hs_call_title": "Asked", "hs_timestamp": f"2026-02-0{day}T10:00:00Z"}, "associations": link}
            for link in to for day in (1, 2)
        ]  # fmt: skip
        for kind, rows in (("deals", deals), ("contacts", people), ("calls", calls)):
            sandbox.create(kind, rows)


def ratio(title: str, goal: str, ours: Sequence[float], theirs: Sequence[float], other: str, unit: str = "s") -> float:
    """Print both sides of each pair and the median of their ratios; returns that."""
    found = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"{title}: {found:.2f} (goal {goal}); pairs, ours / {other}, {unit}: ", end="")
    print(", ".join(f"{a:.2f} / {b:.2f}" for a, b in zip(ours, theirs, strict=True)), flush=True)
    return found


def compared(title: str, pairs: int, cases: Mapping[str, Callable[[], tuple[float, float]]]) -> None:
    """Measure a connector beside its bare calls, case by case, and print both sides of each pair."""
    for name, pair in cases.items():
        ours, bare = map(list, zip(*(pair() for _ in range(pairs)), strict=True))
        ratio(f"{title}, {name}", "1.25", ours, bare, "bare calls")
