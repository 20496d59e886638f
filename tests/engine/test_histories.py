"""The prehistory and the contacts through the engine: one effect whatever fails, least data, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.engine import plan
from interlock.engine.apply import apply
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock.engine.run import run
from interlock.engine.settle import keep_plan, settle

CALL = {"type": "call", "time": "2026-02-03T08:00:00+00:00", "direction": "in", "owner": {"name": "Olga Ober"}, "deal": ""}
ERIKA = {"roles": ["invoice"], "last_name": "Muster", "email": "e@example.de", "phone": "+4930111111"}


def with_a_past(world, number="1"):
    world.won(number)
    account = world.crm.ref("account", number)
    world.crm.put("activity", f"call-1-{number}", parent=account, **CALL)
    return account


def told(world):
    return world.erp.of("prehistory")


def customer(world):
    (record,) = world.erp.of("customer")
    return record


def remembered(world):
    return world.sql("SELECT ref FROM interlock.snapshot WHERE kind = 'activity'")


@pytest.mark.parametrize("fault", ["", "lost", "dropped", "late", "busy"])
def test_one_prehistory_hangs_on_the_customer_whatever_its_write_meets(world, fault):
    with_a_past(world)
    world.erp.faults = ["", fault]
    for name in ("r1", "r2"):
        run(world.engine(), Scope(name))
    world.erp.commit_late()
    run(world.engine(), Scope("r3"))
    (note,) = told(world)
    assert note.parent == customer(world).ref
    assert note.values["key"] == f"prehistory/{world.crm.ref('account', '1')}"
    assert "03.02.2026 Anruf eingehend · Olga Ober" in note.values["body"]


def test_a_prehistory_decided_before_its_customer_was_found_hangs_on_it(world):
    account = with_a_past(world)
    engine = world.engine()
    batch = engine.open(Scope("r1"))
    gather(engine, batch)
    plan.check(engine, batch)
    plan.decide(engine, batch)
    there = world.crm.of("account")[0].values
    found = world.erp.put("customer", "9", **there, number="K9", references=[str(account)], active=True)
    run(world.engine(), Scope("r2"))
    assert [note.parent for note in told(world)] == [found]
    assert world.sql("SELECT * FROM interlock.quarantine") == []


def test_a_refused_customer_has_no_prehistory_until_it_is_there(world):
    with_a_past(world)
    world.erp.faults = ["refused"]
    run(world.engine(), Scope("r1"))
    assert (world.erp.of("customer"), told(world)) == ([], [])
    world.sql("UPDATE interlock.subject SET due_at = now()")
    run(world.engine(), Scope("r2"))
    assert [note.parent for note in told(world)] == [customer(world).ref]


def test_activities_are_read_for_those_who_need_them_and_forgotten_once_told(world, monkeypatch):
    account = with_a_past(world)
    open_deal = world.crm.put("account", "2", legal_name="Offen GmbH")
    asked, children = [], world.crm.children
    monkeypatch.setattr(world.crm, "children", lambda kind, parents: (asked.append((kind, *parents)), children(kind, parents))[1])
    run(world.engine(), Scope("r1"))
    world.crm.put("account", "1", city="Bonn")
    world.crm.put("account", str(open_deal.id), city="Bonn")
    run(world.engine(), Scope("r2"))
    assert asked == [("activity", account)]
    assert remembered(world) == []


def test_what_was_deleted_meanwhile_is_not_told(world):
    with_a_past(world)
    engine = world.engine()
    batch = engine.open(Scope("r1"))
    gather(engine, batch)
    plan.check(engine, batch)
    assert len(remembered(world)) == 1
    world.crm.records.pop(world.crm.ref("activity", "call-1-1"))
    run(world.engine(), Scope("r2"))
    assert "keine Aktivitäten" in told(world)[0].values["body"]


@pytest.mark.parametrize(
    ("settings", "kind"), [("", "activity"), ('[prehistory]\nlevel = "full"\npurpose = "Gewährleistung"\n', "activity_text")]
)
def test_texts_are_asked_for_at_level_full_only(world, monkeypatch, settings, kind):
    with_a_past(world)
    asked, children = [], world.crm.children
    monkeypatch.setattr(world.crm, "children", lambda kind, parents: (asked.append(kind), children("activity", parents))[1])
    run(world.engine(settings), Scope("r1"))
    assert asked == [kind]


def test_the_brake_counts_customers_not_their_prehistories(world):
    for number in ("1", "2"):
        with_a_past(world, number)
    counts = run(world.engine("[limits]\nmax_creates = 2\n"), Scope("r1"))
    assert (counts["created"], counts["held"]) == (2, 0)


def test_a_brake_holds_the_prehistory_with_its_customer(world):
    for number in ("1", "2"):
        with_a_past(world, number)
    counts = run(world.engine("[limits]\nmax_creates = 1\n"), Scope("r1"))
    assert (counts["created"], counts["held"], told(world)) == (0, 2, [])


def test_two_workers_tell_it_once(world):
    with_a_past(world)
    first, second = world.engine(), world.engine()
    batches = [engine.open(Scope(name)) for engine, name in ((first, "r1"), (second, "r2"))]
    for engine, batch in zip((first, second), batches, strict=True):
        gather(engine, batch)
        plan.check(engine, batch)
        keep_plan(engine, batch, plan.decide(engine, batch))
    for role in ("erp", "crm"):
        for engine, batch in zip((first, second), batches, strict=True):
            apply(engine, batch, role)
    for engine, batch in zip((first, second), batches, strict=True):
        settle(engine, batch)
    assert len(told(world)) == 1


def test_contacts_come_change_and_go_with_the_nightly_run(world):
    world.won("1")
    account = world.crm.ref("account", "1")
    contact = world.crm.put("contact", "11", parent=account, **ERIKA)
    run(world.engine(), Scope("r1"))
    (row,) = customer(world).values["contacts"]
    assert row == {"id": "11", "roles": "invoice", "name": "Muster", "email": "e@example.de", "phone": "+4930111111"}

    world.crm.put("contact", "11", phone="+4930999999")
    assert run(world.engine(), Scope("r2"))["updated"] == 1
    assert customer(world).values["contacts"][0]["phone"] == "+4930999999"

    del world.crm.records[contact]
    assert run(world.engine(), Scope("r3", full=True))["updated"] == 1
    assert customer(world).values["contacts"] == []
    assert run(world.engine(), Scope("r4", full=True))["unchanged"] == 1


def test_a_contact_linked_to_its_account_later_is_noticed_without_a_change_of_its_own(world):
    world.won("1")
    account = world.crm.ref("account", "1")
    world.crm.put("contact", "10", parent=account, **ERIKA)
    late = world.crm.put("contact", "11", **ERIKA)
    world.crm.put("contact", "12", roles=[])
    run(world.engine(), Scope("r1"))
    world.crm.records[late] = replace(world.crm.records[late], parent=account)
    run(world.engine(), Scope("r2"))
    assert [row["id"] for row in customer(world).values["contacts"]] == ["10", "11"]
