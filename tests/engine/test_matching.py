"""A new account that already is a customer is linked, asked about, or created; what a person says is remembered."""

from __future__ import annotations

import pytest

from interlock.cli import main as cli
from interlock.engine.context import Scope
from interlock.engine.leads.preview import preview
from interlock.engine.run import run
from interlock.errors import NothingToDecide
from interlock.store import decisions, matches
from tests.companies import company
from tests.engine.test_invariants import adds_up


def customer(world, number, key, **values):
    """Put a customer into the ERP that people typed there: no reference of ours."""
    world.erp.put("customer", f"9{number}", **company(key) | {"number": f"K9{number}", "references": [], "active": True} | values)


def entry(world):
    (row,) = world.sql("SELECT id, ref, code FROM interlock.quarantine WHERE state = 'open'")
    return row


def numbers(world):
    return sorted(record.values["number"] for record in world.erp.of("customer"))


def test_an_account_that_is_a_customer_already_is_linked_and_its_reference_written(world):
    customer(world, 1, "1", city="Potsdam")
    world.won("1", "2")
    counts = run(world.engine(), Scope("r1"))
    assert (counts["created"], counts["updated"]) == (1, 1)
    assert numbers(world) == ["K1", "K91"]
    linked = next(c for c in world.erp.of("customer") if c.values["number"] == "K91")
    assert linked.values["references"] == ["m:crm//account/1"]
    assert linked.values["city"] == "Berlin"
    assert world.crm.of("account")[0].values["customer_number"] == "K91"
    writes = world.erp.calls["write"]
    assert run(world.engine(), Scope("r2", full=True))["unchanged"] == 2
    assert world.erp.calls["write"] == writes


def test_what_a_customer_had_before_the_link_is_not_cleared(world):
    customer(world, 1, "1", phone="+493099999999")
    world.won("1", phone="")
    run(world.engine(), Scope("r1"))
    assert world.erp.of("customer")[0].values["phone"] == "+493099999999"


def test_the_same_vat_id_at_another_address_is_a_question_with_its_candidates(world):
    customer(world, 1, "1", street="Ganz woanders 5", postal_code="80331", city="München")
    world.won("1")
    counts = run(world.engine(), Scope("r1"))
    assert adds_up(counts)
    assert (counts["rejected"], counts["created"]) == (1, 0)
    assert entry(world)["code"] == "match_identity_conflict"
    with world.engine().database.begin() as tx:
        (candidate,) = matches.candidates(tx, "m:crm//account/1")
    assert candidate["body"]["number"] == "K91"
    assert "vat_id" in candidate["evidence"]


@pytest.mark.parametrize(("answer", "there"), [("K91", ["K91"]), (None, ["K1", "K91"])])
def test_a_person_s_answer_is_acted_on_and_remembered(world, answer, there):
    customer(world, 1, "1", street="Ganz woanders 5", postal_code="80331", city="München")
    world.won("1")
    run(world.engine(), Scope("r1"))
    with world.engine().database.begin() as tx:
        decisions.decide_match(tx, entry(world)["id"], answer, "ines", "asked by phone")
    run(world.engine(), Scope("r2"))
    assert numbers(world) == there
    assert world.sql("SELECT * FROM interlock.quarantine WHERE state = 'open'") == []
    assert world.sql("SELECT action FROM interlock.audit WHERE actor = 'ines' ORDER BY seq")[0]["action"].startswith("match: ")
    world.sql("DELETE FROM interlock.subject")
    run(world.engine(), Scope("r3"))
    assert numbers(world) == there


def test_an_answer_that_names_nobody_is_refused(world):
    customer(world, 1, "1", street="Ganz woanders 5", postal_code="80331", city="München")
    world.won("1")
    run(world.engine(), Scope("r1"))
    number = entry(world)["id"]
    with pytest.raises(NothingToDecide, match="no customers with number K404"), world.engine().database.begin() as tx:
        decisions.decide_match(tx, number, "K404", "ines")
    world.won("3", vat_id="DE111111111")
    run(world.engine(), Scope("r2"))
    other = world.sql("SELECT id FROM interlock.quarantine WHERE code = 'vat_id_invalid'")[0]["id"]
    with pytest.raises(NothingToDecide, match="does not ask which customer"), world.engine().database.begin() as tx:
        decisions.decide_match(tx, other, "K1", "ines")


