"""Taxes: a row of the table for the supply, the recipient and the last day of the service period, or a person."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from interlock.domain.invoice import InvoiceLine
from interlock.domain.record import Problem
from interlock.domain.tax_table import GERMAN, TaxRow, TaxRules
from interlock.processes.billing import VatAnswer
from interlock.processes.billing.tax import row_for, taxed, totals, vat_evidence
from tests.processes.billing.examples import BUYER, HOME, day

NL = "NL123456782B01"


def supply(kind="service", tax_class="standard", last="2026-01-31", net="100", **fields):
    return InvoiceLine(line="1", net=Decimal(net), supply=kind, tax_class=tax_class, service_to=day(last), **fields)


def seat(country, vat_id="", postal_code="1011", **fields):
    return replace(
        HOME, party=BUYER.model_copy(update={"country": country, "vat_id": vat_id, "postal_code": postal_code}), **fields
    )


def found(line, kind, recipient):
    row = row_for(line, kind, recipient, TaxRules())
    return row.code if isinstance(row, Problem) else (row.category, str(row.rate))


@pytest.mark.parametrize(
    ("last", "standard", "reduced"),
    [  # § 12 UStG; § 28 (1), (2) UStG from 1 July to 31 December 2020
        ("2020-06-30", "19", "7"),
        ("2020-07-01", "16", "5"),
        ("2020-12-31", "16", "5"),
        ("2021-01-01", "19", "7"),
        ("2026-06-30", "19", "7"),
    ],
)
def test_the_last_day_of_the_service_period_decides_the_rate(last, standard, reduced):
    for tax_class, rate in (("standard", standard), ("reduced", reduced)):
        for kind in ("business", "consumer", ""):
            assert found(supply(tax_class=tax_class, last=last), kind, HOME) == ("S", rate)


@pytest.mark.parametrize(
    ("kind", "customer", "country", "vat_id", "expected"),
    [
        ("service", "business", "NL", NL, ("AE", "0")),  # reverse charge
        ("goods", "business", "NL", NL, ("K", "0")),
        ("goods", "business", "CH", "", ("G", "0")),
        ("service", "business", "CH", "", ("O", "0")),  # outside the scope, not "export"
        ("service", "business", "US", "", ("O", "0")),
        ("service", "consumer", "NL", "", "tax_row_missing"),  # EU consumers: one-stop shop
        ("service", "consumer", "US", "", "tax_row_missing"),
        ("service", "", "NL", NL, "customer_kind_missing"),
        ("service", "business", "GB", "", "tax_row_missing"),
        ("goods", "business", "XI", "", "tax_row_missing"),
        ("service", "business", "NL", "DE136695976", "tax_seat_unclear"),
        ("service", "business", "DE", NL, "tax_seat_unclear"),
        ("service", "business", "GR", "EL094259216", ("AE", "0")),
        ("service", "business", "", "", "tax_row_missing"),
    ],
)
def test_seat_and_kind_decide_the_category(kind, customer, country, vat_id, expected):
    assert found(supply(kind), customer, seat(country, vat_id)) == expected


@pytest.mark.parametrize(
    ("country", "postal_code"),
    [("DE", "78266"), ("DE", "27498"), ("ES", "35001"), ("IT", "23041"), ("AX", "22100"), ("FR", "75001")],
)
def test_special_territories_need_a_row_of_their_own(country, postal_code):
    ordinary = country == "FR"
    assert (found(supply(), "business", seat(country, "", postal_code)) == ("AE", "0")) == ordinary
    row = TaxRow(
        tax_class="standard", countries=(country,), category="O", reason="besonderes Gebiet", valid_from=day("2020-01-01")
    )
    chosen = row_for(supply(), "business", seat(country, "", postal_code), TaxRules(rows=(*GERMAN, row)))
    assert chosen is row


@pytest.mark.parametrize("line", [supply(tax_class="construction"), supply(tax_class=""), supply(last="1999-01-01")])
def test_a_gap_in_the_table_is_never_guessed(line):
    assert found(line, "business", HOME) == "tax_row_missing"


def test_tax_is_reckoned_once_for_each_category_and_rate():
    lines = [supply(net="33.33"), supply(net="33.33"), supply(net="33.34"), supply(tax_class="reduced", net="10.50")]
    done, rows, problems = taxed(lines, "business", HOME, TaxRules())
    found = totals(done, rows, "EUR")
    assert problems == ()
    assert [(str(t.rate), str(t.base), str(t.tax), t.code) for t in found] == [
        ("7", "10.50", "0.74", "7 %"),
        ("19", "100.00", "19.00", "19 %"),
    ]


def test_half_a_cent_of_tax_is_rounded_up():
    done, rows, _ = taxed([supply(net="149.50")], "business", HOME, TaxRules())
    assert totals(done, rows, "EUR")[0].tax == Decimal("28.41")  # an ERP that rounds half-even says 28.40


@given(st.lists(st.tuples(st.decimals("-99", "9999", places=2), st.sampled_from(["standard", "reduced"])), max_size=20))
def test_the_bases_are_the_lines_and_the_tax_is_off_by_half_a_cent_at_most(given):
    lines = [supply(net=str(net), tax_class=tax_class) for net, tax_class in given]
    done, rows, _ = taxed(lines, "business", HOME, TaxRules())
    found = totals(done, rows, "EUR")
    assert sum(t.base for t in found) == sum(net for net, _ in given)
    assert all(abs(t.tax - t.base * t.rate / 100) <= Decimal("0.005") for t in found)


@pytest.mark.parametrize(
    ("vat_id", "answer", "expected"),
    [
        (NL, VatAnswer(NL, "valid", day("2026-01-31"), "W1"), ""),
        (NL, VatAnswer(NL, "unknown", day("2026-01-15")), ""),  # valid 17 days ago, silent today
        (NL, VatAnswer(NL, "unknown", day("2026-01-01")), ""),  # thirty days, as `vat_max_age_days` says
        (NL, VatAnswer(NL, "unknown", day("2025-12-31")), "vat_answer_missing"),
        (NL, VatAnswer(NL, "unknown"), "vat_answer_missing"),
        (NL, None, "vat_answer_missing"),
        (NL, VatAnswer("NL999999990B01", "valid", day("2026-01-31")), "vat_answer_missing"),  # of another number
        (NL, VatAnswer(NL, "invalid", day("2026-01-30")), "tax_vat_id_refused"),
        ("NL123456789B01", VatAnswer("NL123456789B01", "valid", day("2026-01-31")), "tax_vat_id_refused"),  # check digits
        ("", None, "tax_vat_id_missing"),
    ],
)
def test_no_untaxed_supply_in_the_eu_without_evidence(vat_id, answer, expected):
    lines = [supply(category="AE")]
    said = vat_evidence(lines, seat("NL", vat_id, vat=answer), TaxRules(), day("2026-01-31"))
    assert (said.code if isinstance(said, Problem) else said) == expected


def test_domestic_supplies_need_no_evidence():
    assert vat_evidence([supply()], HOME, TaxRules(), day("2026-01-31")) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zone": "eu", "category": "AE"}, "needs the reason"),
        ({"zone": "domestic", "rate": "0"}, "category S has a rate above 0"),
        ({"zone": "eu", "category": "AE", "rate": "19", "reason": "x"}, "every other one the rate 0"),
        ({"rate": "19"}, "either a zone or countries"),
        ({"zone": "eu", "countries": ("NL",), "rate": "19"}, "either a zone or countries"),
        ({"zone": "domestic", "rate": "19", "valid_to": "2019-01-01"}, "before valid_from"),
    ],
)
def test_an_unsound_row_is_refused_with_the_cure(fields, said):
    with pytest.raises(ValidationError, match=said):
        TaxRow.model_validate({"tax_class": "standard", "valid_from": "2020-01-01"} | fields)
