"""The decision, by examples and by generated data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.config import parse
from interlock.domain.identity import Ref
from interlock.domain.normalise import normalise
from interlock.domain.party import PARTY_FIELDS, Account, Customer, Deal
from interlock.domain.record import Problem
from interlock.processes import lead_to_customer as process
from interlock.processes.checks import findings
from interlock.processes.view import View

SETTINGS = parse("[lead_to_customer]\ngo_live = 2026-01-01\n")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = Ref("hubspot:1", "", "account", "7")
CUSTOMER = Ref("tryton:erp", "1", "customer", "3")
FIELDS = {"legal_name": "Muster GmbH", "vat_id": "DE136695976", "language": "de", "city": "Berlin", "country": "DE"}
WON = Deal(name="D", won_at="2026-02-01T00:00:00+00:00")
LINKED = {"customer_ref": CUSTOMER, "customer": Customer(number="K1", references=(str(ACCOUNT),), **FIELDS), "number": "K1"}
SETTLED = {"customer_number": "K1", "sync_state": "synced"}


def configured(customers):
    return parse(f"[lead_to_customer]\ngo_live = 2026-01-01\n[customers]\n{customers}\n")


def view(account=None, **known):
    return View(ACCOUNT, Account(**(FIELDS | (account or {}))), **known)


@pytest.mark.parametrize(
    ("known", "verdict", "kinds"),
    [
        ({}, "unchanged", []),
        ({"deals": (Deal(won_at="2025-12-31T22:59:59+00:00"),)}, "unchanged", []),
        ({"deals": (Deal(won_at="2025-12-31T23:00:00+00:00"),)}, "planned", ["customer", "prehistory", "account", "note"]),
        ({"deals": (WON,)}, "planned", ["customer", "prehistory", "account", "note"]),
        ({"deals": (WON,), **LINKED}, "planned", ["prehistory", "account", "note"]),
        ({"deals": (WON,), "told": True, **LINKED}, "planned", ["account", "note"]),
        (LINKED, "planned", ["account", "note"]),
        ({"deals": (WON,), "archived": True}, "unchanged", []),
        ({"archived": True, **LINKED}, "rejected", []),
        ({**LINKED, "customer": None}, "rejected", []),
    ],
    ids=[
        "not won",
        "won before go-live, Berlin time",
        "won on go-live, Berlin time",
        "won",
        "linked",
        "linked, with its prehistory",
        "linked, not won since go-live",
        "deleted",
        "deleted customer's",
        "customer gone",
    ],
)
def test_verdicts(known, verdict, kinds):
    decision = process.decide(view(**known), SETTINGS, NOW)
    assert (decision.verdict, [change.kind for change in decision.changes]) == (verdict, kinds)


def test_nothing_when_both_sides_agree():
    assert process.decide(view(SETTLED, noted=True, **LINKED), SETTINGS, NOW).changes == ()


def test_an_update_touches_only_what_differs():
    (change,) = process.decide(view(SETTLED | {"city": "Bonn"}, noted=True, **LINKED), SETTINGS, NOW).changes
    assert (change.values, change.seen) == ({"city": "Bonn"}, {"city": "Berlin"})


def test_a_number_edited_by_hand_is_put_right():
    (change,) = process.decide(view(SETTLED | {"customer_number": "4711"}, noted=True, **LINKED), SETTINGS, NOW).changes
    assert change.values["customer_number"] == "K1"


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ({"legal_name": ""}, "name_missing"),
        ({"country": ""}, "country_missing"),
        ({"vat_id": "DE136695977"}, "vat_id_invalid"),
        ({"legal_name": "X" * 5000}, "legal_name_unfit"),
        ({"country": "Germany"}, "country_unknown"),
        ({"postal_code": "'; DROP TABLE"}, "postal_code_unfit"),
        ({"street": "X" * 201}, "street_unfit"),
        ({"vat_id": "ATU13585627"}, "vat_id_other_country"),
        ({"country": "FR"}, "vat_id_other_country"),
    ],
)
def test_flaws_are_named_without_their_values(flaw, code):
    (problem,) = findings(view(flaw), SETTINGS).holding
    assert problem.code == code
    assert not any(value and value in problem.message for value in flaw.values())


@pytest.mark.parametrize(
    ("country", "vat_id"),
    [("GR", "EL094259216"), ("MC", "FR83404833048"), ("GB", "XI980780684"), ("CH", "CHE107787577IVA"), ("DE", "")],
)
def test_a_vat_id_may_name_its_country_in_its_own_way(country, vat_id):
    assert findings(view({"country": country, "vat_id": vat_id}), SETTINGS).holding == ()


def test_a_foreign_vat_id_that_a_person_released_stays_released_while_it_is_the_same():
    foreign = {"country": "AT"}
    (problem,) = findings(view(foreign), SETTINGS).holding
    released = {"released": frozenset({(problem.code, problem.detail)})}
    assert findings(view(foreign | {"city": "Wien"}, **released), SETTINGS).holding == ()
    assert findings(view({"country": "CH"}, **released), SETTINGS).holding != ()
    assert findings(view({"vat_id": "DE136695977"}, **released), SETTINGS).holding != ()
    assert findings(view(foreign), configured('foreign_vat_id = "accept"')).holding == ()


UNUSABLE = {"website": "nowhere", "language": "tlh", "phone": "1" * 31}


@pytest.mark.parametrize(("name", "value"), UNUSABLE.items())
def test_an_optional_value_that_cannot_be_used_is_left_out(name, value):
    found = findings(view({name: value}), SETTINGS)
    assert (found.holding, [problem.field for problem in found.left_out]) == ((), [name])
    create, *_ = process.decide(view({name: value}, deals=(WON,)), SETTINGS, NOW).changes
    assert name not in create.values
    known = LINKED | {"customer": Customer(number="K1", references=(str(ACCOUNT),), **FIELDS | {name: "kept"})}
    assert process.decide(view(SETTLED | {name: value}, noted=True, **known), SETTINGS, NOW).changes == ()


def test_what_the_edge_could_not_read_is_left_out_too():
    problem = Problem("phone_without_country", "phone", "no country code", "030 1")
    assert findings(view(problems=(problem,)), SETTINGS).left_out == (problem,)
    assert findings(view(problems=(problem,)), configured('fields.phone.on_unusable = "hold"')).holding == (problem,)


def test_only_values_that_count_are_judged():
    bad = {"vat_id": "DE136695977", "website": "nowhere"}
    once = configured('fields.vat_id.owner = "create_only"\nfields.website.owner = "erp"')
    assert [p.code for p in findings(view(bad, deals=(WON,)), once).holding] == ["vat_id_invalid"]
    linked = findings(view(bad, **LINKED), once)
    assert (linked.holding, linked.left_out, linked.exempt) == ((), (), {"vat_id", "website"})


def test_fields_go_over_as_their_owners_say():
    rules = configured('fields.phone.owner = "create_only"\nfields.website.owner = "erp"')
    account = {"phone": "+4930123456", "website": "https://a.de"}
    create, *_ = process.decide(view(account, deals=(WON,)), rules, NOW).changes
    assert (create.values["phone"], "website" in create.values) == ("+4930123456", False)
    assert process.decide(view(SETTLED | account, noted=True, **LINKED), rules, NOW).changes == ()
    kept = process.decide(view(SETTLED | {"vat_id": "", "city": ""}, noted=True, **LINKED), SETTINGS, NOW).changes
    assert [change.values for change in kept] == [{"city": ""}]


@pytest.mark.parametrize(
    ("dates", "verdict", "code"),
    [
        (["2026-02-30"], "rejected", "won_date_unreadable"),
        (["9" * 30], "rejected", "won_date_unreadable"),
        (["2026-03-02T00:00:00+00:00"], "rejected", "won_date_future"),
        (["9999-12-31T23:59:59+00:00"], "rejected", "won_date_unreadable"),
        (["2026-03-01T00:30:00+00:00"], "planned", None),
        (["2026-02-01"], "planned", None),
        (["soon", "2026-03-02T00:00:00+00:00"], "rejected", "won_date_unreadable"),
        (["soon", "2026-02-01T00:00:00+00:00"], "planned", None),
        (["soon", "2025-02-01T00:00:00+00:00"], "rejected", "won_date_unreadable"),
    ],
)
def test_a_deal_won_at_no_date_or_in_the_future_holds_its_account_back(dates, verdict, code):
    decision = process.decide(view(deals=tuple(Deal(won_at=at) for at in dates)), SETTINGS, NOW)
    assert (decision.verdict, [p.code for p in decision.problems]) == (verdict, [code] if code else [])
    assert decision.again == (code == "won_date_future")


def test_a_customer_is_kept_up_to_date_whatever_its_deals_say():
    known = view(SETTLED | {"city": "Bonn"}, noted=True, told=True, deals=(Deal(won_at="soon"),), **LINKED)
    assert [change.values for change in process.decide(known, SETTINGS, NOW).changes] == [{"city": "Bonn"}]


TEXTS = st.one_of(
    st.text(max_size=300), st.sampled_from(["", "DE", "AT", "DE136695976", "x" * 5000, "2026-02-30", "\ud800", "\x00"])
)
PROBLEMS = st.builds(Problem, TEXTS, st.sampled_from([*PARTY_FIELDS, "won_at", "other"]), TEXTS, TEXTS)


@given(
    st.fixed_dictionaries(dict.fromkeys(PARTY_FIELDS, TEXTS)),
    st.booleans(),
    st.lists(PROBLEMS, max_size=3),
    st.lists(st.builds(Deal, name=TEXTS, won_at=TEXTS | st.datetimes().map(str)), max_size=3),
)
def test_whatever_comes_in_is_decided(fields, linked, problems, deals):
    values, unreadable = normalise(fields)
    account = view(values, problems=(*unreadable, *problems), deals=(WON, *deals), **(LINKED if linked else {}))
    found = findings(account, SETTINGS)
    decision = process.decide(account, SETTINGS, NOW)
    assert decision.verdict == "planned"
    assert len({change.key for change in decision.changes}) == len(decision.changes)
    assert not any(change.kind == "customer" and found.unusable & change.values.keys() for change in decision.changes)


@given(st.lists(st.builds(Deal, won_at=TEXTS | st.datetimes().map(str)), max_size=3))
def test_whatever_deals_say_is_decided(deals):
    decision = process.decide(view(deals=tuple(deals)), SETTINGS, NOW)
    assert decision.verdict in {"unchanged", "planned", "rejected"}
