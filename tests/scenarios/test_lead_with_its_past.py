"""A lead becomes a customer with its past: contacts by role, delivery addresses, one prehistory, in a real Tryton."""

from __future__ import annotations

import json

import pytest

from interlock.cli import commands
from interlock.cli.main import main
from interlock.engine.context import Scope
from interlock.engine.leads.histories import erase_prehistory
from interlock.engine.run import run
from interlock.errors import InstanceMismatch, Paused
from interlock.store import audit, people
from interlock_sandbox.demo.history import linked
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import account_of, notes_of, win

ERIKA = {
    "role": "invoice", "salutation": "Frau", "firstname": "Erika", "lastname": "Muster", "email": "erika@example.de",
    "phone": "+49 30 1234567",
}  # fmt: skip
OTTO = {"role": "delivery", "lastname": "Otto", "phone": "+49 30 555555", "address": "Lager 2", "zip": "14467", "city": "Potsdam"}
EINKAUF = {"role": "purchasing", "firstname": "Paula", "lastname": "GEHEIM1", "email": "geheim2@example.de"}
STUMM = {"role": "contract"}
PAGE = '[crm]\naccount_url = "{url}/accounts/{id}"\n'


@pytest.fixture
def shown(systems, database):
    engine = connected(systems, database, PAGE)
    yield engine
    engine.database.close()


class Lead:
    """A won account with contacts and activities, and what the ERP makes of it."""

    def __init__(self, engine, sandbox, **values):
        self.engine, self.sandbox, self.runs = engine, sandbox, 0
        owner = {"email": "olga@example.de", "firstName": "Olga", "lastName": "Ober"}
        owner = sandbox.call("POST", "/sandbox/owners", owner)["id"]
        self.account = win(sandbox, source_campaign="Messe 2026", hubspot_owner_id=owner, **values)
        self.ref = engine.crm.ref("account", self.account)
        self.contacts = {row.get("lastname", ""): self.add("contacts", **row) for row in (ERIKA, OTTO, EINKAUF, STUMM)}
        self.add("calls", hs_timestamp="2026-02-03T08:00:00Z", hs_call_title="GEHEIM3", hs_call_body="GEHEIM4",
                 hs_call_direction="INBOUND", hubspot_owner_id=owner)  # fmt: skip
        self.add("emails", hs_timestamp="2026-02-04T08:00:00Z", hs_email_subject="GEHEIM5", hs_email_direction="EMAIL")
        self.add("notes", hs_timestamp="2026-02-05T08:00:00Z", hs_note_body="GEHEIM6", private="true")

    def add(self, kind, **properties):
        return self.sandbox.create(kind, [linked(kind, self.account, properties)])[0]

    def edit(self, contact, **properties):
        self.sandbox.call("PATCH", f"/crm/v3/objects/contacts/{self.contacts[contact]}", {"properties": properties})

    def run(self, **scope):
        self.runs += 1
        return run(self.engine, Scope(f"{self.account}-{self.runs}", crm_ids=(self.account,), **scope))

    def report(self, run_id=None):
        with self.engine.database.begin() as tx:
            return people.report(tx, run_id or f"{self.account}-{self.runs}")

    @property
    def customer(self):
        with self.engine.database.begin() as tx:
            row = tx.execute("SELECT customer FROM interlock.crosswalk WHERE account = %s", [str(self.ref)]).fetchone()
        party = row["customer"].rsplit("/", 1)[1]
        return self.engine.erp.read("customer", [party])[party]

    def rpc(self, method, *arguments):
        return self.engine.erp._rpc.call(f"model.{method}", *arguments, safe=False)

    @property
    def erp_notes(self):
        domain = [["resource", "=", f"party.party,{self.customer.ref.id}"]]
        return self.engine.erp._rpc.search("ir.note", domain, ["message"])

    def mechanisms(self, *fields):
        return self.engine.erp._rpc.search("party.contact_mechanism", [["party", "=", int(self.customer.ref.id)]], list(fields))


@pytest.fixture
def lead(shown, sandbox):
    sandbox.call("POST", "/sandbox/settings", {"rate": 100_000})  # its quota has tests of its own
    return Lead(shown, sandbox)


