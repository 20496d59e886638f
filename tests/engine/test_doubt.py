"""Waiting, replacing, late doubles: what happens to a change that did not simply succeed (invariants 2, 4 and 5)."""

from __future__ import annotations

import pytest

from interlock.config import ApprovalSettings
from interlock.domain.change import NotSent
from interlock.domain.record import Page
from interlock.engine import plan
from interlock.engine.apply import apply
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock.engine.reading import store
from interlock.engine.run import run
from interlock.errors import NotAllowed, Paused, WorkRemains
from interlock.processes.lead_to_customer import PROCESS
from interlock.store import approvals, audit
from tests.engine.test_invariants import adds_up, one_effect_each

IMPATIENT = "[erp]\nsettle_seconds = 0.1\n"


def plan_only(engine, scope):
    batch = engine.open(scope)
    gather(engine, batch)
    plan.check(engine, batch)
    plan.decide(engine, batch)
    return batch


def test_a_newer_decision_replaces_one_that_certainly_was_not_sent(world, monkeypatch):
    world.won("1")
    run(world.engine(), Scope("r0"))
    world.crm.put("account", "1", city="Bonn")
    engine = world.engine()
    engine.settings = engine.settings.model_copy(update={"engine": engine.settings.engine.model_copy(update={"deadline": 0.05})})
    with monkeypatch.context() as patch:
        patch.setattr(world.erp, "write", lambda writes: [NotSent(w.key, "busy", 0.01) for w in writes])
        with pytest.raises(WorkRemains):
            run(engine, Scope("r1"))
    world.crm.put("account", "1", city="Köln")
    run(world.engine(), Scope("r2"))
    assert world.erp.of("customer")[0].values["city"] == "Köln"
    assert world.sql("SELECT city FROM interlock.change, jsonb_to_record(body) AS b(city text) WHERE state = 'cancelled'") == [
        {"city": "Bonn"}
    ]


def test_a_change_replaced_while_it_was_claimed_is_not_sent_with_old_values(world):
    world.won("1")
    run(world.engine(), Scope("r0"))
    world.crm.put("account", "1", city="Bonn", phone="+4922811111")
    first = world.engine()
    batch = plan_only(first, Scope("r1"))
    seen = []

    def meanwhile(writes):
        seen.extend(dict(write.values) for write in writes)

    world.erp.before_write = meanwhile
    find = world.erp.read

    def read(kind, ids):
        world.erp.read = find
        world.crm.put("account", "1", city="Köln")
        plan_only(world.engine(), Scope("r2"))
        return find(kind, ids)

    world.erp.read = read
    apply(first, batch, "erp")
    assert seen == [{"city": "Köln", "phone": "+4922811111"}]


def test_a_creation_decided_anew_while_it_was_claimed_is_not_sent_with_old_values(world):
    world.won("1")
    first = world.engine()
    settings = first.settings.engine.model_copy(update={"lease_seconds": 5})  # longer than it takes to decide anew
    first.settings = first.settings.model_copy(update={"engine": settings})
    batch = plan_only(first, Scope("r1"))
    seen = []
    world.erp.before_write = lambda writes: seen.extend(w.values["city"] for w in writes if w.kind == "customer")
    look = world.erp.find

    def find(writes):
        world.erp.find = look
        world.crm.put("account", "1", city="Köln")
        plan_only(world.engine(), Scope("r2"))
        return look(writes)

    world.erp.find = find
    apply(first, batch, "erp")
    assert seen == ["Köln"]


def test_a_newer_decision_waits_behind_one_whose_fate_is_not_known(world):
    world.won("1")
    run(world.engine(), Scope("r0"))
    world.crm.put("account", "1", city="Bonn")
    world.erp.faults = ["late"]
    world.erp.settle = 30
    engine = world.engine()
    engine.settings = engine.settings.model_copy(update={"engine": engine.settings.engine.model_copy(update={"deadline": 0.05})})
    with pytest.raises(WorkRemains):
        run(engine, Scope("r1"))
    world.crm.put("account", "1", city="Köln")
    with pytest.raises(WorkRemains):
        run(engine, Scope("r2"))
    world.erp.commit_late()
    world.erp.settle = 0
    world.sql("UPDATE interlock.change SET not_before = now()")
    run(world.engine(), Scope("r3"))
    run(world.engine(), Scope("r4"))
    assert world.erp.of("customer")[0].values["city"] == "Köln"


def test_an_unanswered_update_is_sent_again_only_after_a_second_look(world):
    world.won("1")
    run(world.engine(), Scope("r0"))
    world.crm.put("account", "1", city="Bonn")
    world.erp.faults, world.erp.settle = ["dropped"], 0.5
    run(world.engine(), Scope("r1"))
    assert world.erp.of("customer")[0].values["city"] == "Bonn"
    row = world.sql("SELECT finished_at - unknown_since AS waited FROM interlock.change WHERE ever_unknown")[0]
    assert row["waited"].total_seconds() >= 0.5


def test_a_note_that_commits_after_everything_is_swept_away(world):
    world.won("1")
    world.crm.faults = ["", "late"]
    run(world.engine(), Scope("r1"))
    world.crm.commit_late()
    assert len(world.crm.of("note")) == 2
    run(world.engine(), Scope("r2"))
    one_effect_each(world, 1)
    assert [row["action"] for row in world.sql("SELECT action FROM interlock.audit ORDER BY seq")][-1] == "remove note"


