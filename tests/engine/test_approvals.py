"""Asking people about single invoices or all of a run; what was approved stays so, a newer decision asks anew (invariant 14)."""

from __future__ import annotations

import threading
import uuid
from datetime import date
from decimal import Decimal

import pytest

from interlock.config import ApprovalSettings
from interlock.domain.change import Change
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceKey, TaxTotal
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.errors import NotAllowed, NothingToDecide
from interlock.store import approvals, asked, audit, batches, effects, outbox, overview, requests, sending
from interlock.store.database import Database
from tests.engine.test_invariants import adds_up, one_effect_each

PROCESS = "renewal_to_invoice"
STEPS = ("invoice", "invoice_confirmation", "invoice_posting")


def invoice(contract="SC-1", net="10000", start="2026-01-01", recipient="12"):
    tax = Decimal(net) * Decimal("0.19")
    return Invoice(
        key=InvoiceKey(contract=contract, period_start=start), recipient=recipient, service_from=start,
        service_to=date.fromisoformat(start).replace(day=28), net=net, tax=tax, gross=Decimal(net) + tax,
        taxes=(TaxTotal(category="S", rate="19", base=net, tax=tax),),
    )  # fmt: skip


def steps(one):
    """The three changes of an invoice, each after the one before."""
    body, keys = one.model_dump(mode="json"), [f"{step}/{one.reference}" for step in STEPS]
    subject = Ref("m:crm", "", "contract", one.key.contract)
    return [
        Change.create(key, process=PROCESS, system="erp", kind=kind, subject=subject, values=body, depends_on=tuple(before))
        for kind, key, before in zip(STEPS, keys, ([], keys[:1], keys[1:2]), strict=True)
    ]


class Desk:
    """Runs that decide about invoices, and people who answer."""

    def __init__(self, world):
        self.world = world

    def decide(self, *invoices, actor="schedule", above=None, excluded=(), together=False):
        """Decide as a run does; drafts of more than `above` are held, each for itself or together. Returns the new requests."""
        with self.world.engine().database.begin() as tx:
            batch = self.open(tx, actor)
            return self.record(tx, batch, invoices, above, excluded, together)

    def open(self, tx, actor="schedule"):
        scope = {"dry_run": False, "full": False, "named": None, "actor": actor}
        outbox.queue_up(tx, PROCESS)
        return batches.open_batch(tx, uuid.uuid4(), PROCESS, str(uuid.uuid4()), scope)

    def record(self, tx, batch, invoices, above=None, excluded=(), together=False):
        outbox.record(tx, batch, [change for one in invoices for change in steps(one)])
        renewed = requests.renew(tx, PROCESS, batch)
        new = requests.unapproved(tx, batch, ["invoice"])
        large = [row["id"] for row in new if above is not None and Decimal(row["body"]["gross"]) > above]
        groups = [large] if together else [[number] for number in large]
        made = [requests.hold(tx, PROCESS, batch, ids, "above the limit", excluded=excluded) for ids in groups if ids]
        return [*renewed.values(), *made]

    def answer(self, number, action="approve", actor="chief", rules=None):
        with self.world.engine().database.begin() as tx:
            return approvals.decide(tx, number, action, actor, rules=rules)

    def states(self, kind="invoice"):
        rows = self.world.sql("SELECT subject, state FROM interlock.change WHERE kind = %s ORDER BY id", kind)
        return {row["subject"].rsplit("/", 1)[1]: row["state"] for row in rows}

    def request(self, number):
        (row,) = self.world.sql("SELECT state, decided_by, excluded, former FROM interlock.approval WHERE id = %s", number)
        return row

    def sent(self):
        """Claim what may be sent, and return its keys."""
        with self.world.engine().database.begin() as tx:
            return sorted(row["key"] for row in sending.claim(tx, PROCESS, "erp", "worker", 0.01, 10, None))

    def read(self, function, *arguments):
        with self.world.engine().database.begin() as tx:
            return function(tx, *arguments)