def test_a_lead_becomes_a_customer_with_its_past(lead, systems):
    assert lead.run()["created"] == 1
    values = lead.customer.values
    erika, otto = lead.contacts["Muster"], lead.contacts["Otto"]
    assert values["contacts"] == [
        {"id": erika, "roles": "invoice", "name": "Frau Erika Muster", "email": "erika@example.de", "phone": "+49301234567"},
        {"id": otto, "roles": "delivery", "name": "Otto", "email": "", "phone": "+4930555555"},
    ]  # fmt: skip
    place = {"id": otto, "name": "Otto", "street": "Lager 2", "postal_code": "14467", "city": "Potsdam", "country": "DE"}
    assert (values["delivery_addresses"], values["city"]) == ([place], "Berlin")
    (note,) = lead.erp_notes
    assert note["message"].splitlines()[1:] == [
        f"Im CRM: {systems['crm']['url']}/accounts/{lead.account}",
        "Kampagne: Messe 2026",
        "Betreuung: Olga Ober",
        "Anruf: 1, E-Mail: 1; erster Kontakt 03.02.2026, letzter Kontakt 04.02.2026",
        "04.02.2026 E-Mail ausgehend · unbekannt",
        "03.02.2026 Anruf eingehend · Olga Ober",
        f"[il:prehistory/{lead.ref}]",
    ]
    assert account_of(lead.sandbox, lead.account)["erp_sync_state"] == "synced"
    assert [(n["ref"], n["code"]) for n in lead.report()["notices"]] == [(str(lead.ref), "contact_empty")]


def test_the_second_run_writes_nothing_and_later_activities_change_nothing(lead):
    lead.run()
    before, (note,) = lead.customer, lead.erp_notes
    lead.add("calls", hs_timestamp="2026-02-09T08:00:00Z")
    counts = lead.run()
    assert (counts["unchanged"], counts["updated"], counts["created"]) == (1, 0, 0)
    assert lead.report()["changes"] == []
    assert (lead.customer, lead.erp_notes) == (before, [note])
    assert len(notes_of(lead.sandbox, lead.account)) == 2  # the private one and ours


def test_nothing_secret_stands_in_the_erp_or_in_the_store(lead):
    lead.run()
    told = json.dumps([lead.customer.values, lead.erp_notes, lead.mechanisms("name", "value", "comment")])
    with lead.engine.database.begin() as tx:
        tables = tx.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'interlock'").fetchall()
        kept = "".join(str(tx.execute(f"SELECT * FROM interlock.{row['tablename']}").fetchall()) for row in tables)
        activities = tx.execute("SELECT * FROM interlock.snapshot WHERE kind = 'activity'").fetchall()
    for secret in ("GEHEIM1", "geheim2", "GEHEIM3", "GEHEIM4", "GEHEIM5", "GEHEIM6"):
        assert secret not in told
        assert secret not in kept
    assert "Erika" in kept
    assert activities == []


def test_a_note_deleted_by_hand_is_not_written_again(lead):
    lead.run()
    lead.rpc("ir.note.delete", [note["id"] for note in lead.erp_notes])
    lead.sandbox.call("PATCH", f"/crm/v3/objects/companies/{lead.account}", {"properties": {"city": "Bonn"}})
    assert lead.run()["updated"] == 1
    assert lead.erp_notes == []


def test_contacts_follow_and_rows_typed_by_people_stay(lead):
    lead.run()
    typed = {"party": int(lead.customer.ref.id), "type": "phone", "value": "+49 30 777777", "name": "Empfang"}
    typed = lead.rpc("party.contact_mechanism.create", [typed])
    lead.edit("Muster", phone="+49 30 999999")
    assert lead.run()["updated"] == 1
    assert lead.customer.values["contacts"][0]["phone"] == "+4930999999"

    lead.edit("Muster", role="purchasing")
    lead.edit("Otto", role="delivery;contract", address="")
    assert lead.run()["updated"] == 1
    otto = {"id": lead.contacts["Otto"], "roles": "delivery, contract", "name": "Otto", "email": "", "phone": "+4930555555"}
    assert lead.customer.values["contacts"] == [otto]
    assert "Muster" not in str(lead.mechanisms("name", "value"))

    lead.sandbox.call("DELETE", f"/crm/v3/objects/contacts/{lead.contacts['Otto']}")
    assert lead.run()["updated"] == 1
    assert (lead.customer.values["contacts"], lead.customer.values["delivery_addresses"]) == ([], [])
    assert [row["id"] for row in lead.mechanisms("name") if row["name"] == "Empfang"] == typed
    assert lead.run()["unchanged"] == 1


def test_a_contact_changed_alone_is_work_in_the_nightly_run(lead):
    lead.run()
    run(lead.engine, Scope("night"))
    assert str(lead.ref) not in {held["ref"] for held in lead.report("night")["held_back"]}
    lead.edit("Muster", phone="+49 30 888888")
    run(lead.engine, Scope("next night"))
    assert lead.customer.values["contacts"][0]["phone"] == "+4930888888"


def test_an_e_mail_of_two_accounts_goes_over_twice_and_is_named(lead):
    lead.run()
    other = Lead(lead.engine, lead.sandbox, name="Andere GmbH")
    other.run()
    assert other.customer.values["contacts"][0]["email"] == lead.customer.values["contacts"][0]["email"]
    notices = {notice["code"]: notice["message"] for notice in other.report()["notices"]}
    assert notices["email_shared"].endswith(f"account {lead.account}")
    assert "erika" not in str(notices)


