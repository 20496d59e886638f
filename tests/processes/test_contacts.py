"""Which people and delivery addresses of an account go over, by examples."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.config import parse
from interlock.domain.contact import ROLES, Contact
from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer
from interlock.domain.record import Problem
from interlock.processes import contacts
from interlock.processes import lead_to_customer as process
from interlock.processes.view import View
from tests.processes.test_lead_to_customer import NOW

HOME = {"street": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
ERIKA = Contact(
    id="11", roles=("invoice", "contract"), salutation="Frau", first_name="Erika", last_name="Muster", email="e@example.de",
    phone="+4930111111",
)  # fmt: skip
ROW = {"id": "11", "roles": "invoice, contract", "name": "Frau Erika Muster", "email": "e@example.de", "phone": "+4930111111"}
LAGER = Contact(id="5", roles=("delivery",), last_name="Otto", street="Lager 2", city="Potsdam")


def view(*people, customer=None, **account):
    ref = Ref("tryton:x", "1", "customer", "3") if customer else None
    account = Account(legal_name="M", **(HOME | account))
    return View(Ref("hubspot:1", "", "account", "7"), account, contacts=people, customer_ref=ref, customer=customer)


def wanted(*people, **account):
    return contacts.wanted(view(*people, **account))


def test_a_contact_with_a_role_goes_over_and_nobody_else():
    assert wanted(ERIKA, Contact(id="12"))["contacts"] == [ROW]


@pytest.mark.parametrize(
    ("contact", "goes"),
    [
        (Contact(id="1", roles=("invoice",), last_name="Muster"), True),
        (Contact(id="1", roles=("invoice",), phone="+4930111111"), True),
        (Contact(id="1", roles=("invoice",), email="e@example.de"), True),
        (Contact(id="1", roles=("invoice",)), False),
        (Contact(id="1", roles=("invoice",), city="Berlin"), False),
    ],
    ids=["name", "phone", "e-mail", "nothing", "a place only"],
)
def test_a_contact_needs_something_to_be_reached_by_else_it_is_left_out_with_a_reason(contact, goes):
    assert bool(wanted(contact)["contacts"]) is goes
    assert [notice.code for notice in contacts.notices(contact, ())] == ([] if goes else ["contact_empty"])


def test_what_is_unusable_of_a_contact_is_named_and_the_rest_goes_over():
    problem = Problem("phone_without_country", "phone", "the phone number has no country code", "030 1")
    (notice,) = contacts.notices(ERIKA, [problem])
    assert (notice.code, notice.message) == (
        "phone_without_country", "contact 11: the phone number has no country code; this field was left out",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "account", "places"),
    [
        (LAGER, {}, [{"id": "5", "name": "Otto", "street": "Lager 2", "postal_code": "", "city": "Potsdam", "country": "DE"}]),
        (LAGER.model_copy(update={"country": "AT"}), {}, [{"id": "5", "name": "Otto", "street": "Lager 2", "postal_code": "",
                                                           "city": "Potsdam", "country": "AT"}]),
        (LAGER.model_copy(update={"roles": ("invoice",)}), {}, []),
        (LAGER.model_copy(update=HOME), {}, []),
        (LAGER.model_copy(update={"street": "", "city": ""}), {}, []),
        (ERIKA, {"delivery_street": "Werk 3", "delivery_city": "Ulm", "delivery_name": "Werk"},
         [{"id": "account", "name": "Werk", "street": "Werk 3", "postal_code": "", "city": "Ulm", "country": "DE"}]),
        (ERIKA, {"delivery_country": "AT"}, []),
    ],
    ids=["its own", "abroad", "no delivery role", "the invoice address again", "none", "the account's", "a country only"],
)  # fmt: skip
def test_a_delivery_address_is_the_account_s_or_that_of_a_delivery_contact(contact, account, places):
    assert wanted(contact, **account)["delivery_addresses"] == places


def decided(*people, customer):
    found = process.decide(view(*people, customer=customer), parse("[lead_to_customer]\ngo_live = 2026-01-01\n"), NOW).changes
    return [change for change in found if change.kind == "customer"]


def test_a_customer_that_has_its_people_is_left_alone():
    assert (
        decided(
            ERIKA, customer=Customer(legal_name="M", number="K1", references=("hubspot:1//account/7",), contacts=[ROW], **HOME)
        )
        == []
    )


@pytest.mark.parametrize(
    ("people", "there"), [((ERIKA,), []), ((), [ROW]), ((ERIKA.model_copy(update={"phone": "+49302"}),), [ROW])]
)
def test_people_who_come_go_or_change_touch_nothing_else(people, there):
    (change,) = decided(
        *people, customer=Customer(legal_name="M", number="K1", references=("hubspot:1//account/7",), contacts=there, **HOME)
    )
    assert change.values == {"contacts": contacts.wanted(view(*people))["contacts"]}
    assert change.seen == {"contacts": there}


TEXT = st.text(max_size=400)
PEOPLE = st.builds(
    Contact, id=st.integers(1, 99).map(str), roles=st.lists(st.sampled_from(ROLES), max_size=3).map(tuple), first_name=TEXT,
    last_name=TEXT, email=TEXT, phone=TEXT, street=TEXT, city=TEXT, country=st.sampled_from(["", "DE", "AT"]),
)  # fmt: skip


@example([Contact(id="1", roles=("invoice",), last_name="\r")])
@given(st.lists(PEOPLE, max_size=6, unique_by=lambda contact: contact.id))
def test_whoever_comes_is_listed_once_in_one_order_and_only_with_a_role(people):
    found = wanted(*people)
    assert found == wanted(*reversed(people))
    ids = [row["id"] for row in found["contacts"]]
    assert ids == sorted(set(ids))
    assert set(ids) <= {contact.id for contact in people if contact.roles}
    assert all(row["name"] or row["email"] or row["phone"] for row in found["contacts"])