@pytest.fixture
def desk(world):
    return Desk(world)


SMALL, LARGE, HUGE = invoice("SC-1", "100"), invoice("SC-2"), invoice("SC-3", "90000")


def test_each_invoice_above_a_limit_has_a_request_of_its_own_and_the_others_go(desk):
    first, second = desk.decide(SMALL, LARGE, HUGE, above=1000)
    assert desk.states() == {"SC-1": "pending", "SC-2": "held", "SC-3": "held"}
    assert set(desk.states("invoice_posting").values()) == {"pending"}
    assert desk.sent() == ["invoice/SC-1/2026-01-01"]
    assert desk.answer(second).changes == 1
    assert desk.states() == {"SC-1": "pending", "SC-2": "held", "SC-3": "pending"}
    assert desk.request(first)["state"] == "open"


def test_all_invoices_of_a_run_may_be_asked_about_at_once(desk):
    (number,) = desk.decide(SMALL, LARGE, above=0, together=True)
    assert desk.sent() == []
    assert desk.answer(number).changes == 2
    assert desk.sent() == ["invoice/SC-1/2026-01-01", "invoice/SC-2/2026-01-01"]


def test_nothing_to_hold_asks_nobody(desk):
    with desk.world.engine().database.begin() as tx:
        assert requests.hold(tx, PROCESS, desk.open(tx), [], "nothing") is None
    assert desk.world.sql("SELECT * FROM interlock.approval") == []


def test_what_was_approved_is_not_asked_again(desk):
    (number,) = desk.decide(LARGE, above=1000)
    desk.answer(number)
    assert desk.decide(LARGE, above=1000) == []
    assert desk.states() == {"SC-2": "pending"}
    assert desk.sent() == ["invoice/SC-2/2026-01-01"]


def test_an_approval_holds_for_one_content_only(desk):
    (number,) = desk.decide(LARGE, above=1000)
    desk.answer(number)
    (again,) = desk.decide(invoice("SC-2", "20000"), above=1000)
    assert desk.states() == {"SC-2": "held"}
    (change,) = desk.read(asked.changes, again, 10)
    assert (change["former"]["net"], change["after"]["net"], change["former_request"]) == ("10000", "20000", number)
    desk.answer(again)
    assert desk.decide(invoice("SC-2", "20000"), above=1000) == []
    (third,) = desk.decide(LARGE, above=1000)
    assert desk.request(third)["state"] == "open"


def test_an_approved_invoice_to_another_recipient_is_asked_about(desk):
    (number,) = desk.decide(LARGE, above=1000)
    desk.answer(number)
    assert len(desk.decide(invoice("SC-2", recipient="13"), above=1000)) == 1


def test_the_same_decision_leaves_an_open_request_alone(desk):
    (number,) = desk.decide(LARGE, above=1000)
    before = (
        desk.world.sql("SELECT * FROM interlock.change WHERE kind = 'invoice'"),
        desk.world.sql("SELECT * FROM interlock.asked"),
    )
    assert desk.decide(LARGE, above=1000) == []
    after = (
        desk.world.sql("SELECT * FROM interlock.change WHERE kind = 'invoice'"),
        desk.world.sql("SELECT * FROM interlock.asked"),
    )
    assert after == before
    assert desk.request(number)["state"] == "open"
    assert desk.answer(number).state == "approved"


