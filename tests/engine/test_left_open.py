"""What a run that died left open: it is told by the next report, and not sent any more once nobody wants it (invariants 4, 5)."""

from __future__ import annotations

import pytest

from interlock.domain.change import NotSent
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.errors import Paused, WorkRemains
from tests.engine.test_invariants import adds_up, one_effect_each


def hasty(world):
    engine = world.engine()
    engine.settings = engine.settings.model_copy(update={"engine": engine.settings.engine.model_copy(update={"deadline": 0.05})})
    return engine


def states(world):
    rows = world.sql("SELECT kind, state, reason FROM interlock.change WHERE kind IN ('customer', 'note') ORDER BY kind")
    return [(row["kind"], row["state"], row["reason"]) for row in rows]


def test_what_nobody_wants_any_more_is_not_sent_again_once_it_is_found_absent(world):
    world.won("1")
    world.erp.faults, world.erp.settle = ["dropped"], 30
    with pytest.raises(WorkRemains):
        run(hasty(world), Scope("r1"))
    world.crm.put("deal", "d1", won_at="")
    world.erp.settle = 0
    world.sql("UPDATE interlock.change SET not_before = now()")
    counts = run(world.engine(), Scope("r2"))
    assert adds_up(counts)
    assert (world.erp.of("customer"), world.erp.calls["create customer"]) == ([], 0)
    assert states(world) == [("customer", "cancelled", "withdrawn"), ("note", "cancelled", "withdrawn")]
    world.crm.put("deal", "d1", won_at="2026-02-02T00:00:00+00:00")
    run(world.engine(), Scope("r3"))
    one_effect_each(world, 1)


def test_what_nobody_wants_any_more_but_arrived_is_taken_over(world):
    world.won("1")
    world.erp.faults, world.erp.settle = ["late"], 30
    with pytest.raises(WorkRemains):
        run(hasty(world), Scope("r1"))
    world.crm.put("deal", "d1", won_at="")
    world.erp.commit_late()
    world.sql("UPDATE interlock.change SET not_before = now()")
    run(world.engine(), Scope("r2"))
    assert states(world)[0] == ("customer", "done", "")
    assert len(world.erp.of("customer")) == 1


@pytest.mark.parametrize("arrives", [True, False])
def test_a_repeated_create_that_is_refused_is_looked_for_once_more(world, arrives):
    """The first one, whose answer was lost, may arrive right before the second, which then is refused."""
    world.won("1")
    world.erp.faults, world.erp.settle = ["late", "refused"], 0.05

    def before(writes):
        if world.erp.calls["write"] == 1 and arrives:
            world.erp.commit_late()

    world.erp.before_write = before
    counts = run(world.engine(), Scope("r1"))
    entries = world.sql("SELECT code FROM interlock.quarantine WHERE state = 'open'")
    assert (len(world.erp.of("customer")), counts["created"], len(entries)) == ((1, 1, 0) if arrives else (0, 0, 1))


def test_of_a_record_that_is_held_back_nothing_older_is_sent(world, monkeypatch):
    world.won("1")
    with monkeypatch.context() as patch:
        patch.setattr(world.erp, "write", lambda writes: [NotSent(w.key, "not reachable", 0.01) for w in writes])
        with pytest.raises(WorkRemains):
            run(hasty(world), Scope("r1"))
    world.crm.put("account", "1", legal_name="")
    counts = run(world.engine(), Scope("r2"))
    assert (counts["rejected"], world.erp.of("customer")) == (1, [])
    world.crm.put("account", "1", legal_name="Wieder da GmbH")
    run(world.engine(), Scope("r3"))
    one_effect_each(world, 1)
    assert world.erp.of("customer")[0].values["legal_name"] == "Wieder da GmbH"


def test_what_a_run_did_before_it_died_is_told_by_the_next_report_and_by_no_other(world):
    world.won("1")
    engine, real = world.engine(), world.erp.write

    def write(writes):
        outcomes = real(writes)
        world.sql("INSERT INTO interlock.paused (name, actor, why) VALUES ('crm', 'ops', 'maintenance') ON CONFLICT DO NOTHING")
        return outcomes

    world.erp.write = write
    with pytest.raises(Paused):
        run(engine, Scope("r1"))
    world.erp.write = real
    world.sql("DELETE FROM interlock.paused")
    counts = run(world.engine(), Scope("r2"))
    assert (counts["created"], adds_up(counts)) == (1, True)
    run(world.engine(), Scope("r3"))
    one_effect_each(world, 1)
    told = world.sql("SELECT c ->> 'kind' AS kind FROM interlock.run_report, jsonb_array_elements(body -> 'changes') AS c")
    assert sorted(row["kind"] for row in told).count("customer") == 1
