"""The invariants of the design, each broken on purpose by a fault of the target or of a second worker."""

from __future__ import annotations

import threading

import pytest

from interlock.cli import main as cli
from interlock.engine.apply import apply
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.errors import AuditBroken, InstanceMismatch, LeaseLost, Paused, TooManyRejected
from interlock.store import audit, people, sending

CONFIRMED = ("read", "rejected", "unchanged", "created", "updated", "waiting", "held", "failed")


def adds_up(counts):
    return counts["read"] == sum(counts[name] for name in CONFIRMED[1:])


def one_effect_each(world, accounts):
    numbers = [tuple(c.values["references"]) for c in world.erp.of("customer")]
    assert len(numbers) == len(set(numbers)) == accounts
    notes = [n.values["key"] for n in world.crm.of("note")]
    assert len(notes) == len(set(notes)) == accounts
    by_account = {c.values["references"][0]: c.values["number"] for c in world.erp.of("customer")}
    for account in world.crm.of("account"):
        assert account.values["customer_number"] == by_account.get(str(account.ref), "")


def test_a_won_account_becomes_one_customer_and_learns_its_number(world):
    world.won("1", "2", "3", "4")
    counts = run(world.engine(), Scope("r1"))
    assert counts["created"] == 4
    assert adds_up(counts)
    one_effect_each(world, 4)


def test_a_second_run_writes_nothing(world):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    writes = world.erp.calls["write"] + world.crm.calls["write"]
    counts = run(world.engine(), Scope("r2", full=True))
    assert world.erp.calls["write"] + world.crm.calls["write"] == writes
    assert counts["unchanged"] == counts["read"] == 2