def test_a_newer_decision_voids_the_request_and_asks_about_all_of_it_anew(desk):
    (number,) = desk.decide(LARGE, HUGE, above=1000, together=True)
    dearer = invoice("SC-3", "95000")
    (again,) = desk.decide(dearer, above=1000)
    assert desk.request(number) == {"state": "void", "decided_by": "newer decision", "excluded": [], "former": None}
    assert (desk.request(again)["state"], desk.request(again)["former"]) == ("open", number)
    assert desk.states() == {"SC-2": "held", "SC-3": "held"}
    old, new = (desk.read(asked.changes, one, 10) for one in (number, again))
    assert [row["after"]["net"] for row in old] == ["10000", "90000"]
    assert [(row["former"], row["after"]["net"]) for row in new] == [(None, "10000"), (HUGE.model_dump(mode="json"), "95000")]
    assert desk.read(overview.approval, number)["renewed"] == again
    with pytest.raises(NothingToDecide, match="already void by newer decision"):
        desk.answer(number)
    assert desk.answer(again).changes == 2
    bodies = desk.world.sql("SELECT body FROM interlock.change WHERE subject LIKE '%%SC-3'")
    assert [row["body"]["net"] for row in bodies] == ["95000"] * 3
    assert desk.decide(LARGE, dearer, above=1000) == []
    desk.read(audit.verify)


def test_a_newer_decision_below_the_limit_is_asked_about_all_the_same(desk):
    (number,) = desk.decide(LARGE, above=1000)
    (again,) = desk.decide(invoice("SC-2", "10"), above=1000)
    assert (desk.request(number)["state"], desk.states()) == ("void", {"SC-2": "held"})
    assert desk.answer(again).state == "approved"


def test_one_that_is_no_longer_wanted_leaves_the_request(desk):
    (number,) = desk.decide(LARGE, HUGE, above=1000, together=True)
    with desk.world.engine().database.begin() as tx:
        batch = desk.open(tx)
        assert effects.cancel(tx, PROCESS, [f"invoice/{HUGE.reference}"], "no longer owed") == 3
        renewed = requests.renew(tx, PROCESS, batch)
    assert [row["after"]["net"] for row in desk.read(asked.changes, renewed[number], 10)] == ["10000"]
    with desk.world.engine().database.begin() as tx:
        batch = desk.open(tx)
        effects.cancel(tx, PROCESS, [f"invoice/{LARGE.reference}"])
        assert requests.renew(tx, PROCESS, batch) == {renewed[number]: None}
    assert desk.read(approvals.open_requests) == []
    assert set(desk.states("invoice_posting").values()) == {"cancelled"}


def test_a_rejection_drops_the_steps_that_would_follow_and_nothing_else(desk):
    other = invoice("SC-2", start="2026-02-01")
    (number,) = desk.decide(other, above=100_000) or desk.decide(LARGE, above=1000)
    assert desk.answer(number, "reject").changes == 1
    rows = desk.world.sql("SELECT key, state FROM interlock.change ORDER BY id")
    assert {row["key"] for row in rows if row["state"] == "cancelled"} == {change.key for change in steps(LARGE)}
    assert {row["key"] for row in rows if row["state"] == "pending"} == {change.key for change in steps(other)}
    held = desk.world.sql("SELECT ref, code FROM interlock.quarantine WHERE state = 'open'")
    assert held == [{"ref": "m:crm//contract/SC-2", "code": "rejected_by_approver"}]


def test_a_rejected_invoice_that_is_released_and_decided_again_is_asked_about_again(desk):
    (number,) = desk.decide(LARGE, above=1000)
    desk.answer(number, "reject")
    (again,) = desk.decide(LARGE, above=1000)
    assert desk.states() == {"SC-2": "held"}
    assert desk.answer(again).state == "approved"
    assert desk.sent() == ["invoice/SC-2/2026-01-01"]


def test_steps_behind_an_open_question_do_not_wait_too_long(desk):
    desk.decide(SMALL, LARGE, above=1000)
    desk.world.sql("UPDATE interlock.change SET opened_at = now() - interval '9 days'")
    late = desk.read(effects.overdue, PROCESS, 3)
    assert [row["subject"].rsplit("/", 1)[1] for row in late] == ["SC-1"]


FOUR = ApprovalSettings(users=("chief", "ines", "olga"), four_eyes=True)


