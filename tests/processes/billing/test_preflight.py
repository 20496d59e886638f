"""What § 14 (4) UStG and EN 16931 demand of an invoice, by BT number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.domain.billing_rules import Seller
from interlock.processes.billing import VatAnswer
from interlock.processes.billing.preflight import preflight
from tests.processes.billing.examples import BUYER, HOME, SELLER, ask, contract, day, line, rules

NL = "NL123456782B01"


def held(agreement=None, recipient=HOME, seller=SELLER):
    answer = ask(agreement or contract(), "2026-01-01", recipient=recipient, using=rules(seller=seller, lead_days=0))
    (entry,) = answer.held
    assert answer.planned == ()
    assert str(entry.gross) in {"119.00", "100.00"}
    return {problem.code: problem.message for problem in entry.problems}


def test_a_complete_invoice_goes_on():
    (invoice,) = ask(contract(), "2026-01-01", using=rules(lead_days=0)).planned
    assert preflight(invoice, contract(), HOME, SELLER) == ()
    assert (invoice.contract_reference, invoice.recipient, str(invoice.gross)) == ("SC-7", "12", "119.00")


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("name", "BT-27"), ("street", "BT-35"), ("city", "BT-37"), ("postal_code", "BT-38"), ("country", "BT-40"),
        ("vat_id", "BT-31 VAT id or BT-32"), ("contact_name", "BT-41"), ("contact_phone", "BT-42"),
        ("contact_email", "BT-43"), ("payment_means", "BT-81"),
    ],
)  # fmt: skip
def test_what_the_seller_lacks_is_named(field, number):
    assert number in held(seller=SELLER.model_copy(update={field: ""}))["seller_incomplete"]


@pytest.mark.parametrize(
    ("field", "number"), [("legal_name", "BT-44"), ("street", "BT-50"), ("city", "BT-52"), ("postal_code", "BT-53")]
)
def test_what_the_recipient_lacks_is_named(field, number):
    assert number in held(recipient=replace(HOME, party=BUYER.model_copy(update={field: ""})))["buyer_incomplete"]


def test_all_that_is_missing_is_named_at_once():
    found = held(seller=Seller(), recipient=replace(HOME, has_terms=False))
    assert found.keys() == {"seller_incomplete", "invoice_incomplete"}
    assert "BT-27 name, BT-35 street, BT-37 city" in found["seller_incomplete"]
    assert "BT-9 due date or BT-20 payment terms" in found["invoice_incomplete"]


def test_lines_must_say_what_and_how_much():
    nothing = line("2", price="0", quantity="0", product="", description="")
    assert "BT-129 quantity, BT-153 description" in held(contract(line(), nothing))["invoice_incomplete"]


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("", "buyer_reference_missing"),
        ("04011000-1234512345-07", "leitweg_id_invalid"),  # wrong check digits
        ("4711", "leitweg_id_invalid"),
    ],
)
def test_a_public_buyer_needs_its_leitweg_id(reference, code):
    assert held(contract(public_buyer=True, buyer_reference=reference)).keys() == {code}


def test_a_right_leitweg_id_and_references_stand_apart_on_the_invoice():
    agreement = contract(
        public_buyer=True, buyer_reference="04011000-1234512345-06", contract_reference="V 9", purchase_order="B 3"
    )
    (invoice,) = ask(agreement, "2026-01-01", using=rules(lead_days=0)).planned
    assert (invoice.buyer_reference, invoice.contract_reference, invoice.purchase_order) == (
        "04011000-1234512345-06",
        "V 9",
        "B 3",
    )


def test_reverse_charge_needs_both_vat_ids_and_says_why():
    party = BUYER.model_copy(update={"country": "NL", "vat_id": NL})
    abroad = replace(HOME, party=party, vat=VatAnswer(NL, "valid", day("2026-01-01"), "W1"))
    (invoice,) = ask(contract(), "2026-01-01", recipient=abroad, using=rules(lead_days=0)).planned
    assert [(t.category, str(t.tax), t.reason) for t in invoice.taxes] == [
        ("AE", "0.00", "Steuerschuldnerschaft des Leistungsempfängers (Reverse charge)")
    ]
    assert (invoice.recipient_vat_id, invoice.recipient_country) == (NL, "NL")
    by_number = SELLER.model_copy(update={"vat_id": "", "tax_number": "70/123/45678"})
    assert "BT-31 VAT id" in held(recipient=abroad, seller=by_number)["seller_incomplete"]
