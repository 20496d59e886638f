"""Tiers 1 and 2: the account's reference, VAT id and register number, and what contradicts them."""

from __future__ import annotations

import pytest

from interlock.processes.matching import Rules
from tests.processes.matching_examples import BERLIN, KOELN, MUSTER, VAT, account, account_ref, customer, customer_ref, only

# Tier 1: our reference in the ERP


def test_our_reference_in_the_erp_links_whatever_else_changed():
    found = only(account(7, name="Neu AG"), customer(3, references=(str(account_ref(7)),), **MUSTER))
    assert (found.verdict, found.tier, found.reason, found.customer) == ("linked", 1, "reference", customer_ref(3))


def test_the_reference_of_a_record_merged_into_the_account_links_too():
    found = only(account(7, former=(account_ref(5),), name="Neu AG"), customer(3, references=(str(account_ref(5)),), **MUSTER))
    assert (found.verdict, found.tier) == ("linked", 1)


def test_two_customers_with_one_reference_are_asked_about():
    twice = [customer(n, references=(str(account_ref(7)),), **MUSTER) for n in (1, 2)]
    found = only(account(7, **MUSTER), twice)
    assert (found.verdict, found.reason, len(found.candidates)) == ("ask", "several_customers", 2)


def test_the_crosswalk_comes_first_and_a_lost_customer_is_asked_about():
    linked = {account_ref(1): customer_ref(2)}
    assert only(account(1, **MUSTER), [customer(1, **MUSTER), customer(2, name="Alt")], linked=linked).customer == customer_ref(2)
    assert only(account(1, **MUSTER), customer(1, **MUSTER), linked=linked).reason == "customer_gone"
    assert only(account(1, **MUSTER), customer(2, active=False, **MUSTER), linked=linked).reason == "customer_inactive"


# Tier 2: VAT id, register number


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict", "reason", "against"),
    [
        ({"name": "Muster Maschinenbau"}, {}, "linked", "vat_id", ()),
        ({"name": "Muster Maschinenbau G.m.b.H.", "street": "Postfach 11 02"}, {}, "linked", "vat_id", ()),
        ({"name": "Muster Maschinenbua GmbH"}, {"street": "", "zip": "", "city": ""}, "linked", "vat_id", ()),
        ({"name": "MM Technik GmbH"}, {}, "ask", "identity_conflict", ("name_differs",)),
        ({"name": "Muster Maschinenbau Holding GmbH"}, {}, "ask", "identity_conflict", ("name_differs",)),
        ({"name": "Muster Maschinenbau AG"}, {}, "ask", "identity_conflict", ("form_differs",)),
        ({**KOELN}, {}, "ask", "identity_conflict", ("address_differs",)),
        (
            {"name": "Muster Maschinenbau GmbH Niederlassung Köln", **KOELN},
            {},
            "ask",
            "identity_conflict",
            ("branch", "address_differs"),
        ),
        ({"country": "AT"}, {}, "ask", "identity_conflict", ("address_differs", "country_differs")),
        (
            {"register": "HRB 100 Amtsgericht Berlin"},
            {"register": "HRB 200 Amtsgericht Berlin"},
            "ask",
            "identity_conflict",
            ("register_number_differs",),
        ),
        ({"vat": "DE136695977"}, {"vat": "DE136695977"}, "ask", "identity_conflict", ()),
    ],
    ids=[
        "form left out",
        "post-office box",
        "typing slip, no address",
        "another name: a VAT group",
        "holding",
        "another form",
        "branch or moved",
        "branch that says so",
        "another country",
        "register number contradicts",
        "wrong check digit proves nothing",
    ],
)
def test_an_equal_vat_id_links_when_nothing_contradicts(ours, theirs, verdict, reason, against):
    found = only(account(**(MUSTER | {"vat": VAT} | ours)), customer(**(MUSTER | {"vat": VAT} | theirs)))
    assert (found.verdict, found.reason, found.candidates[0].against) == (verdict, reason, against)


@pytest.mark.parametrize(
    ("name", "against"),
    [
        ("Bakker Bouw B.V.", ()),
        ("Bakker B.V.", ("name_differs",)),
        ("Bakker Bouw", ("form_missing",)),
        ("Bakker Bouw Beheer B.V.", ("name_differs",)),
    ],
)
def test_where_a_group_shares_its_vat_id_the_whole_name_must_agree(name, against):
    known = {"vat": "NL123456782B01", "country": "NL", "street": "Dorpsstraat 1", "zip": "1012AB", "city": "Amsterdam"}
    found = only(account(name=name, **known), customer(name="Bakker Bouw B.V.", **known))
    assert (found.verdict, found.candidates[0].against) == ("ask" if against else "linked", against)


