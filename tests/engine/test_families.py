"""Parents come first; a parent that is held back keeps its children waiting, and a circle of parents is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.store import approvals, decisions
from tests.companies import company
from tests.engine.conftest import BACK, World
from tests.engine.test_dirty import RUNS, decide, go, report
from tests.engine.test_doubt import plan_only
from tests.engine.test_invariants import adds_up
from tests.engine.test_merges import merge, open_codes


def below(world, child, parent, **values):
    world.won(child, **values)
    lead(world, child, parent)


def lead(world, child, parent):
    """Put an account below another, or below none."""
    ref = world.crm.ref("account", child)
    above = str(world.crm.ref("account", parent)) if parent else ""
    old = world.crm.records[ref]
    world.crm.records[ref] = replace(old, values={**old.values, "parent": above}, modified_at=world.crm.tick())


def created(world):
    """The accounts' customers in the order in which the ERP made them."""
    customers = sorted(world.erp.of("customer"), key=lambda record: int(record.ref.id))
    return [record.values["references"][0].rsplit("/", 1)[-1] for record in customers]


def waiting(world):
    rows = world.sql("SELECT ref FROM interlock.subject WHERE state = 'waiting' ORDER BY ref")
    return [row["ref"].rsplit("/", 1)[-1] for row in rows]


def test_parents_become_customers_before_their_children(world):
    below(world, "1", "2")
    below(world, "2", "3")
    below(world, "3", "")
    assert go(world)["created"] == 3
    assert created(world) == ["3", "2", "1"]
    writes = world.erp.calls["write"]
    assert go(world, full=True)["unchanged"] == 3
    assert world.erp.calls["write"] == writes


def test_a_child_s_customer_hangs_on_nobody_s(world):
    below(world, "1", "2")
    world.won("2")
    go(world)
    assert [record.parent for record in world.erp.of("customer")] == [None, None]


def test_a_child_of_an_account_that_sales_did_not_win_goes_over(world):
    below(world, "1", "9")
    world.crm.put("account", "9", **company("9") | BACK)
    assert go(world)["created"] == 1


def test_a_child_whose_parent_nobody_can_read_goes_over(world):
    below(world, "1", "404")
    assert go(world)["created"] == 1


def test_a_held_back_parent_keeps_its_family_waiting_and_the_report_says_why(world):
    below(world, "1", "2")
    below(world, "2", "3")
    world.won("3", legal_name="")
    counts = go(world)
    assert (counts["created"], counts["rejected"], counts["waiting"]) == (0, 1, 2)
    assert waiting(world) == ["1", "2"]
    run_id = world.sql("SELECT run_id FROM interlock.run_report ORDER BY written_at DESC LIMIT 1")[0]["run_id"]
    told = {notice["ref"][-1]: notice["message"] for notice in report(world, run_id)["notices"]}
    assert "must become a customer first" in told["1"]
    world.crm.put("account", "3", legal_name="Dritte GmbH")
    assert go(world)["created"] == 3
    assert created(world) == ["3", "2", "1"]


def test_a_dry_run_says_that_a_child_would_wait(world):
    below(world, "1", "2")
    world.won("2", legal_name="")
    counts = go(world, dry_run=True)
    assert (counts["waiting"], counts["rejected"], counts["created"]) == (1, 1, 0)


def test_a_child_goes_on_when_a_person_ignores_its_parent(world):
    below(world, "1", "2")
    world.won("2", legal_name="")
    go(world)
    decide(world, "ignore")
    assert go(world)["created"] == 1
    assert created(world) == ["1"]


def test_a_child_goes_on_when_its_parent_leaves_it(world):
    below(world, "1", "2")
    world.won("2", legal_name="")
    go(world)
    lead(world, "1", "")
    assert go(world)["created"] == 1


def test_a_parent_refused_by_the_erp_parks_its_child_until_the_parent_is_mended(world):
    below(world, "1", "2")
    world.won("2")
    world.erp.faults = ["refused"]
    counts = go(world)
    assert (counts["rejected"], counts["waiting"], counts["created"]) == (1, 1, 0)
    world.crm.put("account", "2", street="Neue Straße 2")
    go(world)
    assert created(world) == ["2", "1"]


def test_a_parked_child_follows_a_parent_that_turns_out_to_be_a_customer_already(world):
    below(world, "1", "2")
    world.won("2")
    world.erp.faults = ["refused"]
    go(world)
    old = company("2") | {"number": "K77", "references": [str(world.crm.ref("account", "2"))], "active": True}
    world.erp.put("customer", "77", **old)
    go(world)
    assert go(world)["waiting"] == 0
    assert len(world.erp.of("customer")) == 2


