"""Dirty data through the whole engine: held back, left out or shown, and the counts add up."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from interlock.domain.normalise import normalise
from interlock.domain.party import PARTY_FIELDS
from interlock.domain.record import Problem
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.store import decisions, people
from tests.companies import company
from tests.engine.conftest import BACK, WON, World
from tests.engine.test_invariants import adds_up
from tests.engine.test_merges import open_codes

RUNS = (f"r{number}" for number in itertools.count())
UNKNOWN_COUNTRY = Problem("country_unknown", "country", "unknown", "Atlantis")
BAD_PHONE = Problem("phone_without_country", "phone", "no country code", "030 1")


def reads(world, number, *problems, later=True, **values):
    """Let the CRM's record read otherwise, with or without a change of its own there."""
    ref = world.crm.ref("account", number)
    old = world.crm.records[ref]
    at = world.crm.tick() if later else old.modified_at
    world.crm.records[ref] = replace(old, values={**old.values, **values}, problems=problems, modified_at=at)


def report(world, run_id):
    with world.engine().database.begin() as tx:
        return people.report(tx, run_id)


def decide(world, action):
    (entry,) = world.sql("SELECT id FROM interlock.quarantine WHERE state = 'open'")
    with world.engine().database.begin() as tx:
        decisions.decide_entry(tx, entry["id"], action, "ops")


def go(world, more="", **scope):
    counts = run(world.engine(more), Scope(next(RUNS), **scope))
    assert adds_up(counts)
    return counts


def unlink(world, deal="d1"):
    ref = world.crm.ref("deal", deal)
    world.crm.records[ref] = replace(world.crm.records[ref], parent=None)


def test_an_unusable_phone_is_left_out_and_named_in_the_report(world):
    world.won("1", "2")
    reads(world, "1", BAD_PHONE, phone="")
    assert run(world.engine(), Scope("first"))["created"] == 2
    customers = {c.values["references"][0][-1]: c.values.get("phone") for c in world.erp.of("customer")}
    assert customers == {"1": None, "2": company("2")["phone"]}
    assert open_codes(world) == []
    (left_out,) = report(world, "first")["left_out"]
    assert (left_out["code"], left_out["field"]) == ("phone_without_country", "phone")
    assert "030" not in str(left_out)


def test_an_unusable_phone_clears_none_in_the_erp(world):
    world.won("1")
    go(world)
    reads(world, "1", BAD_PHONE, phone="", city="Bonn")
    assert go(world)["updated"] == 1
    (customer,) = world.erp.of("customer")
    assert (customer.values["city"], customer.values["phone"]) == ("Bonn", company("1")["phone"])
    reads(world, "1", phone="")
    assert go(world)["updated"] == 1
    assert world.erp.of("customer")[0].values["phone"] == ""


def test_an_unusable_value_that_is_emptied_is_noticed(world):
    world.won("1")
    reads(world, "1", UNKNOWN_COUNTRY, country="")
    go(world)
    assert open_codes(world) == ["country_unknown"]
    reads(world, "1", country="")
    go(world)
    assert open_codes(world) == ["country_missing"]


def test_what_reads_otherwise_by_another_map_is_read_anew(world):
    world.won("1")
    reads(world, "1", UNKNOWN_COUNTRY, country="")
    world.won("2")
    go(world)
    reads(world, "1", later=False, country="DE")
    assert go(world)["created"] == 0
    mapped = "[maps.countries]\nAtlantis = 'DE'\n"
    assert go(world, mapped, dry_run=True)["created"] == 1
    assert go(world, mapped)["created"] == 1
    assert open_codes(world) == []
    now = world.engine(mapped).settings.reading
    assert world.sql("SELECT DISTINCT reading FROM interlock.watermark WHERE instance = 'm:crm'") == [{"reading": now}]


def test_a_read_anew_that_breaks_off_is_begun_anew(world, monkeypatch):
    world.won("1", "2", "3", "4", "5")
    go(world)
    real = world.crm.changed

    def broken(kind, since):
        yield next(iter(real(kind, since)))
        raise ConnectionError

    mapped = "[maps.countries]\nAtlantis = 'DE'\n"
    with monkeypatch.context() as patch:
        patch.setattr(world.crm, "changed", broken)
        with pytest.raises(ConnectionError):
            go(world, mapped)
    assert go(world, mapped)["read"] == 5


def test_another_owner_takes_effect_without_a_change_of_the_record(world):
    world.won("1")
    erp = "[customers.fields]\nphone = { owner = 'erp' }\n"
    go(world, erp)
    world.erp.put("customer", "1", phone="+49409")
    assert go(world, erp)["updated"] == 0
    assert go(world)["updated"] == 1
    assert world.erp.of("customer")[0].values["phone"] == company("1")["phone"]


def test_a_foreign_vat_id_goes_over_once_a_person_says_so(world):
    world.won("1", country="AT")
    assert go(world)["rejected"] == 1
    assert open_codes(world) == ["vat_id_other_country"]
    decide(world, "release")
    assert go(world)["created"] == 1
    world.crm.put("account", "1", city="Wien")
    assert go(world)["updated"] == 1
    world.crm.put("account", "1", country="FR")
    assert go(world)["rejected"] == 1


