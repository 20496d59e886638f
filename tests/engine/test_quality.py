"""Checks over a batch: every kind, every failing key, no values anywhere, and Data Docs that cannot hurt a run."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.domain.record import Problem
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.errors import TooManyRejected
from interlock.store import people
from tests.engine.test_invariants import adds_up

MARK = "Zqxmark"
BAD = {  # a value that its rule refuses, with a mark that must be found nowhere
    "legal_name": f"{MARK}\x07name",
    "vat_id": f"{MARK}\x07vat",
    "register_number": f"{MARK}" * 20,
    "language": f"{MARK}lang",
    "phone": f"{MARK}" * 6,
    "website": f"ftp://{MARK}",
    "street": f"{MARK}\x1b[31mstreet",
    "postal_code": f"?{MARK}!",
    "city": f"{MARK}" * 40,
    "country": f"{MARK}land",
}
HOLD_ALL = "".join(f"{name} = {{ on_unusable = 'hold' }}\n" for name in ("language", "phone", "website"))
LENIENT = f"[quality]\nstop_share = 1.0\n[customers.fields]\n{HOLD_ALL}"


def contact(world, number, account, **values):
    person = {"roles": ["invoice"], "salutation": "", "first_name": "Ada", "last_name": "Winter", "email": "", "phone": ""}
    return world.crm.put("contact", number, parent=world.crm.ref("account", account), **(person | values))


def report(world, run_id):
    with world.engine().database.begin() as tx:
        return people.report(tx, run_id)


def docs(folder):
    return f"data_docs = true\ndata_docs_folder = '{folder}'\n"


def pages(folder):
    return "".join(file.read_text() for file in folder.rglob("*") if file.is_file())


def everything_kept(world):
    """The tables that say why: what was found, what is held back, what a run tells; never the records themselves."""
    rows = world.sql("SELECT kind, field, code, message, keys FROM interlock.finding")
    rows += world.sql("SELECT ref, code, field, message FROM interlock.quarantine")
    rows += world.sql("SELECT body - 'changes' AS body FROM interlock.run_report")
    return str(rows)


def test_fifty_contacts_deals_and_customers_that_break_a_rule_are_all_named(world):
    numbers = [str(number) for number in range(50)]
    world.won(*numbers)
    assert run(world.engine(), Scope("clean"))["created"] == 50
    for customer in world.erp.of("customer"):
        world.erp.put("customer", customer.ref.id, number="K1")
    for number in numbers:
        contact(world, f"c{number}", number, email="nobody at all")
        world.crm.put("deal", f"again{number}", parent=world.crm.ref("account", number), name="Deal", won_at="2026-02-30")
    assert adds_up(run(world.engine("[quality]\nstop_share = 1.0\n"), Scope("dirty")))
    told = report(world, "dirty")
    codes = ["email_unfit", "won_date_unreadable", "customer_number_shared"]
    assert {code: sum(notice["code"] == code for notice in told["notices"]) for code in codes} == dict.fromkeys(codes, 50)
    assert {notice["ref"] for notice in told["notices"]} == {f"m:crm//account/{number}" for number in numbers}
    assert "50 of 50 contacts: the e-mail address is none; correct it in the CRM" in told["quality"]
    assert "50 of 100 deals: when it was won is no date; correct it in the CRM" in told["quality"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda w, n: contact(w, f"c{n}", n, email="none"),
            "20 of 20 contacts: the e-mail address is none; correct it in the CRM",
        ),
        (lambda w, n: contact(w, f"c{n}", n, phone="none"), "20 of 20 contacts: the phone number is none"),
        (lambda w, n: w.crm.put("deal", f"d{n}", won_at="2026-02-30"), "20 of 20 deals: when it was won is no date"),
        (
            lambda w, n: w.crm.put("deal", f"d{n}", won_at="2999-01-01"),
            "20 of 20 deals: it was won at a time that is yet to come",
        ),
        (
            lambda w, n: w.crm.put("account", n, city="x" * 101),
            "20 of 20 accounts: the city is too long",
        ),
        (lambda w, n: w.crm.put("account", n, city="x\x07"), "20 of 20 accounts: the city has control characters; correct it"),
    ],
    ids=["e-mail", "phone", "no date", "future", "row by row", "over the batch"],
)
def test_too_many_unusable_records_of_any_kind_stop_the_run_in_plain_words(world, spoil, words):
    numbers = [str(number) for number in range(20)]
    world.won(*numbers)
    for number in numbers:
        spoil(world, number)
    with pytest.raises(TooManyRejected, match="nothing was written") as stopped:
        run(world.engine(), Scope("r1"))
    assert words in str(stopped.value)
    assert not any(word in str(stopped.value).lower() for word in ("expectation", "suite", "regex"))
    assert world.erp.calls["write"] + world.crm.calls["write"] == 0
    (row,) = world.sql("SELECT DISTINCT cardinality(keys) AS n FROM interlock.finding WHERE cardinality(keys) > 0")
    assert row["n"] == 20


def test_fewer_than_the_minimum_never_stop_a_run(world):
    world.won(*(str(number) for number in range(19)))
    for number in range(19):
        contact(world, f"c{number}", str(number), email="none")
    assert run(world.engine(), Scope("r1"))["created"] == 19


def test_a_contact_whose_value_was_unusable_when_it_was_read_counts_too(world):
    world.won(*(str(number) for number in range(20)))
    for number in range(20):
        ref = contact(world, f"c{number}", str(number))
        problem = Problem("phone_without_country", "phone", "the phone number has no country code", "030 1")
        world.crm.records[ref] = replace(world.crm.records[ref], problems=(problem,))
    with pytest.raises(TooManyRejected, match="20 of 20 contacts: the phone number has no country code"):
        run(world.engine(), Scope("r1"))


def test_records_that_keep_every_rule_are_not_spoken_of(world):
    world.won("1", "2", "3")
    contact(world, "c1", "1", email="ada@winter.example", phone="+49301234567", country="DE")
    assert run(world.engine(), Scope("r1"))["created"] == 3
    told = report(world, "r1")
    assert (told["quality"], told["notices"], told["data_docs"]) == ([], [], "")


def test_no_value_of_any_failing_row_is_kept_told_logged_or_rendered(world, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for name, value in BAD.items():
        world.won(f"bad-{name}", **{name: value})
    world.won("people", "undated", "fine")
    contact(world, "c1", "people", email=f"{MARK} at home", phone=f"{MARK}1", last_name=f"{MARK}\x07", country=f"{MARK}land")
    world.crm.put("deal", "d9", parent=world.crm.ref("account", "undated"), name=MARK, won_at=MARK)
    more = LENIENT.replace("[customers", docs(tmp_path) + "[customers")
    counts = run(world.engine(more), Scope("r1"))
    assert (counts["rejected"], counts["created"]) == (len(BAD), 3)

    told = report(world, "r1")
    spoken = {line.split(": ")[1].split(" ", 1)[0] for line in told["quality"]}
    assert spoken == {"the", "when"}
    assert len(told["quality"]) == len(BAD) + 5
    assert MARK in str(world.sql("SELECT body FROM interlock.snapshot"))
    rendered = pages(tmp_path)
    assert "bad-postal_code" in rendered
    for place in (everything_kept(world), rendered, caplog.text, *capfd.readouterr()):
        assert MARK not in place


def test_no_value_is_in_what_stops_a_run_nor_in_what_is_kept_of_it(world, caplog):
    caplog.set_level(logging.DEBUG)
    for name, value in BAD.items():
        world.won(*(f"{name}{number}" for number in range(4)), **{name: value})
    with pytest.raises(TooManyRejected) as stopped:
        run(world.engine(f"[customers.fields]\n{HOLD_ALL}"), Scope("r1"))
    assert world.sql("SELECT kind FROM interlock.finding WHERE cardinality(keys) > 0") != []
    for place in (repr(stopped.value), everything_kept(world), caplog.text):
        assert MARK not in place


def test_data_docs_show_each_run_by_keys_and_in_plain_words_and_old_ones_go(world, tmp_path):
    world.won("1", "2", postal_code="?!")
    engine = world.engine("[quality]\ndata_docs_keep = 2\n" + docs(tmp_path))
    for number in range(3):
        world.crm.put("account", "1", city=f"Bonn {number}")
        run(engine, Scope(f"run-{number}"))
    told = report(world, "run-2")
    at = Path(told["data_docs"])
    assert at.is_file()
    assert at.parent.parent == tmp_path
    assert len([entry for entry in tmp_path.iterdir() if entry.is_dir()]) == 2
    index = (tmp_path / "index.html").read_text()
    assert "run-2" in index
    assert "run-0" not in index
    assert "1: the postal code has characters that no postal code has; correct it in the CRM" in index
    assert "m:crm//account/1" in (at.parent / "account.html").read_text()


def test_data_docs_load_nothing_and_run_nothing(world, tmp_path):
    world.won("1", postal_code="?!")
    run(world.engine("[quality]\n" + docs(tmp_path)), Scope("<script>alert(1)</script>"))
    text = "".join(file.read_text() for file in tmp_path.rglob("*.html"))
    assert "&lt;script&gt;alert(1)" in text
    for forbidden in ("<script", "<link", "<img", "http://", "https://", "@import", "url("):
        assert forbidden not in text.lower()


def test_data_docs_that_cannot_be_built_are_a_notice_and_the_run_is_complete(world, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    world.won("1")
    counts = run(world.engine("[quality]\n" + docs(tmp_path / "taken")), Scope("r1"))
    assert counts["created"] == 1
    told = report(world, "r1")
    (notice,) = told["notices"]
    assert notice["code"] == "data_docs_failed"
    assert "quality.data_docs_folder" in notice["message"]
    assert told["data_docs"] == ""


def test_a_dry_run_shows_what_the_checks_found_and_forgets_what_it_staged(world):
    world.won("1", postal_code="?!")
    contact(world, "c1", "1", email="none")
    run(world.engine(), Scope("dry", dry_run=True))
    assert len(report(world, "dry")["quality"]) == 2
    for table in ("account", "contact", "deal", "customer"):
        assert world.sql(f"SELECT ref FROM interlock.checked_{table}") == []
    assert world.sql("SELECT code FROM interlock.finding") == []


def test_a_deal_on_the_day_it_was_won_is_no_future_one(world):
    world.won("1")
    engine = world.engine()
    world.crm.put("deal", "d1", won_at=engine.now().isoformat())
    assert run(engine, Scope("r1"))["created"] == 1
    assert report(world, "r1")["quality"] == []


def test_a_contact_goes_over_without_what_broke_a_rule(world):
    world.won("1")
    contact(world, "c1", "1", email="ada at home", phone="+49301234567")
    assert run(world.engine(), Scope("r1"))["created"] == 1
    (customer,) = world.erp.of("customer")
    (person,) = customer.values["contacts"]
    assert (person["name"], person["email"], person["phone"]) == ("Ada Winter", "", "+49301234567")
    (notice,) = report(world, "r1")["notices"]
    assert notice == {
        "ref": "m:crm//account/1",
        "code": "email_unfit",
        "message": "contact c1: the e-mail address is none; correct it in the CRM",
    }


def test_what_was_unusable_when_read_is_told_once(world):
    world.won("1")
    ref = contact(world, "c1", "1")
    world.crm.records[ref] = replace(
        world.crm.records[ref], problems=(Problem("email_unfit", "email", "the e-mail is none", MARK),)
    )
    run(world.engine(), Scope("r1"))
    (notice,) = report(world, "r1")["notices"]
    assert notice["message"] == "contact c1: the e-mail is none; this field was left out"
    assert report(world, "r1")["quality"] == ["1 of 1 contacts: the e-mail address is none; correct it in the CRM"]
