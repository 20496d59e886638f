"""Tasks in HubSpot that Interlock makes, completes and opens again, while people do the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.connectors.hubspot.objects import note_html
from interlock.connectors.hubspot.tasks import marked, marked_anew
from interlock.domain.change import Done, NotSent, Rejected, Unknown, Write
from interlock.errors import LoginRefused, RateLimited, SystemUnavailable
from tests.connectors.contract import NO_RECORD, NUMBERS, PARTY, Door, SystemContract, kinds
from tests.connectors.test_hubspot import TestHubSpot as OfHubSpot
from tests.connectors.test_hubspot import hubspot
from tests.connectors.test_hubspot_contracts import Hands

VALUES = {"title": "Call: RE <1> & RE 2", "text": "a < b & c\n2 invoices", "due": "2026-03-31", "owner": "", "state": "open"}
PLACE = "/crm/v3/objects/tasks"


class TestTaskCreates(SystemContract):
    """What every connector must keep, with tasks as what is created."""

    main = "account"
    system, another, http, small_pages = OfHubSpot.system, OfHubSpot.another, OfHubSpot.http, OfHubSpot.small_pages
    made, edit, merge = OfHubSpot.made, OfHubSpot.edit, OfHubSpot.merge

    def creates(self, system, count):
        (account,) = self.made(system, PARTY)
        parent = system.ref("account", account)
        return [Write(f"dunning/{next(NUMBERS)}/0/1", "create", "task", VALUES, None, parent, parent) for _ in range(count)]

    def spoiled(self, system, write):
        return replace(write, values=write.values | {"due": "not a day"})


@pytest.fixture
def people(crm):
    return Hands(crm)


@pytest.fixture(params=["v3", "2026-03"])
def system(crm, request):
    return hubspot(crm, api_version=request.param)


def new(system, account, **values):
    parent = system.ref("account", account)
    return Write(f"dunning/{next(NUMBERS)}/0/1", "create", "task", VALUES | values, None, parent, parent)


def made(system, people, **values):
    (done,) = system.write([write := new(system, people.account(), **values)])
    return write, done.ref


def one(system, ref):
    return system.read("task", [ref.id])[ref.id]


def update(ref, **values):
    return Write(f"u{next(NUMBERS)}", "update", "task", values, ref)


def kept(people, ref):
    names = "hs_task_subject,hs_task_body,hs_task_status,hs_task_priority,hs_task_type,hs_timestamp,hubspot_owner_id"
    return people.crm.call("GET", f"{PLACE}/{ref.id}?properties={names}")["properties"]


def test_a_task_reads_back_as_it_was_written(system, people):
    owner = people.crm.call("POST", "/sandbox/owners", {"email": f"t{next(NUMBERS)}@example.de", "firstName": "Olga"})["id"]
    write, ref = made(system, people, owner=owner, priority="HIGH")
    record = one(system, ref)
    assert record.values == {**VALUES, "owner": owner, "key": write.key}
    assert (record.parent, record.problems) == (write.parent, ())
    there = kept(people, ref)
    assert (there["hs_timestamp"], there["hs_task_status"], there["hs_task_priority"], there["hs_task_type"]) == (
        "2026-03-31T00:00:00Z", "NOT_STARTED", "HIGH", "TODO",
    )  # fmt: skip
    assert there["hs_task_body"] == f"<p>a &lt; b &amp; c<br>2 invoices</p><p>[il:{write.key}]</p>"
    assert there["hs_task_subject"] == VALUES["title"]


def test_who_completed_a_task_is_told_apart(system, people):
    write, ref = made(system, people)
    steps = [
        ("person", "COMPLETED", "done", ""), ("interlock", "open", "open", ""), ("person", "IN_PROGRESS", "open", ""),
        ("interlock", "closed", "closed", " closed"), ("person", "NOT_STARTED", "open", " closed"),
        ("interlock", "closed", "closed", " closed"), ("interlock", "open", "open", ""), ("person", "COMPLETED", "done", ""),
    ]  # fmt: skip
    for who, to, state, mark in steps:
        if who == "person":
            people.edit("tasks", ref.id, hs_task_status=to)
        else:
            assert kinds(system.write([step := update(ref, state=to)])) == {step.key: Done}
        assert one(system, ref).values == {**VALUES, "state": state, "key": write.key}
        assert kept(people, ref)["hs_task_body"].endswith(f"<p>[il:{write.key}{mark}]</p>")
        assert [record.ref for record in system.find([write])[write.key]] == [ref]


def test_what_people_wrote_into_a_task_stays_when_it_is_closed(system, people):
    write, ref = made(system, people)
    own = f"<div><b>spoke to Hans</b><br>{note_html(VALUES['text'], write.key)}</div>&nbsp;"
    people.edit("tasks", ref.id, hs_task_body=own)
    system.write([update(ref, state="closed")])
    assert kept(people, ref)["hs_task_body"] == own.replace(f"[il:{write.key}]", f"[il:{write.key} closed]")
    system.write([update(ref, state="open")])
    assert kept(people, ref)["hs_task_body"] == own


def test_the_text_is_changed_with_the_state_or_alone(system, people):
    write, ref = made(system, people)
    people.edit("tasks", ref.id, hs_task_status="WAITING")
    system.write([update(ref, text="<new> & one\nmore", state="open")])
    assert (one(system, ref).values["text"], kept(people, ref)["hs_task_status"]) == ("<new> & one\nmore", "WAITING")
    system.write([update(ref, state="closed", text="paid")])
    system.write([update(ref, text="paid on 1 April")])
    found = one(system, ref).values
    assert (found["text"], found["state"], found["key"]) == ("paid on 1 April", "closed", write.key)


def test_a_task_that_lost_its_last_line_can_still_be_closed(system, people):
    _, ref = made(system, people)
    people.edit("tasks", ref.id, hs_task_body="<p>rewritten</p>")
    for state in ("closed", "open"):
        system.write([update(ref, state=state)])
        found = one(system, ref).values
        assert (found["state"], found["text"], found["key"]) == (state, "rewritten", "")


def test_a_deleted_task_is_absent_and_stops_no_other(system, people):
    (_, gone), (write, there) = made(system, people), made(system, people)
    people.crm.call("DELETE", f"{PLACE}/{gone.id}")
    assert set(system.read("task", [gone.id, there.id, NO_RECORD])) == {there.id}
    lost, good = update(gone, state="closed"), update(there, state="closed")
    outcomes = {outcome.key: outcome for outcome in system.write([lost, good])}
    assert (outcomes[lost.key].code, type(outcomes[good.key])) == ("task_refused", Done)
    assert system.remove(there)
    assert system.find([write]) == {}


def test_a_refused_value_stops_no_other_task(system, people):
    account = people.account()
    bad, good = new(system, account, priority="URGENT"), new(system, account)
    outcomes = {outcome.key: outcome for outcome in system.write([bad, good])}
    assert (type(outcomes[bad.key]), type(outcomes[good.key])) == (Rejected, Done)
    assert "allowed options" in outcomes[bad.key].detail


@pytest.mark.parametrize(
    ("values", "operation", "code"),
    [
        ({"state": "done"}, "update", "unknown_write"),
        ({"title": "x"}, "update", "unknown_field"),
        ({"state": "closed"}, "create", "unknown_write"),
        ({"colour": "x"}, "create", "unknown_field"),
    ],
)
def test_what_is_never_written_into_a_task_is_rejected_unsent(system, people, values, operation, code):
    write, ref = made(system, people)
    wrong = update(ref, **values) if operation == "update" else new(system, write.parent.id, **values)
    assert [outcome.code for outcome in system.write([wrong])] == [code]
    homeless = replace(new(system, write.parent.id), parent=None), replace(update(ref, state="closed"), ref=None)
    assert [system.write([one_])[0].code for one_ in homeless] == ["no_record", "no_record"]
    assert one(system, ref).values["state"] == "open"


@pytest.mark.parametrize(("fault", "outcome"), [(SystemUnavailable("x", sent=False), NotSent), (SystemUnavailable("x"), Unknown)])
def test_a_lost_answer_is_never_sent_again_by_itself(system, people, monkeypatch, fault, outcome):
    _, ref = made(system, people)
    write = update(ref, state="closed")
    door = Door(system._api._http.call, fault=fault, reach=outcome is Unknown)
    with monkeypatch.context() as patch:
        patch.setattr(system._api._http, "call", door)
        assert kinds(system.write([write])) == {write.key: outcome}
    assert door.writes == 1
    assert one(system, ref).values["state"] == ("closed" if outcome is Unknown else "open")


@pytest.mark.parametrize(("fault", "wait"), [(SystemUnavailable("x"), 1.0), (RateLimited("x", retry_after=7), 7)])
def test_nothing_is_sent_while_the_task_cannot_be_read(system, people, monkeypatch, fault, wait):
    _, ref = made(system, people)
    write = update(ref, state="closed")

    def call(*_, safe, **__):
        assert safe
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(system._api._http, "call", call)
        assert system.write([write]) == [NotSent(write.key, "not readable before it is written", wait)]
    assert one(system, ref).values["state"] == "open"


def test_a_task_is_found_although_the_search_lags_and_after_a_merge(system, people):
    people.crm.call("POST", "/sandbox/settings", {"index_delay": 3600})
    try:
        write, ref = made(system, people)
        survivor = people.account()
        people.crm.call(
            "POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": survivor, "objectIdToMerge": write.parent.id}
        )
        assert [record.ref for record in system.find([write])[write.key]] == [ref]
        assert one(system, ref).parent == system.ref("account", survivor)
    finally:
        people.crm.call("POST", "/sandbox/settings", {"index_delay": 0})


def test_notes_and_tasks_are_looked_up_together(system, people):
    task, ref = made(system, people)
    parent = task.parent
    note = Write(f"note/{next(NUMBERS)}", "create", "note", {"body": "x", "time": "2026-03-01T10:00:00Z"}, None, parent, parent)
    (done,) = system.write([note])
    other = replace(note, key=task.key)
    assert {k: [r.ref for r in rs] for k, rs in system.find([task, note]).items()} == {task.key: [ref], note.key: [done.ref]}
    assert system.find([other]) == {}


def test_tasks_of_interlock_are_no_activities_of_people(system, people):
    write, ref = made(system, people)
    link = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]
    own = {"hs_timestamp": "2026-02-03T08:00:00Z", "hs_task_subject": "BETREFF", "hs_task_body": "INHALT"}
    people.crm.create("tasks", [{"properties": own, "associations": [{"to": {"id": write.parent.id}, "types": link}]}])
    for state in ("open", "closed"):
        system.write([update(ref, state=state)])
        (record,) = system.children("activity", [write.parent])
        assert (record.values["type"], record.values["time"]) == ("task", "2026-02-03T08:00:00+00:00")
        assert not {"BETREFF", "INHALT"} & set(map(str, record.values.values()))


def test_doctor_names_the_scope_that_tasks_want(crm, monkeypatch):
    system = hubspot(crm, balances=True)
    real = system._api._http.call

    def call(verb, where, **rest):
        if verb == "POST" and where.endswith("/tasks/batch/create"):
            raise LoginRefused("x")
        return real(verb, where, **rest)

    monkeypatch.setattr(system._api._http, "call", call)
    assert [(c.name, c.level, "crm.objects.contacts.write" in c.cure) for c in system.checks() if c.level != "ok"] == [
        ("crm rights on tasks", "error", True)
    ]


@pytest.mark.parametrize("wrap", ["{}", "<div>{}</div>", '<div dir="auto">{}<br/></div>\n', "{}&nbsp;"])
def test_the_last_line_is_found_when_the_crm_wraps_its_html(wrap):
    body = wrap.format(note_html("x [il:other closed]\ny", "task/a&b"))
    assert marked(body) == ("task/a&b", False)
    closed = marked_anew(body, closed=True)
    assert (marked(closed), marked_anew(closed, closed=True)) == (("task/a&b", True), closed)
    assert marked_anew(closed, closed=False) == body
