"""A throw-away PostgreSQL for a test session, a warm real Tryton, the sandbox CRM; databases of their own for each test."""

from __future__ import annotations

import itertools

import pytest

from interlock.store.database import migrate
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm, erp
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import Processes

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    postgres = Postgres(tmp_path_factory.mktemp("cluster"), durable=False)
    postgres.start()
    migrated = postgres.create("migrated")
    migrate(migrated)
    yield postgres
    postgres.remove()


@pytest.fixture
def database(cluster):
    """The URL of a fresh, migrated integration database."""
    return cluster.create(f"test{next(NUMBERS)}", "migrated")


@pytest.fixture(scope="session")
def systems(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    processes = Processes(folder)
    try:
        yield {"crm": crm.start(processes, folder, cluster.create("crm")), "erp": erp.start(cluster, processes, folder)}
    finally:
        processes.stop_all()


@pytest.fixture
def sandbox(systems):
    return Crm(**systems["crm"])
