"""Contacts, activities and owners as the HubSpot connector reads them from the sandbox CRM."""

from __future__ import annotations

import json

import pytest

from interlock.errors import LoginRefused
from interlock_sandbox.demo.history import linked
from interlock_sandbox.demo.seed import Crm
from tests.connectors.test_hubspot import hubspot

PERSON = {
    "salutation": "Frau", "firstname": "Erika", "lastname": "Muster", "email": "Erika@EXAMPLE.de", "phone": "+49 30 1234567",
    "address": "Lager 2", "zip": "10115", "city": "Berlin", "country": "Deutschland", "jobtitle": "Buchhaltung",
}  # fmt: skip
AT = "2026-02-03T08:00:00Z"
SECRET = {"subject": "BETREFF", "body": "INHALT von Hans Fremd"}
WRITTEN = {
    "notes": {"hs_note_body": f"<p>{SECRET['body']}</p>"},
    "calls": {"hs_call_title": SECRET["subject"], "hs_call_body": SECRET["body"], "hs_call_direction": "INBOUND"},
    "emails": {"hs_email_subject": SECRET["subject"], "hs_email_text": SECRET["body"], "hs_email_direction": "EMAIL"},
    "meetings": {"hs_meeting_title": SECRET["subject"], "hs_meeting_body": SECRET["body"]},
    "tasks": {"hs_task_subject": SECRET["subject"], "hs_task_body": SECRET["body"]},
}  # fmt: skip


@pytest.fixture
def sandbox(crm):
    return Crm(crm.url, crm.token)


@pytest.fixture
def system(crm):
    return hubspot(crm)


@pytest.fixture
def account(sandbox):
    return sandbox.create("companies", [{"properties": {"name": "Muster GmbH"}}])[0]


def add(sandbox, kind, account, **properties):
    return sandbox.create(kind, [linked(kind, account, properties)])[0]


def children(system, kind, *accounts):
    return list(system.children(kind, [system.ref("account", account) for account in accounts]))


def test_a_contact_with_a_role_reads_in_canonical_form(system, sandbox, account):
    contact = add(sandbox, "contacts", account, role="invoice", **PERSON)
    (record,) = children(system, "contact", account)
    assert (record.ref, record.parent) == (system.ref("contact", contact), system.ref("account", account))
    assert record.values == {
        "roles": ["invoice"], "salutation": "Frau", "first_name": "Erika", "last_name": "Muster", "email": "Erika@example.de",
        "phone": "+49301234567", "street": "Lager 2", "postal_code": "10115", "city": "Berlin", "country": "DE",
    }  # fmt: skip
    assert record.problems == ()


@pytest.mark.parametrize("role", ["", "purchasing", "invoices"])
def test_nothing_is_known_of_a_contact_without_a_role_that_goes_over(system, sandbox, account, role):
    add(sandbox, "contacts", account, role=role, **PERSON)
    (record,) = children(system, "contact", account)
    assert record.values == {"roles": []}


def test_roles_are_named_as_the_company_names_them(crm, sandbox, account):
    add(sandbox, "contacts", account, jobtitle="Rechnung; Versand", firstname="Erika")
    settings = {"contact": {"role": "jobtitle"}, "contact_roles": {"invoice": ("rechnung",), "delivery": ("Versand", "Lager")}}
    (record,) = children(hubspot(crm, **settings), "contact", account)
    assert record.values["roles"] == ["invoice", "delivery"]


def test_a_changed_contact_is_seen_with_its_account(system, sandbox, account):
    contact = add(sandbox, "contacts", account, role="invoice", **PERSON)
    (before,) = children(system, "contact", account)
    sandbox.call("PATCH", f"/crm/v3/objects/contacts/{contact}", {"properties": {"phone": "030 1", "email": "no address"}})
    (after,) = [r for page in system.changed("contact", before.modified_at) for r in page.records if r.ref == before.ref]
    assert (after.parent, after.values["phone"], after.values["email"]) == (system.ref("account", account), "", "")
    assert {problem.code for problem in after.problems} == {"phone_without_country", "email_unfit"}
    assert "030" not in " ".join(problem.message for problem in after.problems)


@pytest.mark.parametrize("kind", list(WRITTEN))
def test_an_activity_shows_what_a_headline_needs_and_no_text(system, sandbox, account, kind):
    owner = sandbox.call("POST", "/sandbox/owners", {"email": f"{kind}@example.de", "firstName": "Olga", "lastName": "Ober"})
    add(sandbox, kind, account, hs_timestamp=AT, hubspot_owner_id=owner["id"], **WRITTEN[kind])
    (record,) = children(system, "activity", account)
    values = {"type": kind.removesuffix("s"), "time": "2026-02-03T08:00:00+00:00", "deal": ""}
    direction = {"calls": "in", "emails": "out"}.get(kind, "")
    assert record.values == {**values, "direction": direction, "owner": {"name": "Olga Ober", "former": False}}
    assert record.parent == system.ref("account", account)
    assert not any(text in json.dumps(record.values) for text in SECRET.values())