def test_a_dry_run_shows_the_past_and_keeps_nothing(lead):
    counts = lead.run(dry_run=True)
    assert counts["created"] == 1
    planned = {change["kind"]: change["after"] for change in lead.report()["changes"]}
    assert "03.02.2026 Anruf eingehend · Olga Ober" in planned["prehistory"]["body"]
    assert len(planned["customer"]["contacts"]) == 2
    with lead.engine.database.begin() as tx:
        for table in ("snapshot", "staged", "change"):
            assert tx.execute(f"SELECT * FROM interlock.{table}").fetchall() == []


def test_a_lost_integration_database_writes_no_second_prehistory(lead):
    lead.run()
    before = lead.erp_notes
    with lead.engine.database.begin() as tx:
        for table in ("snapshot", "subject", "crosswalk", "change"):
            tx.execute(f"DELETE FROM interlock.{table}")
    lead.run()
    assert lead.erp_notes == before


def test_a_survivor_of_a_merge_keeps_the_one_prehistory(lead):
    lead.run()
    (survivor,) = lead.sandbox.create("companies", [{"properties": {"name": "Überlebende GmbH", "country": "DE"}}])
    merge = {"primaryObjectId": survivor, "objectIdToMerge": lead.account}
    lead.sandbox.call("POST", "/crm/v3/objects/companies/merge", merge)
    old, lead.account = lead.ref, survivor
    lead.ref = lead.engine.crm.ref("account", survivor)
    assert lead.run()["rejected"] == 0
    assert [contact["id"] for contact in lead.customer.values["contacts"]] == sorted(
        [lead.contacts["Muster"], lead.contacts["Otto"]]
    )
    (note,) = lead.erp_notes
    assert note["message"].endswith(f"[il:prehistory/{old}]")


def by_time(lead, monkeypatch):
    with lead.engine.database.begin() as tx:
        tx.execute("UPDATE interlock.change SET finished_at = now() - interval '37 months' WHERE kind = 'prehistory'")
    lead.run()


def by_a_person(lead, monkeypatch):
    monkeypatch.setattr(commands, "assemble", lambda *_: lead.engine)
    assert main(["--as", "dpo", "prehistory", "erase", lead.account, "--why", "asked for"]) == 0
    assert main(["--as", "dpo", "prehistory", "erase", lead.account, "--why", "asked for"]) == 1


@pytest.mark.parametrize("how", [by_time, by_a_person])
def test_an_erased_prehistory_is_erased_everywhere_and_stays_so(lead, monkeypatch, how):
    lead.run()
    how(lead, monkeypatch)
    assert lead.erp_notes == []
    with lead.engine.database.begin() as tx:
        audit.verify(tx)
        tables = ("change", "run_report", "audit_values", "snapshot")
        kept = "".join(str(tx.execute(f"SELECT * FROM interlock.{table}").fetchall()) for table in tables)
        proof = tx.execute("SELECT action FROM interlock.audit WHERE action LIKE '%prehistory' ORDER BY seq").fetchall()
    assert "Betreuung" not in kept
    assert [row["action"] for row in proof] == ["create prehistory", "erase prehistory"]
    lead.sandbox.call("PATCH", f"/crm/v3/objects/companies/{lead.account}", {"properties": {"city": "Bonn"}})
    lead.run()
    assert (lead.erp_notes, lead.customer.values["city"]) == ([], "Bonn")


def test_a_prehistory_is_erased_in_its_own_erp_only_and_not_while_paused(lead):
    lead.run()
    with lead.engine.database.begin() as tx:
        tx.execute("INSERT INTO interlock.paused (name, actor, why) VALUES ('erp', 'ops', 'month end')")
    with pytest.raises(Paused):
        erase_prehistory(lead.engine, lead.account, "dpo", "asked for")
    with lead.engine.database.begin() as tx:
        tx.execute("DELETE FROM interlock.paused")
        tx.execute("UPDATE interlock.pinned SET instance = 'tryton:other' WHERE role = 'erp'")
    with pytest.raises(InstanceMismatch):
        erase_prehistory(lead.engine, lead.account, "dpo", "asked for")
    assert len(lead.erp_notes) == 1


def test_texts_go_over_for_a_purpose_only(systems, database, sandbox):
    engine = connected(systems, database, PAGE + '[prehistory]\nlevel = "full"\npurpose = "Gewährleistung"\nlanguage = "en"\n')
    try:
        lead = Lead(engine, sandbox, name="Volle GmbH")
        lead.run()
        (note,) = lead.erp_notes
        assert [word in note["message"] for word in ("GEHEIM3", "GEHEIM4", "GEHEIM5", "GEHEIM6")] == [True, True, True, False]
        assert "Purpose: Gewährleistung" in note["message"]
    finally:
        engine.database.close()
