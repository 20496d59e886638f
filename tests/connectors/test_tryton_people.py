"""Contacts, delivery addresses and the prehistory in a real Tryton, beside what people type there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.domain.change import Done, Rejected, Unknown, Write
from interlock.errors import SystemUnavailable
from tests.connectors.contract import NO_RECORD, NUMBERS, PARTY, Door, kinds
from tests.connectors.test_tryton import customer, tryton

ERIKA = {"id": "11", "roles": "invoice, contract", "name": "Frau Erika Muster", "email": "erika@example.de", "phone": "+4930111"}
OTTO = {"id": "12", "roles": "delivery", "name": "Otto [il:x] Muster", "email": "", "phone": "+4930222222"}
NAME = {"id": "13", "roles": "contract", "name": "Nina Nur", "email": "", "phone": ""}
SILENT = {"id": "14", "roles": "contract", "name": "", "email": "info@example.de", "phone": ""}
PEOPLE = [ERIKA | {"phone": "+493011111"}, OTTO, NAME, SILENT]
LAGER = {"id": "12", "name": "Otto Muster", "street": "Lager 2\nTor 3", "postal_code": "10117", "city": "Berlin", "country": "DE"}
WERK = {"id": "account", "name": "", "street": "Werk 1", "postal_code": "1010", "city": "Wien", "country": "AT"}
PLACES = [LAGER, WERK]


@pytest.fixture
def system(erp):
    return tryton(erp)


def made(system, **values):
    (done,) = system.write([customer(**values)])
    return one(system, done.ref)


def one(system, ref):
    return system.read("customer", [ref.id])[ref.id]


def change(system, record, **values):
    write = Write(f"u{next(NUMBERS)}", "update", "customer", values, record.ref, None, record.ref, record)
    (outcome,) = system.write([write])
    assert isinstance(outcome, Done), outcome
    return one(system, record.ref)


def rows(system, model, record, *fields):
    return system._rpc.search(f"party.{model}", [["party", "=", int(record.ref.id)]], list(fields))


def rpc(system, method, *arguments):
    return system._rpc.call(f"model.party.{method}", *arguments, safe=False)


def people(record):
    return record.values["contacts"], record.values["delivery_addresses"]


def test_a_new_customer_brings_its_people_and_places(system):
    record = made(system, contacts=PEOPLE, delivery_addresses=PLACES)
    assert people(record) == (PEOPLE, PLACES)
    assert {name: record.values[name] for name in PARTY} == PARTY
    for_invoices = [row["value"] for row in rows(system, "contact_mechanism", record, "value", "invoice") if row["invoice"]]
    assert for_invoices == ["erika@example.de", "+493011111"]


def test_a_customer_without_people_has_none(system):
    assert people(made(system)) == ([], [])


def test_people_and_places_follow_and_only_what_differs_is_written(system):
    record = made(system, contacts=PEOPLE, delivery_addresses=PLACES)
    before = {row["id"]: row["write_date"] for row in rows(system, "contact_mechanism", record, "write_date")}
    wanted = [ERIKA | {"phone": "+493099999", "roles": "invoice"}, OTTO, NAME | {"email": "nina@example.de"}, SILENT]
    places = [LAGER | {"city": "Potsdam"}, WERK]
    after = change(system, record, contacts=wanted, delivery_addresses=places)
    assert people(after) == (wanted, places)
    assert after.revision != record.revision
    now = rows(system, "contact_mechanism", record, "write_date", "name")
    untouched = {row["name"] for row in now if row["id"] in before and before[row["id"]] == row["write_date"]}
    assert untouched == {None, OTTO["name"]}


def test_who_is_no_contact_any_more_goes_and_comes_back(system):
    record = made(system, contacts=PEOPLE, delivery_addresses=PLACES)
    record = change(system, record, contacts=[OTTO], delivery_addresses=[])
    assert people(record) == ([OTTO], [])
    left = [row["name"] for row in rows(system, "contact_mechanism", record, "name")]
    assert sorted(filter(None, left)) == [OTTO["name"]]
    assert "Otto Muster" not in str(rows(system, "address", record, "attn"))
    count = len(rows(system, "address", record, "id"))
    record = change(system, record, contacts=PEOPLE, delivery_addresses=PLACES)
    assert people(record) == (PEOPLE, PLACES)
    assert len(rows(system, "address", record, "id")) == count


def test_rows_that_people_typed_are_never_ours_and_never_touched(system):
    record = made(system, contacts=[ERIKA], delivery_addresses=[LAGER])
    party = int(record.ref.id)
    typed = [
        {"party": party, "type": "email", "value": "hand@example.de", "comment": "invoice"},
        {"party": party, "type": "phone", "value": "+4930777", "comment": "[il:11]"},
        {"party": party, "type": "other", "value": "Pförtner", "name": "Erika"},
    ]
    mechanisms = rpc(system, "contact_mechanism.create", typed)
    (place,) = rpc(system, "address.create", [{"party": party, "attn": "[il:12] Lager", "street": "Hand 1"}])
    read = {"contact_mechanism": ["value", "comment", "name", "active", "write_date"], "address": ["attn", "street", "active"]}
    theirs = [
        rpc(system, f"{model}.read", ids, read[model]) for model, ids in (("contact_mechanism", mechanisms), ("address", [place]))
    ]
    record = one(system, record.ref)
    assert people(record) == ([ERIKA], [LAGER])
    record = change(system, record, contacts=[OTTO], delivery_addresses=[WERK], city="Kiel", phone="")
    record = change(system, record, contacts=[], delivery_addresses=[])
    assert people(record) == ([], [])
    assert [
        rpc(system, f"{model}.read", ids, read[model]) for model, ids in (("contact_mechanism", mechanisms), ("address", [place]))
    ] == theirs


def test_our_rows_are_never_taken_for_the_companys_own_values(system):
    record = made(system, phone="", contacts=[OTTO], delivery_addresses=[LAGER])
    assert (record.values["phone"], record.values["city"]) == ("", PARTY["city"])
    record = change(system, record, phone="+4940555555", city="Kiel")
    assert (record.values["phone"], record.values["city"]) == ("+4940555555", "Kiel")
    assert people(record) == ([OTTO], [LAGER])


def test_what_people_add_to_a_comment_of_ours_stays(system):
    record = made(system, contacts=[ERIKA])
    mine = [row["id"] for row in rows(system, "contact_mechanism", record, "comment") if row["comment"]]
    rpc(system, "contact_mechanism.write", mine, {"comment": "nur vormittags\ninvoice, contract [il:11]\nbitte langsam"})
    record = change(system, one(system, record.ref), contacts=[ERIKA | {"roles": "delivery"}])
    assert people(record)[0] == [ERIKA | {"roles": "delivery"}]
    comments = {row["comment"] for row in rows(system, "contact_mechanism", record, "comment") if row["id"] in mine}
    assert comments == {"nur vormittags\ndelivery [il:11]\nbitte langsam"}


def test_a_change_by_hand_in_a_row_of_ours_is_seen(system):
    record = made(system, contacts=[ERIKA])
    (mine,) = [row["id"] for row in rows(system, "contact_mechanism", record, "type", "name") if row["type"] == "email"]
    rpc(system, "contact_mechanism.write", [mine], {"value": "neu@example.de"})
    seen = [r for page in system.changed("customer", record.modified_at) for r in page.records if r.ref == record.ref]
    assert people(seen[0])[0] == [ERIKA | {"email": "neu@example.de"}]


def test_a_delivery_country_that_the_erp_lacks_is_named(system):
    (outcome,) = system.write([customer(delivery_addresses=[LAGER | {"country": "AQ"}])])
    assert (type(outcome), outcome.code) == (Rejected, "country_missing")


# -- the prehistory


def prehistory(record, body="Vorgeschichte\n<b>x</b>"):
    key = f"prehistory/hubspot:1//account/{next(NUMBERS)}"
    return Write(key, "create", "prehistory", {"body": body}, None, record.ref, record.ref)


def notes(system, record):
    return system._rpc.search("ir.note", [["resource", "=", f"party.party,{record.ref.id}"]], ["message"])


def test_a_prehistory_is_one_note_of_its_own_found_and_removed_by_its_key(system):
    record = made(system)
    writes = [prehistory(record), prehistory(record)]
    rpc_note = {"resource": f"party.party,{record.ref.id}", "message": "von Hand"}
    system._rpc.call("model.ir.note.create", [rpc_note], safe=False)
    assert system.find(writes) == {}
    outcomes = {outcome.key: outcome for outcome in system.write(writes)}
    found = system.find(writes)
    assert {key: [r.ref for r in records] for key, records in found.items()} == {key: [o.ref] for key, o in outcomes.items()}
    (first,) = found[writes[0].key]
    assert (first.values["body"], first.parent) == (writes[0].values["body"], record.ref)
    assert system.read("prehistory", [first.ref.id, NO_RECORD, "x"]) == {first.ref.id: first}
    assert notes(system, record)[1]["message"].endswith(f"\n[il:{writes[0].key}]")
    for _ in range(2):
        assert system.remove(first.ref)
    assert set(system.find(writes)) == {writes[1].key}
    assert next(note["message"] for note in notes(system, record)) == "von Hand"


def test_a_note_of_people_is_not_removed(system):
    record = made(system)
    rpc_note = {"resource": f"party.party,{record.ref.id}", "message": "von Hand"}
    (note,) = system._rpc.call("model.ir.note.create", [rpc_note], safe=False)
    system.remove(system.ref("prehistory", str(note)))
    assert [row["message"] for row in notes(system, record)] == ["von Hand"]


def test_a_prehistory_whose_answer_is_lost_is_sent_once_and_found(system, monkeypatch):
    record = made(system)
    write, door = prehistory(record), Door(system._rpc._http.call, fault=SystemUnavailable("x"))
    system.traits("prehistory")
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert door.writes == 1
    assert len(system.find([write])[write.key]) == 1


def test_a_prehistory_is_found_after_its_customer_was_replaced(system):
    first, second = made(system), made(system)
    old, new = prehistory(first), prehistory(second)
    system.write([old, new])
    rpc(system, "party.write", [int(first.ref.id)], {"active": False, "replaced_by": int(second.ref.id)})
    assert set(system.find([old])) == {old.key}
    assert set(system.find([replace(new, parent=first.ref)])) == {new.key}


def test_what_is_no_prehistory_is_rejected_and_the_others_are_written(system):
    record = made(system)
    good = prehistory(record)
    writes = [good, replace(prehistory(record), parent=None), replace(prehistory(record), values={"text": "x"})]
    outcomes = {outcome.key: outcome for outcome in system.write(writes)}
    assert [getattr(outcomes[write.key], "code", "done") for write in writes] == ["done", "no_record", "unknown_field"]
    (lost,) = system.write([replace(prehistory(record), parent=system.ref("customer", NO_RECORD))])
    assert isinstance(lost, Rejected)


def test_nothing_but_a_reserved_number_is_a_key_that_the_erp_enforces(erp):
    system = tryton(erp, number="reserved")
    assert (system.traits("customer").enforces_key, system.traits("prehistory").enforces_key) == (True, False)
