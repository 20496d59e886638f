"""A warm real Tryton and the sandbox CRM, with an engine between them."""

from __future__ import annotations

import pytest

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.engine.context import Engine
from interlock.store.database import Database
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm, erp
from interlock_sandbox.stack.processes import Processes

SETTINGS = "[lead_to_customer]\ngo_live = 2026-01-01\n"


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


def connected(systems, database, more=""):
    settings, ours, theirs = parse(SETTINGS + more), systems["crm"], systems["erp"]
    there = Endpoint(url=theirs.url, login=theirs.login, password=theirs.password, database=theirs.database)
    return Engine(
        Database(database),
        connect("hubspot", Endpoint(url=ours["url"], token=ours["token"]), settings.crm, settings.customers),
        connect("tryton", there, settings.erp, settings.customers),
        settings,
    )


@pytest.fixture
def engine(systems, database):
    engine = connected(systems, database)
    yield engine
    engine.database.close()