def test_a_family_beyond_a_limit_waits_for_one_approval(world):
    below(world, "1", "2")
    world.won("2")
    assert go(world, "[limits]\nmax_creates = 1")["held"] == 2
    with world.engine().database.begin() as tx:
        (request,) = tx.execute("SELECT id FROM interlock.approval").fetchall()
        approvals.decide(tx, request["id"], "approve", "ines")
    go(world, "[limits]\nmax_creates = 1")
    assert created(world) == ["2", "1"]


def test_a_named_child_brings_its_parent_along(world):
    below(world, "1", "2")
    below(world, "2", "3")
    world.won("3")
    world.won("4")
    counts = go(world, crm_ids=("1",))
    assert (counts["read"], counts["created"]) == (3, 3)
    assert created(world) == ["3", "2", "1"]
    assert world.sql("SELECT * FROM interlock.watermark") == []


def test_a_named_child_of_a_customer_goes_alone(world):
    below(world, "1", "2")
    world.won("2")
    go(world, crm_ids=("2",))
    assert go(world, crm_ids=("1",))["read"] == 1


def test_parents_in_a_circle_are_refused_and_the_others_go_on(world):
    below(world, "1", "2")
    below(world, "2", "1")
    below(world, "3", "3")
    below(world, "4", "1")
    world.won("5")
    counts = go(world)
    assert (counts["rejected"], counts["waiting"], counts["created"]) == (3, 1, 1)
    assert open_codes(world) == ["parent_cycle"] * 3
    lead(world, "2", "")
    lead(world, "3", "")
    assert go(world)["created"] == 4
    assert open_codes(world) == []


def test_a_parent_that_was_merged_away_stands_for_its_survivor(world):
    below(world, "1", "2")
    world.won("2", "3")
    world.crm.put("account", "3", legal_name="")
    merge(world, "2", "3")
    counts = go(world, full=True)
    assert (counts["rejected"], counts["waiting"]) == (1, 1)


def test_who_waits_for_too_long_is_shown_and_goes_on_afterwards(world):
    below(world, "1", "2")
    world.won("2", legal_name="")
    go(world)
    world.sql("UPDATE interlock.subject SET since = now() - interval '9 days' WHERE state = 'waiting'")
    assert go(world)["rejected"] == 2
    (entry,) = world.sql("SELECT id, message FROM interlock.quarantine WHERE code = 'waited_too_long' AND state = 'open'")
    assert entry["message"].startswith("it waits for 9 days: the account above it")
    go(world)
    assert (
        world.sql("SELECT id FROM interlock.quarantine WHERE code = 'waited_too_long' AND state = 'open'")[0]["id"] == entry["id"]
    )
    world.crm.put("account", "2", legal_name="Zweite GmbH")
    assert go(world)["created"] == 2
    assert open_codes(world) == []


def test_of_a_parent_and_a_child_that_look_like_one_company_only_the_child_is_asked_about(world):
    world.won("2")
    below(world, "1", "2", **company("2"))
    counts = go(world)
    assert (counts["created"], counts["rejected"]) == (1, 1)
    assert created(world) == ["2"]
    assert open_codes(world) == ["match_same_batch"]


@settings(
    max_examples=15, deadline=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    parents=st.lists(st.integers(0, 6), min_size=6, max_size=6),
    flawed=st.sets(st.integers(1, 6), max_size=2),
    unwon=st.sets(st.integers(1, 6), max_size=2),
)
def test_whatever_the_family_every_parent_that_can_comes_first_and_counts_add_up(cluster, parents, flawed, unwon):
    world = World(cluster.create(f"family{next(RUNS)}", "migrated"))
    for child, parent in enumerate(parents, start=1):
        below(world, str(child), str(parent) if parent else "", **({"legal_name": ""} if child in flawed else {}))
        if child in unwon:
            del world.crm.records[world.crm.ref("deal", f"d{child}")]
    try:
        assert adds_up(run(world.engine(), Scope("r1")))
        assert_order(world, dict(enumerate(parents, start=1)), flawed, unwon)
    finally:
        for engine in world.engines:
            engine.database.close()


