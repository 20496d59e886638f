"""Merges, deletions and late links in the CRM (invariant 8)."""

from __future__ import annotations

import pytest

from interlock.domain.change import Unknown
from interlock.engine.context import Scope
from interlock.engine.run import run
from tests.engine.test_invariants import adds_up, one_effect_each


def merge(world, source, survivor):
    """Merge accounts as a CRM does: the survivor takes the deals, the merged id leads to it."""
    crm = world.crm
    gone, stays = crm.ref("account", source), crm.ref("account", survivor)
    del crm.records[gone]
    crm.merged[source] = survivor
    for old, to in list(crm.merged.items()):
        if to == source:
            crm.merged[old] = survivor
    for deal in [deal for deal in crm.of("deal") if deal.parent == gone]:
        crm.put("deal", deal.ref.id, parent=stays)
    crm.put("account", survivor)


def open_codes(world):
    return [row["code"] for row in world.sql("SELECT code FROM interlock.quarantine WHERE state = 'open' ORDER BY code")]


def test_a_customer_follows_its_account_into_the_survivor(world):
    world.won("1")
    world.crm.put("account", "2", **world.crm.of("account")[0].values | {"legal_name": "Andere GmbH", "customer_number": ""})
    run(world.engine(), Scope("r1"))
    merge(world, "1", "2")
    counts = run(world.engine(), Scope("r2", full=True))
    assert adds_up(counts)
    assert len(world.erp.of("customer")) == 1
    assert world.erp.of("customer")[0].values["legal_name"] == "Andere GmbH"
    assert world.crm.of("account")[0].values["customer_number"] == "K1"
    assert open_codes(world) == []


def test_merges_are_followed_transitively(world):
    world.won("1")
    for number in ("2", "3"):
        world.crm.put("account", number, **world.crm.of("account")[0].values | {"customer_number": ""})
    run(world.engine(), Scope("r1"))
    merge(world, "1", "2")
    run(world.engine(), Scope("r2", full=True))
    merge(world, "2", "3")
    run(world.engine(), Scope("r3", full=True))
    assert len(world.erp.of("customer")) == 1
    assert [row["account"] for row in world.sql("SELECT account FROM interlock.crosswalk")] == ["m:crm//account/3"]
    redirects = world.sql("SELECT to_ref FROM interlock.redirect")
    assert {row["to_ref"] for row in redirects} == {"m:crm//account/3"}


def test_two_different_customers_that_meet_in_a_merge_wait_for_a_person(world):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    merge(world, "1", "2")
    counts = run(world.engine(), Scope("r2", full=True))
    assert counts["rejected"] == 1
    assert open_codes(world) == ["customers_met"]
    assert len(world.erp.of("customer")) == 2
    winner = next(c for c in world.erp.of("customer") if c.values["references"] == ["m:crm//account/2"])
    loser = next(c for c in world.erp.of("customer") if c is not winner)
    world.erp.put("customer", loser.ref.id, active=False)
    world.erp.merged[loser.ref.id] = winner.ref.id
    run(world.engine(), Scope("r3"))
    run(world.engine(), Scope("r4"))
    assert open_codes(world) == []
    assert [row["customer"] for row in world.sql("SELECT customer FROM interlock.crosswalk")] == [str(winner.ref)]


def test_nobody_is_created_for_a_survivor_while_the_merged_account_s_creation_may_be_on_its_way(world, monkeypatch):
    world.won("1", "2")
    engine = world.engine()
    engine.settings = engine.settings.model_copy(update={"engine": engine.settings.engine.model_copy(update={"deadline": 0.05})})
    sent = []

    def late(writes):
        sent.extend(writes)
        return [Unknown(write.key, "no answer") for write in writes]

    world.erp.settle = 30
    with monkeypatch.context() as patch:
        patch.setattr(world.erp, "write", late)
        with pytest.raises(Exception, match="still open"):
            run(engine, Scope("r1", crm_ids=("1",)))
    merge(world, "1", "2")
    with pytest.raises(Exception, match="still open"):
        run(engine, Scope("r2", full=True))
    assert world.erp.of("customer") == []
    world.erp._do(sent[0])
    world.sql("UPDATE interlock.change SET not_before = now()")
    run(world.engine(), Scope("r3"))
    run(world.engine(), Scope("r4"))
    assert len(world.erp.of("customer")) == 1
    assert world.crm.of("account")[0].values["customer_number"] == "K1"


def test_after_a_restore_a_customer_of_a_merged_account_is_found_again(world):
    world.won("1")
    world.crm.put("account", "2", **world.crm.of("account")[0].values | {"customer_number": ""})
    run(world.engine(), Scope("r1"))
    merge(world, "1", "2")
    run(world.engine(), Scope("r2", full=True))
    for table in ("snapshot", "watermark", "subject", "crosswalk", "change", "redirect"):
        world.sql(f"DELETE FROM interlock.{table}")
    run(world.engine(), Scope("r3"))
    assert len(world.erp.of("customer")) == 1
    assert world.crm.of("account")[0].values["customer_number"] == "K1"
    assert world.sql("SELECT origin FROM interlock.crosswalk") == [{"origin": "reference"}]


def test_a_named_account_that_was_merged_away_is_its_survivor(world):
    world.won("1", "2")
    merge(world, "1", "2")
    counts = run(world.engine(), Scope("r1", crm_ids=("1",)))
    assert (counts["read"], counts["created"]) == (1, 1)
    one_effect_each(world, 1)


def test_a_named_account_that_does_not_exist_is_named_in_the_report(world):
    world.won("1")
    counts = run(world.engine(), Scope("r1", crm_ids=("1", "999")))
    assert (counts["read"], counts["created"], counts["rejected"]) == (2, 1, 1)
    assert open_codes(world) == ["account_unknown"]
    dry = run(world.engine(), Scope("r2", crm_ids=("999",), dry_run=True))
    assert (dry["read"], dry["rejected"]) == (1, 1)


def test_a_named_account_that_was_deleted_is_not_created_from_what_was_once_read(world):
    world.won("1", postal_code="?!")
    run(world.engine(), Scope("r0"))
    world.sql("UPDATE interlock.snapshot SET body = body || '{\"postal_code\": \"10115\"}' WHERE kind = 'account'")
    del world.crm.records[world.crm.ref("account", "1")]
    counts = run(world.engine(), Scope("r1", crm_ids=("1",)))
    assert (counts["rejected"], counts["created"]) == (1, 0)
    assert world.erp.of("customer") == []


def test_a_deal_linked_to_its_account_later_is_noticed_without_a_change_of_its_own(world):
    world.won("1")
    deal = world.crm.ref("deal", "d1")
    from dataclasses import replace

    world.crm.records[deal] = replace(world.crm.records[deal], parent=None)
    assert run(world.engine(), Scope("r1"))["created"] == 0
    world.crm.put("account", "9", legal_name="Später AG")
    run(world.engine(), Scope("r2"))
    world.crm.records[deal] = replace(world.crm.records[deal], parent=world.crm.ref("account", "1"))
    assert run(world.engine(), Scope("r3"))["created"] == 1
