"""A throw-away PostgreSQL for a test session; databases of their own for each test."""

from __future__ import annotations

import itertools

import pytest

from interlock.store.database import migrate
from interlock_sandbox.stack.postgres import Postgres

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
