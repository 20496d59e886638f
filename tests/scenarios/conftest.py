"""An engine between a warm real Tryton and the sandbox CRM."""

from __future__ import annotations

import pytest

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.engine.context import Engine
from interlock.engine.leads import LEADS
from interlock.store.database import Database

SETTINGS = "[lead_to_customer]\ngo_live = 2026-01-01\n"


def connected(systems, database, more="", flow=LEADS):
    settings, ours, theirs = parse(SETTINGS + more), systems["crm"], systems["erp"]
    there = Endpoint(url=theirs.url, login=theirs.login, password=theirs.password, database=theirs.database)
    return Engine(
        Database(database),
        connect("hubspot", Endpoint(url=ours["url"], token=ours["token"]), settings.crm, settings.customers),
        connect("tryton", there, settings.erp, settings.customers),
        settings,
        flow,
    )


@pytest.fixture
def engine(systems, database):
    engine = connected(systems, database)
    yield engine
    engine.database.close()