@pytest.mark.parametrize(
    ("actor", "words"), [("ines", "started this run"), ("olga", "had a hand"), ("Olga", "none of approval.users")]
)
def test_who_had_a_hand_in_it_cannot_answer(desk, actor, words):
    (number,) = desk.decide(LARGE, above=1000, actor="ines", excluded=["OLGA "])
    with pytest.raises(NotAllowed, match=words):
        desk.answer(number, actor=actor, rules=FOUR)
    assert desk.request(number)["state"] == "open"
    (row,) = desk.read(approvals.open_requests, PROCESS)
    assert FOUR.others(row["asked_by"], row["excluded"]) == ("chief",)
    assert desk.answer(number, rules=FOUR).state == "approved"


def test_without_four_eyes_anybody_named_may_answer(desk):
    (number,) = desk.decide(LARGE, above=1000, actor="ines", excluded=["olga"])
    rules = ApprovalSettings(users=("ines", "olga"))
    assert rules.others("ines", ["olga"]) == ("ines", "olga")
    assert desk.answer(number, actor="olga", rules=rules).state == "approved"


def test_asked_anew_by_another_run_the_same_people_are_barred(desk):
    (number,) = desk.decide(LARGE, above=1000, actor="ines", excluded=["olga", ""])
    with desk.world.engine().database.begin() as tx:
        batch = desk.open(tx, "schedule")
        outbox.record(tx, batch, steps(invoice("SC-2", "11000")))
        renewed = requests.renew(tx, PROCESS, batch, {"invoice/SC-2/2026-01-01": ["udo"], "invoice/other": ["x"]})
    assert desk.request(renewed[number])["excluded"] == ["ines", "olga", "udo"]
    with pytest.raises(NotAllowed, match="had a hand"):
        desk.answer(renewed[number], actor="ines", rules=FOUR)