def assert_order(world, parents, flawed, unwon):
    def ancestors(child):
        found = []
        while (child := parents[child]) and child not in found:
            found.append(child)
        return found

    circle = {child for child in parents if child in ancestors(child)}

    def goes(child):
        """The slow, obvious rule: an account goes over if it can, and if the one above it goes or is no business of ours."""
        above = parents[child]
        return child not in flawed | circle and (not above or above in unwon or goes(above))

    order = created(world)
    assert sorted(order) == [str(child) for child in parents if child not in unwon and goes(child)]
    for child in order:
        above = str(parents[int(child)])
        assert above not in order or order.index(above) < order.index(child)


def test_a_person_can_make_an_account_a_further_one_of_a_customer(world):
    world.won("1")
    go(world)
    twin = company("1") | {"phone": "+493012345678"}
    world.won("2", **twin)
    assert go(world)["rejected"] == 1
    with world.engine().database.begin() as tx:
        (entry,) = tx.execute("SELECT id, message FROM interlock.quarantine WHERE state = 'open'").fetchall()
        assert "further account" in entry["message"]
        decisions.decide_match(tx, entry["id"], "K1", "ines", "their second office")
    assert go(world)["updated"] == 1
    (customer,) = world.erp.of("customer")
    assert customer.values["references"] == ["m:crm//account/1", "m:crm//account/2"]
    assert customer.values["phone"] == company("1")["phone"]
    assert world.crm.records[world.crm.ref("account", "2")].values["customer_number"] == "K1"
    primary = world.sql("SELECT is_primary FROM interlock.crosswalk ORDER BY account")
    assert [row["is_primary"] for row in primary] == [True, False]
    writes = world.erp.calls["write"]
    assert go(world, full=True)["unchanged"] == 2
    world.crm.put("account", "2", phone="+493087654321", country="Atlantis")
    assert go(world)["unchanged"] >= 1
    assert world.erp.calls["write"] == writes
    assert open_codes(world) == []


@pytest.fixture
def two_accounts(world):
    test_a_person_can_make_an_account_a_further_one_of_a_customer(world)
    return world


def test_after_a_restore_the_first_account_is_first_again(two_accounts):
    world = two_accounts
    for table in ("crosswalk", "match_decision", "subject", "snapshot", "watermark"):
        world.sql(f"DELETE FROM interlock.{table}")
    writes = world.erp.calls["write"]
    go(world)
    rows = world.sql("SELECT account, is_primary FROM interlock.crosswalk ORDER BY account")
    assert [(row["account"][-1], row["is_primary"]) for row in rows] == [("1", True), ("2", False)]
    assert world.erp.calls["write"] == writes


def test_when_the_first_account_is_merged_into_the_further_one_that_is_first(two_accounts):
    world = two_accounts
    merge(world, "1", "2")
    world.crm.put("account", "2", country="DE", phone="+493011112222")
    go(world, full=True)
    rows = world.sql("SELECT account, is_primary FROM interlock.crosswalk")
    assert [(row["account"][-1], row["is_primary"]) for row in rows] == [("2", True)]
    assert world.erp.of("customer")[0].values["phone"] == "+493011112222"


def give_both_one_customer(world):
    """Let a person say of two new accounts that they are one customer, which the ERP has already."""
    world.erp.put("customer", "9", **company("1") | {"number": "K9", "references": [], "active": True, "street": "Alte Gasse 1"})
    world.won("1")
    world.won("2", **company("1"))
    go(world)
    with world.engine().database.begin() as tx:
        for row in tx.execute("SELECT id FROM interlock.quarantine WHERE state = 'open' ORDER BY ref").fetchall():
            decisions.decide_match(tx, row["id"], "K9", "ines")


def test_both_accounts_may_be_given_one_customer_in_one_run(world):
    give_both_one_customer(world)
    go(world)
    go(world)
    rows = world.sql("SELECT account, is_primary FROM interlock.crosswalk ORDER BY account")
    assert [row["is_primary"] for row in rows] == [True, False]
    assert world.erp.of("customer")[0].values["references"] == ["m:crm//account/1", "m:crm//account/2"]


def test_an_account_s_change_waits_behind_another_s_that_is_yet_to_be_sent(world):
    give_both_one_customer(world)
    for number in ("1", "2"):
        plan_only(world.engine(), Scope(next(RUNS), crm_ids=(number,)))
    rows = world.sql("SELECT subject, state FROM interlock.change WHERE system = 'erp' AND kind = 'customer' ORDER BY id")
    assert [(row["subject"][-1], row["state"]) for row in rows] == [("1", "pending")]
    go(world)
    go(world)
    assert world.erp.of("customer")[0].values["references"] == ["m:crm//account/1", "m:crm//account/2"]