def test_a_company_whose_address_is_not_ours_to_write_may_link_across_addresses():
    moved = account(**(MUSTER | {"vat": VAT} | KOELN))
    assert only(moved, customer(vat=VAT, **MUSTER), rules=Rules(same_vat_other_address="link")).verdict == "linked"


def test_a_vat_id_that_two_customers_carry_is_asked_about():
    found = only(
        account(vat=VAT, **MUSTER), [customer(1, vat=VAT, **MUSTER), customer(2, vat=VAT, name="Muster Handel GmbH", **KOELN)]
    )
    assert (found.verdict, found.reason) == ("ask", "several_customers")
    assert [c.ref for c in found.candidates] == [customer_ref(1), customer_ref(2)]


def test_vat_id_of_one_customer_and_register_number_of_another_is_asked_about():
    one, two = customer(1, vat=VAT, **MUSTER), customer(2, register="HRB 4711 Amtsgericht Berlin", **MUSTER)
    found = only(account(vat=VAT, register="Amtsgericht Berlin HRB 4711", **MUSTER), [one, two])
    assert (found.verdict, found.reason) == ("ask", "several_customers")


@pytest.mark.parametrize(
    ("country", "ours", "theirs", "verdict"),
    [
        ("DE", "HRB 4711, Amtsgericht Köln", "AG Koeln HRB 4711", "linked"),
        ("DE", "HRB 4711", "Amtsgericht Köln HRB 4711", "ask"),
        ("AT", "FN 123456a", "123456 A", "linked"),
        ("CH", "CHE-107.787.577", "CHE107787577", "linked"),
        ("FR", "552 032 534 00646", "RCS Paris 552032534", "linked"),
        ("NL", "KvK 12345678", "12345678", "linked"),
        ("US", "C1234567", "C1234567", "ask"),
    ],
    ids=["same court", "court unknown, no address", "AT is national", "CH", "FR: SIRET of a SIREN", "NL", "US: a state's number"],
)
def test_a_register_number_links_where_it_is_unique(country, ours, theirs, verdict):
    found = only(
        account(name="Muster", register=ours, country=country), customer(name="Muster", register=theirs, country=country)
    )
    assert (found.verdict, found.candidates[0].evidence[:1]) == (verdict, ("register_number",))


def test_the_same_number_at_another_court_is_another_company():
    ours, theirs = ({"name": "Müller GmbH", "register": f"HRB 4711 Amtsgericht {court}"} for court in ("Köln", "Bonn"))
    assert only(account(**ours, **BERLIN), customer(**theirs, **BERLIN)).candidates[0].against == ("register_number_differs",)
    assert only(account(**ours, **BERLIN), customer(**theirs, **KOELN)).verdict == "create"


def test_a_number_that_every_court_gives_is_nothing_beside_another_name_and_address():
    ours, theirs = (
        account(name="Alpha Bau GmbH", register="HRB 4711", **BERLIN),
        customer(name="Beta KG", register="HRB 4711", **KOELN),
    )
    assert only(ours, theirs).verdict == "create"


def test_a_vat_id_with_a_wrong_check_digit_still_asks_but_not_when_many_carry_it():
    mistyped = {"vat": "DE136695977"}
    asked = only(account(name="Alpha GmbH", **mistyped, **BERLIN), customer(name="Beta KG", **mistyped, **KOELN))
    assert (asked.verdict, asked.candidates[0].evidence) == ("ask", ("vat_id",))
    placeholders = [customer(n, name=f"Firma {chr(65 + n) * 4} KG", **mistyped, **KOELN) for n in range(8)]
    assert only(account(name="Alpha GmbH", **mistyped, **BERLIN), placeholders).verdict == "create"


def test_a_valid_vat_id_used_as_a_placeholder_identifies_nobody():
    placeholders = [customer(n, name=f"Firma {n} GmbH", vat=VAT, **KOELN) for n in range(101)]
    assert only(account(name="Alpha Bau AG", vat=VAT, **BERLIN), placeholders).verdict == "create"


@pytest.mark.parametrize(
    ("country", "vat", "register"),
    [
        ("FR", "FR83404833048", "404 833 048 RCS Paris"),
        ("CH", "CHE-107.787.577 MWST", "CHE-107.787.577"),
        ("BE", "BE0428759497", "0428.759.497"),
    ],
)
def test_a_register_number_is_found_in_the_vat_id(country, vat, register):
    found = only(account(name="Muster", vat=vat, country=country), customer(name="Muster", register=register, country=country))
    assert (found.verdict, found.reason) == ("linked", "register_number")


@pytest.mark.parametrize(
    ("mistyped", "verdict"), [("DE136695967", "linked"), ("DE999999991", "ask")], ids=["a slip", "another id"]
)
def test_a_wrong_vat_id_contradicts_unless_it_is_a_typing_slip(mistyped, verdict):
    assert only(account(**MUSTER, vat=mistyped), customer(**MUSTER, vat=VAT)).verdict == verdict
