"""A throw-away PostgreSQL for a test session, a warm real Tryton, the sandbox CRM; databases of their own for each test."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, settings

from interlock.store.database import migrate
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm, erp
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import Processes
from tests.layers import (  # noqa: F401
    pytest_collection_modifyitems,
    pytest_runtest_logreport,
    pytest_terminal_summary,
    pytest_xdist_make_scheduler,
)

NUMBERS = itertools.count(1)
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


def pytest_addoption(parser):
    parser.addoption("--plans", type=int, default=20, help="how many seeded plans of faults to run")
    parser.addoption("--stride", type=int, default=12, help="how many commits or calls further each kill strikes; 1 is every one")
    parser.addoption("--first", type=int, default=0, help="the first seed")


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
