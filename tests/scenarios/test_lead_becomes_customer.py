"""A company is won in the CRM and becomes one customer in a real Tryton."""

from __future__ import annotations

import uuid

import pytest

from interlock.engine.context import Scope
from interlock.engine.run import run
from tests.companies import company

COMPANY = {
    "name": "Käse & Söhne GmbH", "vat_id": company("Käse")["vat_id"], "register_number": "HRB 4711", "language": "German",
    "phone": "+49 30 1234567", "website": "www.example.de", "address": "Weg 1", "zip": "10115", "city": "Berlin",
    "country": "Deutschland",
}  # fmt: skip
PROPERTIES = {"legal_name": "name", "street": "address", "postal_code": "zip"}


def win(sandbox, **values):
    """Make a company that resembles no other, with a won deal; returns its id."""
    other = company(uuid.uuid4())
    fields = {PROPERTIES.get(name, name): value for name, value in other.items()}
    (account,) = sandbox.create("companies", [{"properties": fields | values}])
    link = [{"to": {"id": account}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]}]
    sandbox.create("deals", [{"properties": {"dealname": "D", "dealstage": "closedwon"}, "associations": link}])
    return account


def account_of(sandbox, account):
    return sandbox.call("GET", f"/crm/v3/objects/companies/{account}?properties=erp_customer_number,erp_sync_state")["properties"]


def notes_of(sandbox, account):
    return sandbox.call("GET", f"/crm/v4/objects/companies/{account}/associations/notes")["results"]


def customer_of(engine, account):
    reference = str(engine.crm.ref("account", account))
    found = [r for page in engine.erp.changed("customer", None) for r in page.records if reference in r.values["references"]]
    assert len(found) == 1
    return found[0].values


def test_a_won_account_becomes_a_customer_follows_its_changes_and_settles(engine, sandbox):
    account = win(sandbox, **COMPANY)
    assert run(engine, Scope("first", crm_ids=(account,)))["created"] == 1
    customer = customer_of(engine, account)
    wanted = {
        "legal_name": "Käse & Söhne GmbH", "vat_id": company("Käse")["vat_id"], "register_number": "HRB 4711", "language": "de",
        "phone": "+49301234567", "website": "https://www.example.de", "street": "Weg 1", "postal_code": "10115", "city": "Berlin",
        "country": "DE",
    }  # fmt: skip
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


def test_a_lost_integration_database_creates_nobody_twice(engine, sandbox):
    account = win(sandbox, name="Verlust AG")
    run(engine, Scope("first", crm_ids=(account,)))
    with engine.database.begin() as tx:
        for table in ("snapshot", "subject", "crosswalk", "change"):
            tx.execute(f"DELETE FROM interlock.{table}")
    run(engine, Scope("second", crm_ids=(account,)))
    customer_of(engine, account)
    assert len(notes_of(sandbox, account)) == 1


@pytest.mark.parametrize("flaw", [{"name": ""}, {"vat_id": "DE111111111"}, {"country": "Atlantis"}])
def test_a_flawed_account_is_held_back(engine, sandbox, flaw):
    account = win(sandbox, **flaw)
    counts = run(engine, Scope("r", crm_ids=(account,)))
    assert (counts["rejected"], counts["created"]) == (1, 0)
    assert account_of(sandbox, account).get("erp_customer_number") is None
