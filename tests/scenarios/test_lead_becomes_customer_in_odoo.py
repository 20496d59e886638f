"""A company is won in the CRM and becomes one customer in a real Odoo; docs/odoo.md says which one these tests need."""

from __future__ import annotations

import os
import uuid

import pytest

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.domain.change import Write
from interlock.engine.context import Engine, Scope
from interlock.engine.leads import LEADS
from interlock.engine.run import run
from interlock.store.database import Database
from tests.companies import company
from tests.scenarios.conftest import SETTINGS
from tests.scenarios.test_lead_becomes_customer import account_of, customer_of, notes_of, win

pytestmark = pytest.mark.skipif(not os.environ.get("ODOO_URL"), reason="needs a real Odoo: docs/odoo.md, Tests")


def connected(systems, database):
    settings, crm = parse(f'{SETTINGS}[erp]\nsystem = "odoo"\n'), systems["crm"]
    own = {name: os.environ[f"ODOO_{name}"] for name in ("URL", "DB", "LOGIN", "KEY")}
    there = Endpoint(url=own["URL"], login=own["LOGIN"], token=own["KEY"], database=own["DB"])
    here = connect("hubspot", Endpoint(url=crm["url"], token=crm["token"]), settings.crm, settings.customers)
    return Engine(Database(database), here, connect("odoo", there, settings.erp, settings.customers), settings, LEADS)


@pytest.fixture
def engine(systems, database):
    engine = connected(systems, database)
    yield engine
    engine.database.close()


def won(engine, sandbox, **values):
    """Win an account that Odoo has no customer of from an earlier run of these tests, which began with the same ids."""
    while True:
        account = win(sandbox, **values)
        subject = engine.crm.ref("account", account)
        if not engine.erp.find([Write("x", "create", "customer", {}, subject=subject)]):
            return account
        sandbox.call("DELETE", f"/crm/v3/objects/companies/{account}")


def test_a_won_account_becomes_a_customer_follows_its_changes_and_settles(engine, sandbox):
    like_no_other = company(uuid.uuid4())
    account = won(engine, sandbox, vat_id=like_no_other["vat_id"], name=like_no_other["legal_name"], language="German")
    assert run(engine, Scope("first", crm_ids=(account,)))["created"] == 1
    customer = customer_of(engine, account)
    wanted = {"legal_name": like_no_other["legal_name"], "vat_id": like_no_other["vat_id"], "language": "de", "country": "DE"}
    assert {name: customer[name] for name in wanted} == wanted
    there = account_of(sandbox, account)
    assert (there["erp_customer_number"], there["erp_sync_state"]) == (customer["number"], "synced")
    assert len(notes_of(sandbox, account)) == 1

    sandbox.call("PATCH", f"/crm/v3/objects/companies/{account}", {"properties": {"city": "Bonn", "phone": "", "zip": "53111"}})
    assert run(engine, Scope("second", crm_ids=(account,)))["updated"] == 1
    customer = customer_of(engine, account)
    assert (customer["city"], customer["postal_code"], customer["phone"]) == ("Bonn", "53111", "")

    assert run(engine, Scope("third", crm_ids=(account,)))["unchanged"] == 1
    assert len(notes_of(sandbox, account)) == 1


def test_a_lost_integration_database_creates_nobody_twice(engine, sandbox, systems, cluster):
    account = won(engine, sandbox)
    run(engine, Scope("first", crm_ids=(account,)))
    number = customer_of(engine, account)["number"]
    other = connected(systems, cluster.create("lost_and_anew", "migrated"))
    assert run(other, Scope("anew", crm_ids=(account,)))["created"] == 0
    other.database.close()
    assert customer_of(engine, account)["number"] == number