def test_a_customer_with_our_reference_that_is_no_late_double_is_never_removed(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    made = world.erp.of("customer")[0]
    world.erp.put("customer", "77", **made.values | {"number": "K77"})
    counts = run(world.engine(), Scope("r2"))
    assert counts["rejected"] == 1
    assert len(world.erp.of("customer")) == 2
    assert world.sql("SELECT code FROM interlock.quarantine WHERE state = 'open'") == [{"code": "customer_twice"}]


def test_waiting_has_a_limit_and_the_entry_resolves_once_it_is_settled(world, monkeypatch):
    world.won("1", "2")
    engine = world.engine()
    engine.settings = engine.settings.model_copy(update={"engine": engine.settings.engine.model_copy(update={"deadline": 0.05})})
    with monkeypatch.context() as patch:
        patch.setattr(world.erp, "write", lambda writes: [NotSent(w.key, "not reachable", 0.01) for w in writes])
        with pytest.raises(WorkRemains):
            run(engine, Scope("r1"))
        world.sql("UPDATE interlock.change SET opened_at = now() - interval '5 days'")
        batch = engine.open(Scope("r1"))
        from interlock.engine.settle import settle

        counts = settle(engine, batch)
    assert counts["rejected"] == 2
    assert adds_up(counts)
    messages = {row["message"] for row in world.sql("SELECT message FROM interlock.quarantine WHERE state = 'open'")}
    assert messages == {"a change for the erp is open for 5 days: not reachable"}
    run(world.engine(), Scope("r2"))
    one_effect_each(world, 2)
    assert world.sql("SELECT * FROM interlock.quarantine WHERE state = 'open'") == []


def test_the_audit_chain_holds_one_entry_an_effect(world):
    world.won("1")
    world.erp.faults = ["lost"]
    run(world.engine(), Scope("r1"))
    with world.engine().database.begin() as tx:
        assert audit.verify(tx) == 4


def test_an_approver_s_rejection_outlives_an_unrelated_change(world):
    world.won("1", "2", "3")
    run(world.engine("[limits]\nmax_creates = 2\n"), Scope("r1"))
    with world.engine().database.begin() as tx:
        assert approvals.decide(tx, 1, "reject", "chief", "not before audit").changes == 12
    world.crm.put("account", "1", phone="+4930777777")
    counts = run(world.engine(), Scope("r2"))
    assert counts["rejected"] == 1
    assert world.erp.of("customer") == []
    world.sql("UPDATE interlock.quarantine SET state = 'released'")
    world.sql("UPDATE interlock.subject SET due_at = now()")
    run(world.engine(), Scope("r3"))
    one_effect_each(world, 3)


@pytest.mark.parametrize(
    ("rules", "actor", "words"),
    [
        (ApprovalSettings(users=("chief", "ines")), "ops", "none of approval.users"),
        (ApprovalSettings(users=("chief", "ines"), four_eyes=True), "ines", "another person"),
        (ApprovalSettings(four_eyes=True), "ines", "another person"),
    ],
)
def test_who_may_not_answer_changes_nothing_and_another_person_can(world, rules, actor, words):
    world.won("1", "2")
    run(world.engine("[limits]\nmax_creates = 1\n"), Scope("r1", actor="ines"))
    with pytest.raises(NotAllowed, match=words), world.engine().database.begin() as tx:
        approvals.decide(tx, 1, "approve", actor, rules=rules)
    with world.engine().database.begin() as tx:
        (row,) = approvals.open_requests(tx, PROCESS)
        assert (row["asked_by"], row["changes"]) == ("ines", 8)
        assert rules.others("ines") == tuple(user for user in rules.users if user != "ines" or not rules.four_eyes)
        assert approvals.decide(tx, 1, "approve", "chief", rules=rules).state == "approved"
        assert approvals.open_requests(tx, PROCESS) == []


def test_a_pause_between_decision_and_send_is_kept(world):
    world.won("1")
    engine = world.engine()
    batch = plan_only(engine, Scope("r1"))
    world.sql("INSERT INTO interlock.paused (name, actor, why) VALUES ('erp', 'ops', 'month end')")
    with pytest.raises(Paused, match="interlock resume erp"):
        apply(engine, batch, "erp")
    assert world.erp.calls["write"] == 0
    world.sql("DELETE FROM interlock.paused")
    assert apply(engine, batch, "erp") == 2


def test_a_run_that_finds_a_customer_made_a_moment_ago_leaves_what_follows_to_the_other(world):
    world.won("1")
    one, other = world.engine(), world.engine()
    first = one.open(Scope("one"))
    gather(one, first)
    plan.check(one, first)
    plan.decide(one, first)
    apply(one, first, "erp")
    second = other.open(Scope("other"))
    other.crm.put("account", "1", city="Bonn")
    for account in other.crm.of("account"):  # it sees the account's change, but not yet the customer
        store(other, second, Page([account]), dry=False)
    plan.check(other, second)
    plan.decide(other, second)
    assert world.sql("SELECT state, reason FROM interlock.subject") == [{"state": "waiting", "reason": "customer_unread"}]
    assert apply(one, first, "crm") == 2
    run(world.engine(), Scope("after"))
    assert [note.values["key"] for note in world.crm.of("note")] == [f"note/linked/{world.crm.ref('account', '1')}"]
    assert [customer.values["city"] for customer in world.erp.of("customer")] == ["Bonn"]