def test_our_own_writes_coming_back_are_not_work(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    states = world.sql("SELECT inputs FROM interlock.subject")
    run(world.engine(), Scope("r2", full=True))
    assert world.sql("SELECT inputs FROM interlock.subject") == states


@pytest.mark.parametrize("fault", ["lost", "dropped", "late", "busy"])
@pytest.mark.parametrize("system", ["erp", "crm"])
def test_a_faulty_answer_leaves_one_effect(world, fault, system):
    world.won("1", "2")
    getattr(world, system).faults = [fault]
    counts = run(world.engine(), Scope("r1"))
    assert adds_up(counts)
    run(world.engine(), Scope("r2"))
    one_effect_each(world, 2)


def test_a_late_commit_within_the_settle_time_is_seen_by_the_second_look(world):
    world.won("1")
    world.erp.settle, world.erp.faults = 0.6, ["late"]
    timer = threading.Timer(0.2, world.erp.commit_late)

    def once(_):
        world.erp.before_write = None
        timer.start()

    world.erp.before_write = once
    run(world.engine(), Scope("r1"))
    timer.join()
    one_effect_each(world, 1)
    assert world.erp.calls["create customer"] == 1


def test_what_arrived_is_not_sent_again_when_its_answer_was_lost(world):
    world.won("1", "2")
    world.erp.faults = ["lost"]
    world.crm.faults = ["lost", "lost"]
    run(world.engine(), Scope("r1"))
    one_effect_each(world, 2)
    assert (world.erp.calls["create customer"], world.crm.calls["create note"], world.crm.calls["update account"]) == (2, 2, 2)


def test_a_double_that_commits_after_everything_is_swept_away(world):
    world.won("1")
    world.erp.faults = ["late"]
    run(world.engine(), Scope("r1"))
    world.erp.commit_late()
    assert len(world.erp.of("customer")) == 2
    run(world.engine(), Scope("r2"))
    one_effect_each(world, 1)


def test_a_refused_record_never_stops_the_others(world):
    world.won("1", "2", "3")
    world.erp.faults = ["refused"]
    counts = run(world.engine(), Scope("r1"))
    assert counts["created"] == 2
    assert counts["rejected"] == 1
    assert adds_up(counts)
    detail = world.sql("SELECT detail FROM interlock.quarantine WHERE state = 'open'")
    assert detail == [{"detail": "foreign text"}]


def test_a_bad_record_is_held_back_with_reasons_and_resolves_by_itself(world):
    world.won("1")
    world.won("2", country="", vat_id="DE111111111")
    counts = run(world.engine(), Scope("r1"))
    assert (counts["created"], counts["rejected"]) == (1, 1)
    codes = {row["code"] for row in world.sql("SELECT code FROM interlock.quarantine WHERE state = 'open'")}
    assert codes == {"country_missing", "vat_id_invalid"}
    world.crm.put("account", "2", country="DE", vat_id="DE136695976")
    assert run(world.engine(), Scope("r2"))["created"] == 1
    assert world.sql("SELECT * FROM interlock.quarantine WHERE state = 'open'") == []
    one_effect_each(world, 2)


def test_fifty_bad_rows_are_all_named(world):
    world.won(*(f"b{number}" for number in range(50)), postal_code="?!")
    world.won(*(f"g{number}" for number in range(60)))
    assert run(world.engine(), Scope("r1"))["rejected"] == 50


def test_too_many_bad_rows_stop_the_run_before_any_write(world):
    world.won(*(str(number) for number in range(20)), country="")
    with pytest.raises(TooManyRejected):
        run(world.engine(), Scope("r1"))
    assert world.erp.calls["write"] == 0


def test_a_to_b_to_a_are_three_changes(world):
    world.won("1")
    run(world.engine(), Scope("r0"))
    for number, city in enumerate(["Bonn", "Berlin", "Bonn"]):
        world.crm.put("account", "1", city=city)
        assert run(world.engine(), Scope(f"r{number + 1}"))["updated"] == 1
        assert world.erp.of("customer")[0].values["city"] == city


def test_a_field_owned_by_the_crm_edited_in_the_erp_is_put_right(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    world.erp.put("customer", "1", city="Hamburg")
    assert run(world.engine(), Scope("r2"))["updated"] == 1
    assert world.erp.of("customer")[0].values["city"] == "Berlin"


def test_a_run_that_failed_after_gather_loses_nothing(world):
    world.won("1")

    def die(_):
        raise KeyboardInterrupt

    world.erp.before_write = die
    with pytest.raises(KeyboardInterrupt):
        run(world.engine(), Scope("r1"))
    world.erp.before_write = None
    run(world.engine(), Scope("r2"))
    one_effect_each(world, 1)


def test_two_engines_at_once_have_one_effect(world):
    world.won(*(str(number) for number in range(8)))
    threads = [threading.Thread(target=run, args=(world.engine(), Scope(f"r{n}"))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(world.engine(), Scope("after"))
    one_effect_each(world, 8)


def test_a_zombie_with_an_old_token_may_not_send(world):
    world.won("1")
    engine = world.engine()
    world.erp.before_write = lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        run(engine, Scope("r1"))
    world.erp.before_write = None
    world.sql("UPDATE interlock.change SET state = 'pending'")
    with engine.database.begin() as tx:
        old = sending.claim(tx, engine.process, "erp", "zombie", 0.05, 10, None)
    world.sql("SELECT pg_sleep(0.1)")
    with engine.database.begin() as tx:
        assert sending.claim(tx, engine.process, "erp", "heir", 5, 10, None)
    with pytest.raises(LeaseLost), engine.database.begin() as tx:
        sending.start_sending(tx, old, [], 5)


def test_a_pause_is_checked_before_every_send(world):
    world.won("1")
    engine = world.engine()
    world.sql("INSERT INTO interlock.paused (name, actor, why) VALUES ('crm', 'ops', 'maintenance')")
    with pytest.raises(Paused):
        run(engine, Scope("r1"))
    assert world.erp.calls["write"] == 0
    world.sql("DELETE FROM interlock.paused")
    run(engine, Scope("r2"))
    one_effect_each(world, 1)


def test_another_instance_is_refused(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    world.erp.name = "m:production"
    with pytest.raises(InstanceMismatch):
        run(world.engine(), Scope("r2"))


def test_beyond_a_limit_everything_waits_for_approval(world, monkeypatch, tmp_path):
    world.won("1", "2", "3")
    counts = run(world.engine("[limits]\nmax_creates = 2\n"), Scope("r1"))
    assert counts["held"] == 3
    assert world.erp.calls["write"] == 0
    approve(world, monkeypatch, tmp_path)
    run(world.engine("[limits]\nmax_creates = 2\n"), Scope("r2"))
    one_effect_each(world, 3)


def approve(world, monkeypatch, tmp_path):
    file = tmp_path / "interlock.toml"
    file.write_text("[lead_to_customer]\ngo_live = 2026-01-01\n")
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": world.dsn}))
    assert cli.main(["--config", str(file), "approvals", "approve", "1"]) == 0


def test_a_dry_run_changes_no_other_table(world):
    world.won("1", "2")
    tables = [
        "snapshot",
        "watermark",
        "subject",
        "crosswalk",
        "change",
        "quarantine",
        "audit",
        "pinned",
        "staged",
        "batch_subject",
    ]
    counts = run(world.engine(), Scope("r1", dry_run=True))
    assert counts["created"] == 2
    assert adds_up(counts)
    assert all(world.sql(f"SELECT * FROM interlock.{table}") == [] for table in tables)
    with world.engine().database.begin() as tx:
        assert len(people.report(tx, "r1")["changes"]) == 8
    assert world.erp.calls["write"] + world.crm.calls["write"] == 0


def test_named_ids_move_no_watermark_and_touch_nobody_else(world):
    world.won("1", "2")
    counts = run(world.engine(), Scope("r1", crm_ids=("1",)))
    assert counts["created"] == counts["read"] == 1
    assert world.sql("SELECT * FROM interlock.watermark") == []
    assert len(world.erp.of("customer")) == 1


def test_after_a_restore_of_an_older_database_nobody_is_created_twice(world):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    for table in ("snapshot", "watermark", "subject", "crosswalk", "change"):
        world.sql(f"DELETE FROM interlock.{table}")
    run(world.engine(), Scope("r2"))
    assert len(world.erp.of("customer")) == 2
    assert len(world.crm.of("note")) == 2


def test_an_account_that_disappears_is_gone_only_after_a_full_read(world):
    world.won("1", "2")
    run(world.engine(), Scope("r1"))
    del world.crm.records[world.crm.ref("account", "1")]
    assert run(world.engine(), Scope("r2"))["rejected"] == 0
    assert run(world.engine(), Scope("r3", full=True))["rejected"] == 1
    assert len(world.erp.of("customer")) == 2


def test_the_audit_log_is_append_only_and_chained(world):
    world.won("1")
    run(world.engine(), Scope("r1"))
    with world.engine().database.begin() as tx:
        assert audit.verify(tx) == 4
        tx.execute("DELETE FROM interlock.audit_values WHERE seq = 1")
        assert audit.verify(tx) == 4
    with pytest.raises(Exception, match="append-only"):
        world.sql("UPDATE interlock.audit SET why = 'x'")
    world.sql("UPDATE interlock.audit_values SET body = '{}' WHERE seq = 2")
    with world.engine().database.begin() as tx, pytest.raises(AuditBroken):
        audit.verify(tx)


def test_the_report_lists_each_change_with_before_and_after(world):
    world.won("1")
    run(world.engine(), Scope("r0"))
    world.crm.put("account", "1", city="Bonn")
    run(world.engine(), Scope("r1"))
    with world.engine().database.begin() as tx:
        (change,) = people.report(tx, "r1")["changes"]
    assert (change["before"], change["after"]) == ({"city": "Berlin"}, {"city": "Bonn"})


def test_apply_is_safe_to_repeat(world):
    world.won("1")
    engine = world.engine()
    run(engine, Scope("r1"))
    batch = world.sql("SELECT id FROM interlock.batch")[0]["id"]
    assert apply(engine, batch, "erp") == 0
