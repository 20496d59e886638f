"""Reading: watermarks, older versions, lagging listings, field owners (invariants 8 and 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from interlock.domain.record import Page
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock.engine.run import run


def watermark(world):
    return world.sql("SELECT at FROM interlock.watermark WHERE kind = 'account'")[0]["at"]


def test_an_older_version_never_replaces_a_newer_snapshot(world, monkeypatch):
    world.won("1")
    run(world.engine(), Scope("r1"))
    record = world.crm.records[world.crm.ref("account", "1")]
    stale = replace(record, modified_at=record.modified_at - timedelta(minutes=1), values=record.values | {"city": "Gestern"})
    changed = world.crm.changed
    monkeypatch.setattr(
        world.crm, "changed", lambda kind, since: iter([Page([stale])]) if kind == "account" else changed(kind, since)
    )
    run(world.engine(), Scope("r2"))
    assert world.erp.of("customer")[0].values["city"] == "Berlin"


def test_a_watermark_is_the_highest_source_time_and_never_moves_back(world, monkeypatch):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    highest = max(record.modified_at for record in world.crm.of("account"))
    world.crm.put("account", "1")
    run(world.engine(), Scope("r2"))
    assert watermark(world) > highest
    mark = watermark(world)
    changed = world.crm.changed
    late = [replace(r, modified_at=highest) for r in world.crm.of("account")]
    monkeypatch.setattr(
        world.crm, "changed", lambda kind, since: iter([Page(late, highest)]) if kind == "account" else changed(kind, since)
    )
    run(world.engine(), Scope("r3"))
    assert watermark(world) == mark


def test_reading_starts_again_before_the_watermark_by_the_overlap(world, monkeypatch):
    world.won("1")
    run(world.engine(), Scope("r1"))
    asked = {}
    changed, traits = world.crm.changed, world.crm.traits
    monkeypatch.setattr(world.crm, "traits", lambda kind: replace(traits(kind), overlap_seconds=7))
    monkeypatch.setattr(world.crm, "changed", lambda kind, since: (asked.setdefault(kind, since), changed(kind, since))[1])
    mark = watermark(world)
    run(world.engine(), Scope("r2"))
    assert asked["account"] == mark - timedelta(seconds=7)


def test_an_account_missing_from_a_full_listing_is_not_gone_while_a_direct_get_finds_it(world, monkeypatch):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    changed = world.crm.changed

    def lagging(kind, since):
        for page in changed(kind, since):
            yield Page([record for record in page.records if record.ref.id != "1"], page.watermark)

    monkeypatch.setattr(world.crm, "changed", lagging)
    assert run(world.engine(), Scope("r2", full=True))["rejected"] == 0
    assert world.sql("SELECT * FROM interlock.snapshot WHERE archived") == []


def test_what_an_abandoned_run_had_read_is_forgotten_after_a_week(world):
    world.won("1")
    engine = world.engine()
    gather(engine, engine.open(Scope("abandoned")))
    assert world.sql("SELECT * FROM interlock.staged")
    world.sql("UPDATE interlock.batch SET started_at = now() - interval '8 days'")
    run(world.engine(), Scope("r2"))
    assert world.sql("SELECT * FROM interlock.staged") == []


def test_the_customer_number_is_the_erp_s_and_is_put_right_in_the_crm(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    world.crm.put("account", "1", customer_number="typed by hand")
    run(world.engine(), Scope("r2"))
    assert world.crm.of("account")[0].values["customer_number"] == "K1"


def test_what_the_erp_owns_is_never_touched(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    world.erp.put("customer", "1", payment_term="60 days", credit_limit="5000")
    world.crm.put("account", "1", city="Bonn")
    run(world.engine(), Scope("r2"))
    there = world.erp.of("customer")[0].values
    assert (there["city"], there["payment_term"], there["credit_limit"]) == ("Bonn", "60 days", "5000")
    written = world.sql("SELECT DISTINCT jsonb_object_keys(body) AS name FROM interlock.change WHERE system = 'erp'")
    assert not {row["name"] for row in written} & {"payment_term", "credit_limit", "number", "active", "references"}
