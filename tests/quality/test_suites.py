"""Great Expectations used safely: complete keys, no values, no foreign words, nothing lost on the way to it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from interlock.domain.finding import Finding, flawed, grouped
from interlock.domain.record import Problem
from interlock.errors import ContractBroken
from interlock.quality import suites
from interlock.quality.rules import KINDS, SUITES
from interlock.store import checked
from interlock.store.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = {
    "account": {"legal_name": "Winter & Söhne GmbH", "vat_id": "DE136695976", "register_number": "HRB 1", "language": "de",
                "phone": "+49301234567", "website": "https://winter.example/ü", "street": "Weg 1\nHaus B", "postal_code": "10115",
                "city": "Berlin", "country": "DE"},
    "contact": {"account": "a", "name": "Ada Winter", "email": "ada.o'neil+x@sub.winter.example", "phone": "+4930123456",
                "country": ""},
    "deal": {"account": "a", "won_at": datetime(2026, 2, 1, tzinfo=UTC)},
    "customer": {"account": "a", "number": "K1"},
    "contract": {"account": "a", "number": "SC-7/a", "starts": date(2026, 1, 1), "currency": "EUR"},
    "receivable": {"account": "a", "number": "2026/12", "currency": "EUR"},
    "contract_line": {"account": "m//contract/1", "product": "WARTUNG", "tax_class": "standard",
                      "description": "Wartung\nHalle 3"},
}  # fmt: skip
BROKEN = [
    ("account", {"legal_name": ""}, "name_missing"),
    ("account", {"legal_name": "Winter\x1b[31m"}, "control_characters"),
    ("account", {"city": "Ber\tlin"}, "control_characters"),
    ("account", {"street": "Weg 1\x07"}, "control_characters"),
    ("account", {"street": "Weg\t1\nHaus B"}, "control_characters"),
    ("account", {"country": ""}, "country_missing"),
    ("account", {"country": "de"}, "country_unknown"),
    ("account", {"language": "deutsch"}, "language_unknown"),
    ("account", {"postal_code": "?"}, "postal_code_unfit"),
    ("account", {"website": "winter.example"}, "website_unfit"),
    ("contact", {"email": "ada at winter"}, "email_unfit"),
    ("contact", {"email": "ada@winter"}, "email_unfit"),
    ("contact", {"phone": "030 1234"}, "phone_unfit"),
    ("contact", {"country": "Atlantis"}, "country_unknown"),
    ("contact", {"name": "Ada\x1b"}, "control_characters"),
    ("deal", {"won_at": None}, "won_date_unreadable"),
    ("deal", {"won_at": datetime(2026, 3, 2, tzinfo=UTC)}, "won_date_future"),
    ("customer", {"number": ""}, "customer_number_missing"),
    ("contract", {"number": ""}, "contract_number_missing"),
    ("contract", {"number": "SC\t7"}, "control_characters"),
    ("contract", {"starts": None}, "contract_start_missing"),
    ("contract", {"currency": "Euro"}, "currency_unfit"),
    ("contract_line", {"product": ""}, "product_missing"),
    ("contract_line", {"description": "Wartung\x1b"}, "control_characters"),
]


def found(dsn, kind, *records, staged=None):
    batch, database = uuid.uuid4(), Database(dsn)
    with database.begin() as tx:
        number = checked.fill(tx, batch, kind, ((f"m//{kind}/{n}", GOOD[kind] | record) for n, record in enumerate(records)))
    database.close()
    return suites.findings(dsn, batch, {kind: staged or number}, NOW)


@pytest.fixture(scope="module")
def dsn(cluster):
    return cluster.create("quality", "migrated")


@pytest.mark.parametrize(("kind", "values", "code"), BROKEN, ids=lambda value: value if isinstance(value, str) else "")
def test_a_rule_finds_the_record_that_breaks_it_and_no_other(dsn, kind, values, code):
    good = GOOD[kind] | ({"number": "K2"} if kind == "customer" else {})
    wrong = [finding for finding in found(dsn, kind, values, good) if finding.keys]
    assert [(finding.code, finding.keys, finding.checked) for finding in wrong] == [(code, (f"m//{kind}/0",), 2)]


def test_two_customers_of_one_number_are_both_found(dsn):
    wrong = [finding for finding in found(dsn, "customer", {}, {}, {"number": "K2"}) if finding.keys]
    assert [(f.code, sorted(f.keys)) for f in wrong] == [("customer_number_shared", ["m//customer/0", "m//customer/1"])]


def test_fifty_failing_rows_are_fifty_keys(dsn):
    (finding,) = (f for f in found(dsn, "contact", *[{"email": "none"}] * 50, *[{}] * 10) if f.keys)
    assert len(set(finding.keys)) == 50


def test_every_rule_is_told_of_even_where_all_records_keep_it(dsn):
    for kind in KINDS:
        assert [(f.field, f.code) for f in found(dsn, kind, {})] == [(rule.field, rule.code) for rule in SUITES[kind]]


def test_records_lost_on_the_way_to_the_checks_stop_the_run(dsn):
    with pytest.raises(ContractBroken, match="of 3 contact records not all could be checked"):
        found(dsn, "contact", {}, staged=3)


def test_fewer_keys_than_were_counted_stop_the_run():
    item = SimpleNamespace(result={"unexpected_index_list": [{"ref": "m//account/1", "city": "Bonn"}], "unexpected_count": 2})
    with pytest.raises(ContractBroken, match="only 1 of 2 account records that fail a check are named"):
        suites._stripped(item, "account", SUITES["account"][0], 2)


def test_what_the_library_says_of_its_failure_stays_inside(dsn):
    with pytest.raises(ContractBroken, match="could not be carried out") as failed:
        suites.findings(dsn.rsplit("/", 1)[0] + "/nowhere", uuid.uuid4(), {"account": 1}, NOW)
    assert "nowhere" not in str(failed.value)
    assert failed.value.__cause__ is failed.value.__context__ is None


def test_no_rows_need_no_library():
    assert suites.findings("postgresql://nobody@nowhere/none", uuid.uuid4(), {"account": 0}, NOW) == []


def test_findings_are_grouped_by_reason_and_say_how_many():
    bad = Problem("country_missing", "country", "the account has no country")
    findings = grouped("account", 9, {"a": [bad], "b": [bad, Problem("name_missing", "legal_name", "the account has no name")]})
    assert findings[0] == Finding("account", "country", "country_missing", "the account has no country", 9, ("a", "b"))
    assert findings[0].words == "2 of 9 accounts: the account has no country"
    assert flawed("account", findings) == {"a", "b"}
    assert flawed("contact", findings) == set()