WAITING = """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def test_what_a_run_changes_while_a_person_answers_is_not_approved_unseen(desk):
    (number,) = desk.decide(LARGE, above=1000)
    said, begun = [], threading.Event()

    def answer():
        database = Database(desk.world.dsn)
        begun.set()
        try:
            with database.begin() as tx:
                said.append(approvals.decide(tx, number, "approve", "chief"))
        except NothingToDecide as error:
            said.append(str(error))
        database.close()

    person = threading.Thread(target=answer)
    with desk.world.engine().database.begin() as tx:
        batch = desk.open(tx)
        person.start()
        begun.wait()
        while not tx.execute(WAITING).fetchall():
            assert person.is_alive()
        (again,) = desk.record(tx, batch, [invoice("SC-2", "99000")], above=1000)
    person.join()
    assert "already void" in said[0]
    assert (desk.request(again)["state"], desk.states()) == ("open", {"SC-2": "held"})


def test_two_answers_at_once_are_one(desk):
    (number,) = desk.decide(LARGE, above=1000)
    said = []

    def answer(action):
        database = Database(desk.world.dsn)
        try:
            with database.begin() as tx:
                said.append(approvals.decide(tx, number, action, "chief").state)
        except NothingToDecide:
            said.append("late")
        database.close()

    people = [threading.Thread(target=answer, args=(action,)) for action in ("approve", "reject")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(said) in (["approved", "late"], ["late", "rejected"])
    assert desk.request(number)["state"] in said


def test_a_list_of_requests_says_what_the_invoices_are_about(desk):
    desk.world.crm.put("account", "12")
    desk.world.sql(
        "INSERT INTO interlock.snapshot (ref, instance, kind, revision, modified_at, body, problems, archived) VALUES"
        " ('m:crm//account/12', 'm:crm', 'account', 'r', now(), '{\"legal_name\": \"Fährhaus\"}', '[]', false)"
    )
    desk.world.sql(
        "INSERT INTO interlock.crosswalk (account, customer, number, origin) VALUES ('m:crm//account/12', 'c', 'K7', 'x')"
    )
    (number,) = desk.decide(SMALL, LARGE, above=0, together=True)
    (again,) = desk.decide(invoice("SC-2", "12000"))
    found = desk.read(asked.invoices, [number, again], 5)
    assert [asked.words(one.invoice) for one in found[again]] == [
        "SC-1, 2026-01-01 to 2026-01-28: net 100.00, tax 19.00, gross 119.00 EUR",
        "SC-2, 2026-01-01 to 2026-01-28: net 12000.00, tax 2280.00, gross 14280.00 EUR",
    ]
    assert [(one.recipient, one.customer, one.former and str(one.former.net)) for one in found[again]] == [
        ("Fährhaus", "K7", None), ("Fährhaus", "K7", "10000"),
    ]  # fmt: skip
    assert [len(desk.read(asked.invoices, [number, again], 1)[one]) for one in (number, again)] == [1, 1]


LIMIT = "[limits]\nmax_creates = 2\n"


def test_beyond_a_brake_a_newer_decision_asks_anew_and_the_newest_is_written(world):
    world.won("1", "2", "3")
    run(world.engine(LIMIT), Scope("r1", actor="ines"))
    world.crm.put("account", "1", city="Bonn")
    counts = run(world.engine(LIMIT), Scope("r2"))
    assert (counts["held"], world.erp.calls["write"]) == (counts["read"], 0)
    assert adds_up(counts)
    old, new = world.sql("SELECT state, former, excluded, cardinality(change_ids) AS n FROM interlock.approval ORDER BY id")
    assert (old["state"], new["state"], new["former"], new["n"]) == ("void", "open", 1, old["n"])
    assert "ines" in new["excluded"]
    with world.engine().database.begin() as tx:
        assert approvals.decide(tx, 2, "approve", "chief").changes == 12
    run(world.engine(LIMIT), Scope("r3"))
    one_effect_each(world, 3)
    assert {c.values["city"] for c in world.erp.of("customer")} == {"Berlin", "Bonn"}


def test_beyond_a_brake_an_unchanged_run_asks_nothing_anew(world):
    world.won("1", "2", "3")
    run(world.engine(LIMIT), Scope("r1"))
    run(world.engine(LIMIT), Scope("r2", full=True, crm_ids=("1",)))
    assert world.sql("SELECT state FROM interlock.approval") == [{"state": "open"}]


def test_an_update_that_is_held_is_replaced_under_the_same_brake(world):
    world.won("1", "2")
    run(world.engine(), Scope("r0"))
    for city in ("Bonn", "Köln"):
        for number in ("1", "2"):
            world.crm.put("account", number, city=city if number == "1" else "Bonn")
        run(world.engine("[limits]\nmax_updates = 1\n"), Scope(f"to {city}"))
    assert world.sql("SELECT state FROM interlock.approval ORDER BY id") == [{"state": "void"}, {"state": "open"}]
    with world.engine().database.begin() as tx:
        assert [row["after"] for row in asked.changes(tx, 2, 10)] == [{"city": "Bonn"}, {"city": "Köln"}]
        assert [row["after"] for row in asked.changes(tx, 1, 10)] == [{"city": "Bonn"}, {"city": "Bonn"}]
        approvals.decide(tx, 2, "approve", "chief")
    run(world.engine("[limits]\nmax_updates = 1\n"), Scope("after"))
    assert sorted(c.values["city"] for c in world.erp.of("customer")) == ["Bonn", "Köln"]


def test_erased_content_is_forgotten_in_requests_too(desk):
    (number,) = desk.decide(LARGE, HUGE, above=1000, together=True)
    desk.answer(number)
    desk.world.sql("UPDATE interlock.change SET state = 'done' WHERE kind = 'invoice'")
    desk.read(effects.erase, PROCESS, "invoice", "m:crm//contract/SC-2")
    assert [row["after"].get("net") for row in desk.read(asked.changes, number, 10)] == [None, "90000"]
    assert "10000" not in str(desk.world.sql("SELECT * FROM interlock.asked"))
