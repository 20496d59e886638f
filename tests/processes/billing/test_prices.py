"""Lines: quantity x unit price less discount for the days served, each rounded once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.processes.billing.examples import ask, contract, line, rules


def nets(agreement, as_of, **billing):
    answer = ask(agreement, as_of, using=rules(**billing))
    return {i.reference.removeprefix("SC-7/"): [str(found.net) for found in i.lines] for i in answer.planned}


@pytest.mark.parametrize(
    ("fields", "net"),
    [
        ({"price": "33.335", "quantity": "3"}, "100.01"),  # 100.005 half-up
        ({"price": "100", "discount": "12.5"}, "87.50"),
        ({"price": "0.015", "quantity": "1", "discount": "0"}, "0.02"),
        ({"price": "19.99", "quantity": "2.5", "discount": "33.33"}, "33.32"),
    ],
)
def test_line_totals(fields, net):
    assert nets(contract(line(**fields)), "2026-01-01", lead_days=0) == {"2026-01-01": [net]}


def test_yen_have_no_decimals():
    assert nets(contract(line(price="100.5"), currency="JPY"), "2026-01-01", lead_days=0) == {"2026-01-01": ["101"]}


@pytest.mark.parametrize(("proration", "part"), [("actual", ["54.84"]), ("days_30", ["53.33"]), ("none", ["100.00"])])
def test_a_line_that_begins_within_a_period_pays_its_part(proration, part):
    agreement = contract(line(valid_from="2026-01-15"))
    assert nets(agreement, "2026-01-01", proration=proration, lead_days=0) == {"2026-01-01": part}


def test_without_proration_a_period_cut_by_a_term_is_charged_once():
    agreement = contract(start="2026-01-01", initial_term=5, renewed_through="2026-10-31", renewal_term=5, interval="quarter")
    assert nets(agreement, "2026-07-20", proration="none") == {
        "2026-01-01": ["100.00"], "2026-04-01": ["100.00"], "2026-07-01": ["100.00"],
    }  # fmt: skip
    assert nets(agreement, "2026-07-20") == {
        "2026-01-01": ["100.00"], "2026-04-01": ["67.03"], "2026-06-01": ["32.97"], "2026-07-01": ["100.00"],
    }  # fmt: skip


def test_calendar_periods_begin_with_a_part():
    agreement = contract(start="2026-02-10", interval="quarter")
    assert nets(agreement, "2026-04-01", anchor="calendar") == {"2026-02-10": ["55.56"], "2026-04-01": ["100.00"]}  # 50/90 days


def test_a_one_off_is_charged_whole_and_once():
    setup = line("2", price="250", recurrence="one_off")
    training = line("3", price="80", recurrence="one_off", valid_from="2026-02-20")
    assert nets(contract(line(), setup, training), "2026-03-01") == {
        "2026-01-01": ["100.00", "250.00"], "2026-02-01": ["100.00", "80.00"], "2026-03-01": ["100.00"],
    }  # fmt: skip


def test_setting_up_before_the_first_day_is_charged_with_the_first_period():
    setup = line("2", price="250", recurrence="one_off", valid_from="2025-12-10")
    (invoice,) = ask(contract(line(), setup), "2026-01-01", using=rules(lead_days=0)).planned
    assert [(str(n.net), str(n.service_from)) for n in invoice.lines] == [("100.00", "2026-01-01"), ("250.00", "2025-12-10")]


def test_usage_waits_for_its_reading_and_is_charged_where_its_days_end():
    reading = {"usage": True, "price": "0.05", "quantity": "", "valid_from": "2026-01-01", "valid_to": "2026-01-31"}
    waiting = ask(contract(line(), line("2", **reading), billed="arrears"), "2026-02-01")
    assert [(entry.reason, str(entry.period_start)) for entry in waiting.waiting] == [("reading_missing", "2026-01-01")]
    known = contract(line(), line("2", **reading | {"quantity": "1234"}), billed="arrears")
    invoice = ask(known, "2026-02-01").planned[0]
    assert [found.net for found in invoice.lines] == [Decimal("100.00"), Decimal("61.70")]