def test_the_same_company_twice_in_one_batch_becomes_nobody_until_a_person_decides(world):
    world.won("1")
    world.won("2", **company("1"))
    counts = run(world.engine(), Scope("r1"))
    assert (counts["rejected"], counts["created"]) == (2, 0)
    codes = {row["code"] for row in world.sql("SELECT code FROM interlock.quarantine WHERE state = 'open'")}
    assert codes == {"match_same_batch"}


def test_a_named_account_is_matched_against_customers_that_no_run_has_read_yet(world):
    customer(world, 1, "1")
    world.won("1")
    counts = run(world.engine(), Scope("r1", crm_ids=("1",)))
    assert (counts["created"], counts["updated"]) == (0, 1)
    assert numbers(world) == ["K91"]
    assert world.sql("SELECT * FROM interlock.watermark") == []


def test_a_mapped_legal_form_compares_as_its_own_and_goes_over_as_it_stands(world):
    form = "[maps.legal_forms]\n'gesellschaft  zu Berlin' = 'GmbH'\n"
    customer(world, 1, "1", vat_id="", phone="", website="")
    name = company("1")["legal_name"].replace("GmbH", "Gesellschaft zu Berlin")
    world.won("1", legal_name=name, vat_id="", phone="", website="")
    assert run(world.engine(), Scope("r1", dry_run=True))["created"] == 1
    assert run(world.engine(form), Scope("r2"))["updated"] == 1
    assert numbers(world) == ["K91"]
    assert world.erp.of("customer")[0].values["legal_name"] == name


def test_a_dry_run_says_who_would_be_linked_and_keeps_nothing(world):
    customer(world, 1, "1")
    world.won("1", "2")
    counts = run(world.engine(), Scope("r1", dry_run=True))
    assert (counts["created"], counts["updated"]) == (1, 1)
    assert world.sql("SELECT * FROM interlock.crosswalk") == []
    assert world.erp.calls["write"] == 0


def test_the_preview_sums_up_everybody_and_leaves_no_trace(world):
    customer(world, 1, "1")
    customer(world, 2, "2", street="Ganz woanders 5", postal_code="80331", city="München")
    world.won("1", "2", "3")
    world.crm.put("account", "4", **company("4"))
    engine = world.engine()
    found, names = preview(engine, everybody=False)
    assert [(row["account"][-1], row["verdict"]) for row in found.rows] == [("2", "ask"), ("3", "create"), ("1", "linked")]
    assert names["m:crm//account/1"] == company("1")["legal_name"]
    assert len(preview(engine, everybody=True)[0].rows) == 4
    for table in ("batch", "staged", "snapshot", "crosswalk", "quarantine"):
        assert world.sql(f"SELECT * FROM interlock.{table}") == []


def test_the_command_shows_candidates_side_by_side_and_takes_the_answer(world, monkeypatch, tmp_path, capsys):
    customer(world, 1, "1", street="Ganz woanders 5", postal_code="80331", city="München")
    world.won("1")
    run(world.engine(), Scope("r1"))
    file = tmp_path / "interlock.toml"
    file.write_text("[lead_to_customer]\ngo_live = 2026-01-01\n")
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": world.dsn}))
    number = str(entry(world)["id"])
    assert cli.main(["--config", str(file), "quarantine", "show", number]) == 0
    shown = capsys.readouterr().out
    assert "K91" in shown
    assert "Ganz woanders 5" in shown
    assert cli.main(["--config", str(file), "quarantine", "release", number, "--link", "K91", "--why", "same owner"]) == 0
    run(world.engine(), Scope("r2"))
    assert numbers(world) == ["K91"]
