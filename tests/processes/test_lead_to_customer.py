"""The decision, by examples and by generated data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.config import parse
from interlock.domain.identity import Ref
from interlock.domain.party import PARTY_FIELDS, Account, Customer, Deal
from interlock.processes import lead_to_customer as process
from interlock.processes.view import View

SETTINGS = parse("[lead_to_customer]\ngo_live = 2026-01-01\n")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = Ref("hubspot:1", "", "account", "7")
CUSTOMER = Ref("tryton:erp", "1", "customer", "3")
FIELDS = {"legal_name": "Muster GmbH", "vat_id": "DE136695976", "language": "de", "city": "Berlin", "country": "DE"}
WON = Deal(name="D", won_at="2026-02-01T00:00:00+00:00")
LINKED = {"customer_ref": CUSTOMER, "customer": Customer(number="K1", **FIELDS), "number": "K1"}
SETTLED = {"customer_number": "K1", "sync_state": "synced"}


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
    ],
)
def test_flaws_are_named_without_their_values(flaw, code):
    (problem,) = process.problems_of(view(flaw))
    assert problem.code == code
    assert not any(value and value in problem.message for value in flaw.values())


@given(st.fixed_dictionaries({name: st.text(max_size=300) for name in PARTY_FIELDS}), st.booleans())
def test_whatever_comes_in_is_decided(fields, linked):
    account = view(fields, deals=(WON,), **(LINKED if linked else {}))
    process.problems_of(account)
    decision = process.decide(account, SETTINGS, NOW)
    assert decision.verdict == "planned"
    assert len({change.key for change in decision.changes}) == len(decision.changes)
