"""Contacts, delivery addresses and the prehistory in a real Odoo, beside what people type there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.connectors.odoo.people import contact_commands, delivery_commands
from interlock.domain.change import Done, Rejected, Unknown, Write
from interlock.errors import SystemUnavailable
from tests.connectors import odoo_hands
from tests.connectors.contract import NO_RECORD, PARTY, Door, kinds, party
from tests.connectors.odoo_hands import Hands, customer, odoo, rpc, with_rights

erp = odoo_hands.erp
ERIKA = {
    "id": "11",
    "roles": "invoice, contract",
    "name": "Frau Erika Muster",
    "email": "erika@example.de",
    "phone": "+493011111",
}
OTTO = {"id": "12", "roles": "delivery", "name": "Otto [il:x] <Muster>", "email": "", "phone": "+4930222222"}
NAME = {"id": "13", "roles": "contract", "name": "Nina Nur", "email": "", "phone": ""}
SILENT = {"id": "14", "roles": "contract", "name": "", "email": "info@example.de", "phone": ""}
PEOPLE = [ERIKA, OTTO, NAME, SILENT]
LAGER = {
    "id": "12",
    "name": "Otto Muster",
    "street": "Lager 2\nTor 3\nRampe",
    "postal_code": "10117",
    "city": "Berlin",
    "country": "DE",
}
WERK = {"id": "account", "name": "", "street": "Werk 1", "postal_code": "1010", "city": "Wien", "country": "AT"}
PLACES = [LAGER, WERK]
READ = ["name", "type", "email", "phone", "comment", "active", "vat", "street", "city", "country_id", "write_date"]


@pytest.fixture
def system(erp):
    return with_rights(odoo(erp))


def made(erp, system, **values):
    (done,) = system.write([customer(erp, **values)])
    return one(system, done.ref)


def one(system, ref):
    return system.read("customer", [ref.id])[ref.id]


def change(system, record, **values):
    write = Write("u1", "update", "customer", values, record.ref, None, record.ref, record)
    (outcome,) = system.write([write])
    assert isinstance(outcome, Done), outcome
    return one(system, record.ref)


def children(system, record):
    return system._rpc.search("res.partner", [["parent_id", "=", int(record.ref.id)]], READ)


def people(record):
    return record.values["contacts"], record.values["delivery_addresses"]


def test_new_customers_bring_their_people_and_places(erp, system):
    writes = [customer(erp, contacts=PEOPLE, delivery_addresses=PLACES), customer(erp), customer(erp, contacts=[NAME])]
    refs = {o.key: o.ref for o in system.write(writes)}
    records = [one(system, refs[write.key]) for write in writes]
    assert [people(record) for record in records] == [(PEOPLE, PLACES), ([], []), ([NAME], [])]
    assert all(party(record.values) == PARTY for record in records)
    rows = {row["name"]: row for row in children(system, records[0])}
    assert {row["vat"] for row in rows.values()} == {PARTY["vat_id"]}
    assert (rows[ERIKA["name"]]["type"], rows[ERIKA["name"]]["street"]) == ("contact", "Weg 1")
    assert (rows[False]["type"], rows[False]["country_id"][1], rows[LAGER["name"]]["city"]) == ("delivery", "Austria", "Berlin")


def test_people_and_places_follow_and_only_what_differs_is_written(erp, system):
    record = made(erp, system, contacts=PEOPLE, delivery_addresses=PLACES)
    mine = {row["name"]: row["id"] for row in children(system, record)}
    wanted = [ERIKA | {"phone": "+493099999", "roles": "invoice"}, OTTO, NAME | {"email": "nina@example.de"}, SILENT]
    places = [LAGER | {"city": "Potsdam", "country": "AT"}, WERK]
    rows, countries = system._reader.rows([int(record.ref.id)])[int(record.ref.id)]["children"], system._catalogue.countries
    commands = contact_commands(rows, wanted) + delivery_commands(rows, places, countries)
    assert [command[1] for command in commands] == [mine[ERIKA["name"]], mine[NAME["name"]], mine[LAGER["name"]]]
    after = change(system, record, contacts=wanted, delivery_addresses=places)
    assert people(after) == (wanted, places)
    assert after.revision != record.revision


def test_who_is_no_contact_any_more_is_archived_without_data_and_comes_back(erp, system):
    record = made(erp, system, contacts=PEOPLE, delivery_addresses=PLACES)
    count = len(children(system, record))
    record = change(system, record, contacts=[OTTO], delivery_addresses=[])
    assert people(record) == ([OTTO], [])
    gone = [row for row in children(system, record) if not row["active"]]
    assert len(gone) == count - 1
    assert {(row["email"], row["phone"]) for row in gone} == {(False, False)}
    assert not {row["name"] for row in gone} & {ERIKA["name"], NAME["name"], LAGER["name"], SILENT["email"]}
    again = change(system, record, contacts=[OTTO], delivery_addresses=[], city="Kiel")
    record = change(system, again, contacts=PEOPLE, delivery_addresses=PLACES)
    assert people(record) == (PEOPLE, PLACES)
    assert len(children(system, record)) == count


def test_people_that_others_typed_are_never_ours_and_never_touched(erp, system):
    record = made(erp, system, contacts=[ERIKA], delivery_addresses=[LAGER])
    parent = {"parent_id": int(record.ref.id)}
    typed = [
        {**parent, "name": "Hand", "email": "hand@example.de", "comment": "<p>invoice</p>"},
        {**parent, "name": "Erika", "comment": "<p>[il:11]</p>"},
        {**parent, "name": "Lager", "type": "delivery", "street": "Hand 1", "comment": "<p>[il: 12]</p>"},
    ]
    ids = system._rpc.create("res.partner", typed)
    fields = ["name", "email", "comment", "active", "type"]
    theirs = system._rpc.of_ids("res.partner", ids, fields)
    record = one(system, record.ref)
    assert people(record) == ([ERIKA], [LAGER])
    record = change(system, record, contacts=[OTTO], delivery_addresses=[WERK], city="Kiel", phone="")
    record = change(system, record, contacts=[], delivery_addresses=[])
    assert people(record) == ([], [])
    assert system._rpc.of_ids("res.partner", ids, fields) == theirs


def test_a_mark_without_roles_makes_nobody_our_contact(erp, system):
    record = made(erp, system)
    typed = {"parent_id": int(record.ref.id), "name": "Erika", "comment": "<p>[il:11]</p>"}
    (theirs,) = system._rpc.create("res.partner", [typed])
    record = change(system, one(system, record.ref), contacts=[ERIKA])
    assert people(record)[0] == [ERIKA]
    assert change(system, record, contacts=[]).values["contacts"] == []
    assert system._rpc.of_ids("res.partner", [theirs], ["name", "email", "active"])[theirs] == {
        "id": theirs, "name": "Erika", "email": False, "active": True,
    }  # fmt: skip


def test_what_people_add_to_our_notes_stays(erp, system):
    record = made(erp, system, contacts=[ERIKA])
    (mine,) = [row["id"] for row in children(system, record)]
    added = "<p>nur vormittags</p><p>invoice, contract [il:11]</p><p>bitte langsam</p>"
    rpc(system, "res.partner", "write", [mine], vals={"comment": added})
    record = change(system, one(system, record.ref), contacts=[ERIKA | {"roles": "delivery"}])
    assert people(record)[0] == [ERIKA | {"roles": "delivery"}]
    assert children(system, record)[0]["comment"] == added.replace("invoice, contract", "delivery")


def test_a_change_by_hand_in_a_person_of_ours_is_seen(erp, system):
    record = made(erp, system, contacts=[ERIKA])
    (mine,) = [row["id"] for row in children(system, record)]
    erp.tape.wait(1.1)
    rpc(system, "res.partner", "write", [mine], vals={"email": "neu@example.de"})
    seen = [r for page in system.changed("customer", record.modified_at) for r in page.records if r.ref == record.ref]
    assert people(seen[0])[0] == [ERIKA | {"email": "neu@example.de"}]
    assert seen[0].modified_at > record.modified_at


def test_the_people_of_a_merged_customer_are_those_of_what_is_left(erp, system):
    gone, left = made(erp, system, contacts=[ERIKA]), made(erp, system, contacts=[OTTO])
    Hands().merge(system, left.ref.id, gone.ref.id)
    assert people(one(system, left.ref))[0] == [ERIKA, OTTO]


def test_a_delivery_country_that_the_erp_lacks_is_named(erp, system):
    (outcome,) = system.write([customer(erp, delivery_addresses=[LAGER | {"country": "ZZ"}])])
    assert (type(outcome), outcome.code) == (Rejected, "country_missing")


# -- the prehistory


def prehistory(erp, record, body="Vorgeschichte\n<b>x</b> & mehr"):
    key = f"prehistory/hubspot:1//account/{erp.run}-{next(erp.numbers)}"
    return Write(key, "create", "prehistory", {"body": body}, None, record.ref, record.ref)


def notes(system, record):
    ours = [["model", "=", "res.partner"], ["res_id", "=", int(record.ref.id)], ["message_type", "=", "comment"]]
    return system._rpc.search("mail.message", ours, ["body", "message_id", "is_internal", "subtype_id"])


def test_a_prehistory_is_one_internal_note_found_and_removed_by_its_key(erp, system):
    record = made(erp, system)
    writes = [prehistory(erp, record), prehistory(erp, record)]
    rpc(system, "res.partner", "message_post", [int(record.ref.id)], body="von Hand", message_type="comment")
    assert system.find(writes) == {}
    outcomes = {outcome.key: outcome for outcome in system.write(writes)}
    found = system.find(writes)
    assert {key: [r.ref for r in records] for key, records in found.items()} == {key: [o.ref] for key, o in outcomes.items()}
    (first,) = found[writes[0].key]
    assert (first.values["body"], first.parent) == (writes[0].values["body"], record.ref)
    assert system.read("prehistory", [first.ref.id, NO_RECORD, "x"]) == {first.ref.id: first}
    ours = [note for note in notes(system, record) if "interlock.note" in note["message_id"]]
    assert [(note["is_internal"], note["subtype_id"][1]) for note in ours] == [(True, "Note")] * 2
    for _ in range(2):
        assert system.remove(first.ref)
    assert set(system.find(writes)) == {writes[1].key}
    assert "<p>von Hand</p>" in [note["body"] for note in notes(system, record)]


def test_a_repeated_prehistory_is_the_same_note(erp, system):
    write = prehistory(erp, made(erp, system))
    assert system.traits("prehistory").enforces_key
    (first,), (again,) = system.write([write]), system.write([replace(write, values={"body": "anders"})])
    assert first.ref == again.ref
    assert system.read("prehistory", [first.ref.id])[first.ref.id].values["body"] == write.values["body"]


def test_a_note_of_people_is_not_removed(erp, system):
    record = made(erp, system)
    (note,) = system._rpc.create(
        "mail.message", [{"model": "res.partner", "res_id": int(record.ref.id), "body": "von Hand", "message_type": "comment"}]
    )
    system.remove(system.ref("prehistory", str(note)))
    assert "<p>von Hand</p>" in [row["body"] for row in notes(system, record)]


def test_a_prehistory_whose_answer_is_lost_is_sent_once_and_found(erp, system, monkeypatch):
    record = made(erp, system)
    write, door = prehistory(erp, record), Door(system._rpc._http.call, fault=SystemUnavailable("x"))
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert door.writes == 1
    assert len(system.find([write])[write.key]) == 1


def test_a_prehistory_is_found_after_its_customer_was_merged(erp, system):
    first, second = made(erp, system), made(erp, system)
    old, new = prehistory(erp, first), prehistory(erp, second)
    system.write([old, new])
    Hands().merge(system, second.ref.id, first.ref.id)
    found = system.find([old, replace(new, parent=first.ref)])
    assert {key: [r.parent for r in records] for key, records in found.items()} == {w.key: [second.ref] for w in (old, new)}


def test_what_is_no_prehistory_is_rejected_and_the_others_are_written(erp, system):
    record = made(erp, system)
    good = prehistory(erp, record)
    writes = [good, replace(prehistory(erp, record), parent=None), replace(prehistory(erp, record), values={"text": "x"})]
    outcomes = {outcome.key: outcome for outcome in system.write(writes)}
    assert [getattr(outcomes[write.key], "code", "done") for write in writes] == ["done", "no_record", "unknown_field"]
    lost = replace(prehistory(erp, record), parent=system.ref("customer", NO_RECORD))
    (outcome,) = system.write([lost])
    assert isinstance(outcome, Rejected)
