from __future__ import annotations

import pytest

from interlock.config import parse
from interlock.engine.context import Engine
from interlock.engine.leads import LEADS
from interlock.store.database import Database
from tests.companies import company
from tests.engine.memory import Memory

WON = "2026-02-01T00:00:00+00:00"
BACK = {"customer_number": "", "sync_state": "", "synced_at": ""}
SETTINGS = """
[lead_to_customer]
go_live = 2026-01-01
[crm.http]
write_timeout = 0.2
sending_seconds = 0.1
connect_timeout = 0.2
[erp.http]
write_timeout = 0.2
sending_seconds = 0.1
connect_timeout = 0.2
[engine]
poll_seconds = 0.02
lease_seconds = 0.6
deadline = 20
"""


class World:
    """A CRM, an ERP, an integration database, and engines on them."""

    def __init__(self, dsn):
        self.dsn, self.crm, self.erp, self.engines = dsn, Memory("m:crm"), Memory("m:erp"), []

    def engine(self, more=""):
        engine = Engine(Database(self.dsn), self.crm, self.erp, parse(SETTINGS + more), LEADS)
        self.engines.append(engine)
        return engine

    def won(self, *ids, **values):
        for number in ids:
            account = self.crm.put("account", number, **(company(number) | BACK | values))
            self.crm.put("deal", f"d{number}", parent=account, name="Deal", won_at=WON)

    def sql(self, query, *values):
        with self.engine().database.begin() as tx:
            cursor = tx.execute(query, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount


@pytest.fixture
def world(database):
    world = World(database)
    yield world
    for engine in world.engines:
        engine.database.close()