@pytest.mark.parametrize("kind", list(WRITTEN))
def test_an_activity_shows_its_texts_where_they_are_asked_for(system, sandbox, account, kind):
    add(sandbox, kind, account, hs_timestamp=AT, **WRITTEN[kind])
    (record,) = children(system, "activity_text", account)
    assert record.values["body"] == SECRET["body"]
    assert record.values["subject"] == ("" if kind == "notes" else SECRET["subject"])


@pytest.mark.parametrize("kind", list(WRITTEN))
@pytest.mark.parametrize("texts", ["activity", "activity_text"])
def test_a_private_activity_shows_nothing_but_that(system, sandbox, account, kind, texts):
    add(sandbox, kind, account, hs_timestamp=AT, private="true", **WRITTEN[kind])
    (record,) = children(system, texts, account)
    assert record.values["private"] is True
    assert record.values.keys() == {"type", "time", "private", "deal"}


def test_an_activity_knows_its_deal_and_counts_for_each_of_its_accounts(system, sandbox, account):
    (other,) = sandbox.create("companies", [{"properties": {"name": "Schwester GmbH"}}])
    deal, call = add(sandbox, "deals", account, dealname="D"), add(sandbox, "calls", account, hs_timestamp=AT)
    for kind, to in (("deals", deal), ("companies", other)):
        sandbox.call("PUT", f"/crm/v4/objects/calls/{call}/associations/default/{kind}/{to}")
    found = children(system, "activity", account, other)
    assert {record.parent.id for record in found} == {account, other}
    assert len({record.ref for record in found}) == 2
    assert [record.values["deal"] for record in found] == [deal, deal]


def test_notes_of_interlock_are_no_activities(system, sandbox, account):
    add(sandbox, "notes", account, hs_timestamp=AT, hs_note_body="<p>x</p><p>[il:note/linked/1]</p>")
    assert children(system, "activity", account) == []


def test_an_account_names_owner_campaign_and_page(system, sandbox, crm):
    owner = {"email": "former@example.de", "firstName": "Fritz", "lastName": "Fort", "archived": True}
    owner = sandbox.call("POST", "/sandbox/owners", owner)
    row = {"name": "M", "source_campaign": "Messe", "hubspot_owner_id": owner["id"]}
    known, unknown = sandbox.create("companies", [{"properties": row}, {"properties": row | {"hubspot_owner_id": "999999"}}])
    found = hubspot(crm, account_url="{url}/accounts/{id}").read("account", [known, unknown])
    assert found[known].values["owner"] == {"name": "Fritz Fort", "former": True}
    assert found[unknown].values["owner"] == {}
    assert (found[known].values["campaign"], found[known].values["page"]) == ("Messe", f"{crm.url}/accounts/{known}")
    portal = system.instance().id.removeprefix("hubspot:")
    assert system.read("account", [known])[known].values["page"].endswith(f"/{portal}/record/0-2/{known}")


def test_an_account_names_its_parent_until_they_part(system, sandbox):
    child, parent = sandbox.create("companies", [{"properties": {"name": name}} for name in ("Tochter", "Mutter")])
    path = f"/crm/v4/objects/companies/{child}/associations/companies/{parent}"
    sandbox.call("PUT", path, [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}])
    found = system.read("account", [child, parent])
    assert found[child].values["parent"] == str(system.ref("account", parent))
    assert found[parent].values["parent"] == ""
    sandbox.call("DELETE", path)
    assert system.read("account", [child])[child].values["parent"] == ""


def test_without_the_right_to_see_owners_accounts_are_read_and_doctor_says_so(system, sandbox, monkeypatch):
    (account,) = sandbox.create("companies", [{"properties": {"name": "M", "hubspot_owner_id": "501"}}])
    call = system._api._http.call

    def without_owners(method, path, **rest):
        if path.startswith("/crm/v3/owners"):
            raise LoginRefused("x")
        return call(method, path, **rest)

    monkeypatch.setattr(system._api._http, "call", without_owners)
    assert system.read("account", [account])[account].values["owner"] == {}
    assert [(c.name, c.level) for c in system.checks() if c.level != "ok"] == [("crm owners", "warning")]


@pytest.mark.parametrize(
    ("settings", "name", "level"),
    [
        ({"contact": {"role": "rolle"}}, "crm contact properties", "error"),
        ({"private_property": "vertraulich"}, "crm private activities", "warning"),
        ({"private_property": ""}, "", ""),
        ({"account": {"campaign": ""}, "contact": {"salutation": ""}}, "", ""),
    ],
)
def test_doctor_names_properties_that_are_missing(crm, settings, name, level):
    found = [(check.name, check.level) for check in hubspot(crm, **settings).checks() if check.level != "ok"]
    assert found == ([(name, level)] if name else [])
