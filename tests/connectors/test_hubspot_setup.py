"""`interlock setup hubspot` against the sandbox CRM: seen first, made once, never changed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from interlock.cli.main import main
from interlock.errors import LoginRefused
from interlock_sandbox.demo.seed import Crm
from tests.connectors.contract import NUMBERS
from tests.connectors.test_hubspot import hubspot

ASSOCIATED = {"companies", "contacts", "line_items"}


@pytest.fixture
def names():
    """Names that nobody has used yet in this CRM."""
    mark = next(NUMBERS)
    return SimpleNamespace(
        contracts=f"upkeep_{mark}s", vat=f"vat_{mark}", role=f"part_{mark}", price=f"price_{mark}", seen=f"seen_{mark}"
    )


@pytest.fixture
def system(crm, names):
    mapped = {"account": {"vat_id": names.vat, "synced_at": names.seen}, "contact": {"role": names.role}}
    return hubspot(crm, contract_object=names.contracts, contract_line={"unit_price": names.price}, **mapped)


@pytest.fixture
def sandbox(crm):
    return Crm(crm.url, crm.token)


def states(needs):
    return {(need.place, need.what, need.name): need.state for need in needs}


def not_there(needs):
    return {key: state for key, state in states(needs).items() if state != "there"}


def kept(sandbox, place, name):
    return sandbox.call("GET", f"/crm/v3/properties/{place}/{name}")


def without(monkeypatch, system, method, part):
    """Let HubSpot refuse calls to some paths as it does where a scope is missing."""
    real = system._api._http.call

    def call(verb, path, **rest):
        if verb == method and part in path:
            raise LoginRefused("x")
        return real(verb, path, **rest)

    monkeypatch.setattr(system._api._http, "call", call)


def test_showing_tells_what_is_missing_and_changes_nothing(system, names):
    for _ in range(2):
        found = not_there(system.survey())
        own = {key for key in found if key[0] == names.contracts}
        assert set(found.values()) == {"missing"}
        assert found.keys() - own == {
            ("companies", "property", names.vat), ("companies", "property", names.seen), ("contacts", "property", names.role),
            ("line_items", "property", names.price),
        }  # fmt: skip
        assert (names.contracts, "object", names.contracts) in own
        assert {name for _, what, name in own if what == "association"} == ASSOCIATED
        assert {name for _, what, name in own if what == "property"} >= {"number", "start_date", "erp_invoice_gross"}


def test_applying_makes_all_that_is_missing_and_once_more_nothing(system, names, sandbox):
    missing = not_there(system.survey())
    made = states(system.make_missing())
    assert made == dict.fromkeys(missing, "made")
    assert not_there(system.survey()) == {}
    assert list(system.make_missing()) == []
    assert (kept(sandbox, "companies", names.seen)["type"], kept(sandbox, "companies", names.vat)["type"]) == (
        "datetime",
        "string",
    )
    role = kept(sandbox, "contacts", names.role)
    assert (role["fieldType"], [option["value"] for option in role["options"]]) == (
        "checkbox",
        ["invoice", "delivery", "contract"],
    )
    assert kept(sandbox, "line_items", names.price)["groupName"] == "interlock"
    interval = kept(sandbox, names.contracts, "billing_interval")
    assert [option["value"] for option in interval["options"]] == ["month", "quarter", "half_year", "year"]


def test_a_contract_can_be_kept_in_what_was_made(system, names, sandbox):
    system.make_missing()
    values = {"name": "W", "number": "V-1", "start_date": "2026-01-31", "billing_interval": "month", "uplift_agreed": "true"}
    (contract,) = sandbox.create(names.contracts, [{"properties": values}])
    (line,) = sandbox.create("line_items", [{"properties": {"hs_sku": "X", "quantity": "2", names.price: "12.5"}}])
    sandbox.call("PUT", f"/crm/v4/objects/{names.contracts}/{contract}/associations/default/line_items/{line}")
    linked = sandbox.call("GET", f"/crm/v4/objects/{names.contracts}/{contract}/associations/line_items")
    assert [str(row["toObjectId"]) for row in linked["results"]] == [line]


def test_an_object_that_people_made_gets_what_it_lacks(system, names, sandbox):
    own = [{"name": "name", "label": "Name", "type": "string", "fieldType": "text"}]
    own += [{"name": "start_date", "label": "Start", "type": "date", "fieldType": "date"}]
    labels = {"singular": "Upkeep", "plural": "Upkeeps"}
    schema = {
        "name": names.contracts,
        "labels": labels,
        "properties": own,
        "requiredProperties": [],
        "associatedObjects": ["DEAL"],
    }
    sandbox.call("POST", "/crm-object-schemas/v3/schemas", schema)
    found = not_there(system.survey())
    assert {(names.contracts, "association", place) for place in ASSOCIATED} <= found.keys()
    assert (names.contracts, "property", "start_date") not in found
    assert set(states(system.make_missing()).values()) == {"made"}
    assert not_there(system.survey()) == {}
    assert kept(sandbox, names.contracts, "start_date")["label"] == "Start"
    assert kept(sandbox, names.contracts, "notice_unit")["groupName"] == "interlock"


def test_another_type_is_told_and_never_changed(crm, system, names, sandbox):
    number = {"name": names.seen, "label": "Seen", "type": "number", "fieldType": "number", "groupName": "companyinformation"}
    sandbox.call("POST", "/crm/v3/properties/companies", number)
    system.make_missing()
    (need,) = [need for need in system.survey() if need.state == "differs"]
    assert (need.place, need.name) == ("companies", names.seen)
    assert need.message == "holds number, synced_at needs datetime; map another under [crm.account]"
    assert kept(sandbox, "companies", names.seen)["type"] == "number"


def test_a_property_that_only_hubspot_can_make_is_not_tried(crm):
    system = hubspot(crm, account={"campaign": "hs_no_such_thing"})
    before = [need for need in system.survey() if need.name == "hs_no_such_thing"]
    assert [(need.state, "map another under [crm.account]" in need.message) for need in before] == [("differs", True)]
    assert [need.name for need in system.make_missing()] == []


def test_a_property_of_hubspots_own_is_read_whatever_it_holds(crm):
    (need,) = [need for need in hubspot(crm, account={"campaign": "hs_object_id"}).survey() if need.name == "hs_object_id"]
    assert need.state == "there"


def test_options_that_people_have_not_made_are_named(system, names, sandbox):
    options = [{"label": "Invoice", "value": "invoice"}]
    role = {"name": names.role, "label": "R", "type": "enumeration", "fieldType": "checkbox", "options": options}
    sandbox.call("POST", "/crm/v3/properties/contacts", role)
    (need,) = [need for need in system.survey() if need.name == names.role]
    assert (need.state, need.message) == ("there", "has no option delivery, contract; add what you use in HubSpot")


@pytest.mark.parametrize(
    ("part", "place", "scope"),
    [
        ("properties/companies", "companies", "crm.schemas.companies.write"),
        ("properties/contacts", "contacts", "crm.schemas.contacts.write"),
        ("properties/line_items", "line_items", "crm.schemas.line_items.write"),
        ("crm-object-schemas", "contracts", "crm.schemas.custom.write"),
    ],
)
def test_what_may_not_be_made_names_the_scope_and_the_rest_is_made(system, names, monkeypatch, part, place, scope):
    place = names.contracts if place == "contracts" else place
    missing = not_there(system.survey())
    with monkeypatch.context() as patch:
        without(patch, system, "POST", part)
        made = list(system.make_missing())
    assert {need.place for need in made if need.state == "refused"} == {place}
    assert {need.message for need in made if need.state == "refused"} == {f"give the private app the scope {scope}"}
    assert states(made).keys() == missing.keys()
    assert not_there(system.survey()).keys() == {key for key, state in states(made).items() if state == "refused"}


@pytest.mark.parametrize(
    ("part", "scope"),
    [("properties/contacts", "crm.schemas.contacts.read"), ("crm-object-schemas", "crm.schemas.custom.read")],
)
def test_what_may_not_be_seen_names_the_scope_and_is_not_made(system, monkeypatch, part, scope):
    without(monkeypatch, system, "GET", part)
    (need,) = [need for need in system.survey() if need.state == "unseen"]
    assert need.message == f"give the private app the scope {scope}"
    assert (need.place, need.what, need.name) not in states(system.make_missing())


def test_the_answer_to_a_making_may_be_lost(system, names, monkeypatch):
    """Each is made under a name that is given once: what was made already counts as made."""
    real = system._api._http.call

    def twice(verb, path, **rest):
        if verb == "POST":
            real(verb, path, **rest)
        return real(verb, path, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(system._api._http, "call", twice)
        made = system.make_missing()
    assert {need.state for need in made if need.what != "association"} == {"made"}
    assert not_there(system.survey()) == {}


def test_who_keeps_no_contracts_needs_no_object(crm):
    needs = hubspot(crm, contract_object="").survey()
    assert {need.place for need in needs} == {"companies", "contacts"}
    assert not_there(needs) == {}


def test_the_command_shows_and_then_makes(crm, names, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_CRM", json.dumps({"conn_type": "http", "host": crm.url, "password": crm.token}))
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "interlock.toml"
    file.write_text(f'[lead_to_customer]\ngo_live = 2026-01-01\n[crm]\ncontract_object = "{names.contracts}"\n')
    command = ["--config", str(file), "setup", "hubspot"]
    assert main([*command, "--show"]) == 1
    assert "nothing was changed" in capsys.readouterr().out
    assert main([*command, "--apply"]) == 0
    assert "0 left to do" in capsys.readouterr().out
    assert main([*command, "--show"]) == 0


@pytest.mark.parametrize("system", ["tryton", "odoo"])
def test_in_an_erp_nothing_is_made_and_the_command_says_what_to_do(system, tmp_path, capsys):
    file = tmp_path / "interlock.toml"
    file.write_text("[lead_to_customer]\ngo_live = 2026-01-01\n")
    assert main(["--config", str(file), "setup", system, "--apply"]) == 1
    assert f"`interlock doctor` says what {system} lacks" in capsys.readouterr().err