def test_a_deal_won_in_the_future_is_taken_along_when_its_time_has_come(world):
    world.won("1")
    world.crm.put("deal", "d1", won_at="2026-06-01T00:00:00+00:00")
    early, late = world.engine(), world.engine()
    early.now, late.now = (lambda: datetime(2026, 5, 1, tzinfo=UTC)), (lambda: datetime(2026, 6, 2, tzinfo=UTC))
    assert run(early, Scope("early"))["rejected"] == 1
    assert open_codes(world) == ["won_date_future"]
    assert run(late, Scope("late"))["created"] == 1
    assert open_codes(world) == []


def test_a_deal_won_at_no_date_holds_its_account_back_and_no_other(world):
    world.won("1", "2")
    world.crm.put("deal", "d1", won_at="2026-02-30")
    counts = go(world)
    assert (counts["created"], counts["rejected"]) == (1, 1)
    assert open_codes(world) == ["won_date_unreadable"]


def test_a_won_deal_without_account_is_shown_until_it_is_linked(world):
    world.won("1", "2")
    unlink(world)
    dry = go(world, dry_run=True)
    assert (dry["read"], dry["created"], dry["rejected"]) == (3, 1, 1)
    counts = go(world)
    assert (counts["created"], counts["rejected"]) == (1, 1)
    assert go(world)["rejected"] == 1
    (entry,) = world.sql("SELECT ref, code FROM interlock.quarantine WHERE state = 'open'")
    assert (entry["ref"], entry["code"]) == ("m:crm//deal/d1", "deal_without_account")
    world.crm.put("deal", "d1", parent=world.crm.ref("account", "1"))
    assert go(world)["created"] == 1
    assert open_codes(world) == []


def test_a_won_deal_whose_account_was_deleted_is_shown_too(world):
    world.won("1", "2", country="")
    go(world)
    del world.crm.records[world.crm.ref("account", "1")]
    go(world, full=True)
    assert open_codes(world) == ["country_missing", "deal_without_account"]


@pytest.mark.parametrize("won_at", ["", "2025-12-31T00:00:00+00:00"])
def test_a_deal_without_account_that_is_no_work_is_not_shown(world, won_at):
    world.won("1")
    world.crm.put("deal", "d1", won_at=won_at)
    unlink(world)
    assert go(world)["rejected"] == 0


def test_a_deal_without_account_that_a_person_ignores_is_not_shown_again(world):
    world.won("1")
    unlink(world)
    go(world)
    decide(world, "ignore")
    assert go(world)["rejected"] == 0
    assert open_codes(world) == []
    world.crm.put("deal", "d1", won_at="2026-02-03T00:00:00+00:00")
    assert go(world)["rejected"] == 1


def test_what_a_person_ignores_is_shown_again_when_the_record_changes_and_not_before(world):
    world.won("1", country="")
    go(world)
    assert open_codes(world) == ["country_missing"]
    decide(world, "ignore")
    assert go(world, "[prehistory]\nlevel = 'summary'\n")["rejected"] == 1  # every account is decided anew
    assert open_codes(world) == []
    world.crm.put("account", "1", city="Bonn")
    go(world)
    assert open_codes(world) == ["country_missing"]


def test_deals_without_account_stop_no_run_and_a_named_run_leaves_them_alone(world):
    world.won(*(str(number) for number in range(20)))
    for number in range(19):
        unlink(world, f"d{number}")
    assert go(world)["rejected"] == 19
    assert go(world, crm_ids=("19",))["rejected"] == 0
    assert len(open_codes(world)) == 19


ODD = [
    "\x00",
    "\ud800",
    "\u202eevil",
    "<b>&amp;</b>",
    "{{ 1/0 }}",
    "'; DROP SCHEMA interlock CASCADE; --",
    "%s",
    "\\",
    '"',
    "x" * 5000,
]
TEXT = st.text(max_size=20) | st.sampled_from(ODD)
RAW = st.fixed_dictionaries(
    {}, optional={name: TEXT | st.sampled_from([company("twin")[name], "", "Atlantis"]) for name in PARTY_FIELDS}
)
DAYS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
ACCOUNTS = st.lists(st.tuples(RAW, st.sampled_from([WON, "", "2026-02-30"]) | DAYS | st.just("soon"), st.booleans()), max_size=6)
NUMBERS = itertools.count(1)


def fill(world, accounts):
    """Read each account as a connector does: canonical values, problems apart."""
    for number, (raw, won_at, linked) in enumerate(accounts):
        values, problems = normalise(company(number) | BACK | raw)
        ref = world.crm.put("account", str(number), **values)
        world.crm.records[ref] = replace(world.crm.records[ref], problems=problems)
        world.crm.put("deal", f"d{number}", parent=ref, name="Deal", won_at=won_at)
        if not linked:
            unlink(world, f"d{number}")


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ACCOUNTS, ACCOUNTS)
def test_whatever_comes_in_a_run_ends_with_counts_that_add_up(cluster, first, second):
    world = World(cluster.create(f"dirty{next(NUMBERS)}", "migrated"))
    lenient = "[quality]\nstop_share = 1.0\n"
    try:
        for accounts in (first, second):
            fill(world, accounts)
            planned = go(world, lenient, dry_run=True, full=True)
            counts = go(world, lenient, full=True)
            assert {n: counts[n] for n in ("read", "rejected", "created")} == {
                n: planned[n] for n in ("read", "rejected", "created")
            }
            writes = world.erp.calls["write"] + world.crm.calls["write"]
            again = go(world, lenient, full=True)
            assert (again["created"], again["updated"], again["rejected"]) == (0, 0, counts["rejected"])
            assert world.erp.calls["write"] + world.crm.calls["write"] == writes
    finally:
        for engine in world.engines:
            engine.database.close()
