"""Terms: frozen when they take effect, renewed by people or by time, ended by receipt and never by typing or status."""

from __future__ import annotations

from decimal import Decimal

import pytest

from interlock.domain.billing_rules import RenewalRules
from interlock.processes.billing import plan_terms
from tests.processes.billing.examples import contract, day, line, stored

YEARLY = {"renewal_mode": "fixed", "renewal_term": 12, "notice_value": 3, "notice_unit": "month"}


def plan(agreement, as_of, frozen=(), grace=7, **known):
    return plan_terms(agreement, tuple(frozen), RenewalRules(grace_days=grace), day(as_of), **known)


def spans(found):
    return [(term.number, str(term.first_day), str(term.last_day or "")) for term in found.terms]


def prices(found):
    return [str(term.lines[0].unit_price) for term in found.terms]


def codes(found):
    return [problem.code for problem in found.problems]


FIRST = (1, "2026-01-01", "2026-12-31")
SECOND = (2, "2027-01-01", "2027-12-31")


@pytest.mark.parametrize(
    ("fields", "as_of", "expected"),
    [
        ({}, "2030-01-01", [FIRST]),  # none: ends with its term
        ({"initial_term": 0}, "2026-01-01", [(1, "2026-01-01", "")]),
        (YEARLY, "2026-10-07", [FIRST]),  # last day for receipt 30 September, seven days of grace
        (YEARLY, "2026-10-08", [FIRST, SECOND]),
        (YEARLY | {"renewal_mode": "indefinite"}, "2026-10-08", [FIRST, (2, "2027-01-01", "")]),
        (YEARLY | {"renewed_through": "2027-12-31"}, "2026-02-01", [FIRST, SECOND]),  # confirmed: at once
        ({"renewed_through": "2027-06-30"}, "2026-02-01", [FIRST, (2, "2027-01-01", "2027-06-30")]),
        (YEARLY, "2027-10-08", [FIRST, SECOND, (3, "2028-01-01", "2028-12-31")]),  # catches up
        ({"status": "draft"}, "2026-10-08", []),
        (YEARLY | {"status": "cancelled"}, "2026-10-08", [FIRST, SECOND]),  # the status ends nothing
    ],
)
def test_terms_take_effect(fields, as_of, expected):
    assert spans(plan(contract(**fields), as_of)) == expected


def test_ends_are_reckoned_from_the_first_day():
    found = plan(contract(start="2026-01-31", initial_term=1, renewal_mode="fixed", renewal_term=1), "2026-04-20")
    assert spans(found)[:4] == [
        (1, "2026-01-31", "2026-02-28"), (2, "2026-03-01", "2026-03-30"), (3, "2026-03-31", "2026-04-30"),
    ]  # fmt: skip


def test_the_day_of_renewal_is_named_beforehand():
    assert plan(contract(**YEARLY), "2026-02-01").look_again == day("2026-10-08")


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"cancellation_kind": "ordinary", "cancellation_received_on": "2026-09-30"}, "2026-12-31"),
        ({"cancellation_kind": "ordinary", "cancellation_received_on": "2026-10-01"}, "2027-12-31"),  # a day late
        ({"cancellation_kind": "for_cause", "cancellation_received_on": "2026-05-04"}, "2026-05-04"),
        ({"cancellation_kind": "by_agreement", "cancellation_effective_on": "2026-08-15"}, "2026-08-15"),
        ({"cancellation_kind": "void"}, "2025-12-31"),
        ({"renewal_mode": "indefinite", "cancellation_kind": "ordinary", "cancellation_received_on": "2027-02-10"}, "2027-05-10"),
    ],
)
def test_service_ends(fields, ends):
    found = plan(contract(**YEARLY | fields), "2026-12-01")
    assert (found.ending.last_day, found.ending.problem) == (day(ends), None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cancellation_received_on": "2026-05-04"}, "cancellation_kind_missing"),
        ({"cancellation_kind": "ordinary", "cancellation_effective_on": "2026-12-31"}, "cancellation_receipt_missing"),
        ({"cancellation_kind": "by_agreement"}, "cancellation_end_missing"),
        (
            {
                "cancellation_kind": "ordinary",
                "cancellation_received_on": "2026-05-04",
                "cancellation_effective_on": "2026-06-30",
            },
            "cancellation_date_doubtful",
        ),
        (
            {
                "cancellation_kind": "ordinary",
                "cancellation_received_on": "2026-11-04",
                "cancellation_effective_on": "2026-12-31",
            },
            "cancellation_date_doubtful",
        ),
        (
            {"cancellation_kind": "ordinary", "cancellation_received_on": "2026-05-04", "renewed_through": "2027-12-31"},
            "cancelled_and_renewed",
        ),
    ],
)
def test_a_cancellation_that_contradicts_itself_is_asked_about(fields, code):
    assert code in codes(plan(contract(**YEARLY | fields), "2026-09-01"))


def test_a_timely_cancellation_typed_late_undoes_the_renewal_but_not_the_record():
    renewed = plan(contract(**YEARLY), "2026-11-01")
    typed = contract(**YEARLY, cancellation_kind="ordinary", cancellation_received_on="2026-09-29")
    found = plan(typed, "2026-11-02", renewed.terms)
    assert found.ending.last_day == day("2026-12-31")
    assert spans(found) == [FIRST, SECOND]
    assert found.fresh == ()


def test_a_renewal_that_is_taken_back_in_the_crm_is_asked_about():
    confirmed = plan(contract(renewed_through="2027-12-31"), "2026-02-01")
    found = plan(contract(), "2026-02-02", confirmed.terms)
    assert (spans(found), codes(found)) == (spans(confirmed), ["renewal_taken_back"])
    assert found.ending.last_day == day("2026-12-31")
    shorter = plan(contract(renewed_through="2027-06-30"), "2026-02-02", confirmed.terms)
    assert (shorter.ending.last_day, codes(shorter)) == (day("2027-06-30"), ["renewal_taken_back"])
    by_itself = plan(contract(**YEARLY), "2026-10-08", confirmed.terms)
    assert (by_itself.ending.last_day, codes(by_itself)) == (None, [])


@pytest.mark.parametrize("kind", ["consumer", ""])
def test_consumers_are_not_renewed_by_themselves_for_a_fixed_term(kind):
    """§ 309 Nr. 9 BGB, since 1 March 2022."""
    found = plan(contract(**YEARLY, customer_kind=kind), "2026-10-08")
    assert (spans(found), codes(found)) == ([FIRST], ["consumer_auto_renewal"])
    assert codes(plan(contract(**YEARLY, customer_kind=kind, renewed_through="2027-12-31"), "2026-02-01")) == []
    assert codes(plan(contract(**YEARLY | {"renewal_mode": "indefinite"}, customer_kind=kind), "2026-10-08")) == []


def test_a_blocked_customer_is_not_renewed_by_itself():
    found = plan(contract(**YEARLY), "2026-10-08", blocked=True)
    assert (spans(found), codes(found)) == ([FIRST], ["customer_blocked"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"uplift": "none"}, ["99.99", "99.99", "99.99"]),
        ({"uplift": "percent", "uplift_percent": "3.5"}, ["99.99", "103.49", "107.11"]),  # 103.49 x 1.035, the rounded one
        ({"uplift": "percent"}, ["99.99", "None", "None"]),
        ({"uplift": "index", "uplift_percent": "2", "uplift_from": "2027-01-01"}, ["99.99", "101.99", "None"]),
        ({"uplift": "manual"}, ["99.99", "None", "None"]),
        ({"uplift": "percent", "uplift_percent": "3.5", "customer_kind": "consumer"}, ["99.99", "99.99", "99.99"]),
        (
            {"uplift": "percent", "uplift_percent": "3.5", "customer_kind": "consumer", "uplift_agreed": True},
            ["99.99", "103.49", "107.11"],
        ),
    ],
)
def test_prices_rise_exactly_once_per_term(fields, expected):
    agreement = contract(line(price="99.99"), **YEARLY, renewed_through="2028-12-31", **fields)
    once = plan(agreement, "2026-02-01")
    assert prices(once) == expected
    again = plan(agreement, "2026-02-02", once.terms)
    assert (prices(again), again.fresh) == (expected, ())


def test_a_price_that_a_person_entered_wins():
    uplift = {"uplift": "percent", "uplift_percent": "10"}
    dated = line(price="100", new_unit_price="105", new_price_from="2027-01-01")
    assert prices(plan(contract(dated, **YEARLY, **uplift), "2027-10-08")) == ["100", "105", "115.50"]
    first = plan(contract(**YEARLY, **uplift), "2026-02-01")
    edited = contract(line(price="120"), **YEARLY, **uplift)
    assert codes(plan(edited, "2026-03-01", first.terms)) == ["line_changed_without_date"]
    assert prices(plan(edited, "2026-10-08", first.terms)) == ["100", "120"]


def test_a_price_that_comes_too_late_or_within_a_term_is_asked_about():
    first = plan(contract(**YEARLY), "2026-02-01").terms
    within = line(new_unit_price="105", new_price_from="2026-07-01")
    assert codes(plan(contract(within, **YEARLY), "2026-03-01", first)) == ["new_price_unfit"]
    renewed = plan(contract(**YEARLY), "2026-10-08", first).terms
    late = line(new_unit_price="105", new_price_from="2027-01-01")
    found = plan(contract(late, **YEARLY), "2026-10-09", renewed)
    assert (prices(found), codes(found)) == (["100", "100.00"], ["new_price_unfit"])
    in_time = plan(contract(late, **YEARLY), "2026-10-08", first)
    assert (prices(in_time), codes(in_time)) == (["100", "105"], [])
    assert codes(plan(contract(late, **YEARLY), "2026-10-09", in_time.terms)) == []


@pytest.mark.parametrize(
    "changed", [{"quantity": "5"}, {"discount": "1"}, {"tax_class": "reduced"}, {"product": "Q"}, {"valid_from": "2026-02-01"}]
)
def test_a_change_that_bears_no_date_is_shown(changed):
    frozen = plan(contract(), "2026-01-01").terms
    found = plan(contract(line(**changed)), "2026-05-01", frozen)
    assert (found.terms, codes(found)) == (frozen, ["line_changed_without_date"])
    same = plan(contract(line(valid_from="2026-01-01")), "2026-05-01", frozen)
    assert (same.terms, codes(same)) == (frozen, [])


def test_a_missing_index_is_filled_in_later_and_then_stays():
    agreement = {**YEARLY, "uplift": "index"}
    renewed = plan(contract(**agreement), "2026-10-08")
    assert prices(renewed) == ["100", "None"]
    known = plan(contract(**agreement, uplift_percent="4", uplift_from="2027-01-01"), "2026-11-01", renewed.terms)
    assert (prices(known), [term.number for term in known.fresh]) == (["100", "104.00"], [2])
    later = plan(contract(**agreement, uplift_percent="9", uplift_from="2027-01-01"), "2026-11-02", known.terms)
    assert (prices(later), later.fresh) == (["100", "104.00"], ())


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("0.0123", ["0.0123", "0.0127", "0.0131"]),
        ("0.0193", ["0.0193", "0.0200", "0.0207"]),  # the zeros count, although an amount is kept without them
        ("0.01230", ["0.01230", "0.0127", "0.0131"]),
        ("100", ["100", "103.50", "107.12"]),
        ("99.995", ["99.995", "103.495", "107.117"]),
    ],
)
def test_small_prices_keep_their_decimals(price, expected):
    agreement = contract(line(price=price), **YEARLY, renewed_through="2028-12-31", uplift="percent", uplift_percent="3.5")
    assert prices(plan(agreement, "2026-02-01")) == expected
    kept = [stored(term) for term in plan(agreement.model_copy(update={"renewed_through": None}), "2026-10-08").terms]
    assert plan(agreement, "2026-10-09", kept).terms[2].lines[0].unit_price == Decimal(expected[2])


def test_a_frozen_term_takes_only_what_bears_a_date():
    frozen = plan(contract(), "2026-01-01").terms
    ended = plan(contract(line(valid_to="2026-06-30")), "2026-05-01", frozen)
    assert (ended.terms[0].lines[0].valid_to, codes(ended)) == (day("2026-06-30"), [])
    added = plan(contract(line(), line("2", valid_from="2026-04-01")), "2026-05-01", frozen)
    assert ([known.id for known in added.terms[0].lines], codes(added)) == (["1", "2"], [])
    undated = plan(contract(line(), line("2")), "2026-05-01", frozen)
    assert ([known.id for known in undated.terms[0].lines], codes(undated)) == (["1"], ["line_without_date"])
    changed = plan(contract(line(quantity="5")), "2026-05-01", frozen)
    assert (changed.terms, codes(changed)) == (frozen, ["line_changed_without_date"])
    moved = plan(contract(start="2026-02-01"), "2026-05-01", frozen)
    assert (moved.terms, codes(moved)) == (frozen, ["start_changed"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["line_after_end"]),
        ({"initial_term": 0}, []),
        (YEARLY, []),  # it may yet be renewed
        (YEARLY | {"cancellation_kind": "ordinary", "cancellation_received_on": "2026-02-01"}, ["line_after_end"]),
    ],
)
@pytest.mark.parametrize("recurrence", ["recurring", "one_off"])
def test_a_line_after_the_end_is_not_lost_silently(fields, expected, recurrence):
    late = line("2", recurrence=recurrence, valid_from="2027-01-01")
    assert codes(plan(contract(line(), late, **fields), "2026-03-01")) == expected


def test_a_one_off_added_without_a_date_is_asked_about():
    frozen = plan(contract(), "2026-01-01").terms
    late = contract(line(), line("2", recurrence="one_off"))
    assert codes(plan(late, "2026-03-01", frozen)) == ["line_without_date"]


def test_a_line_without_a_date_holds_from_the_next_term():
    frozen = plan(contract(**YEARLY), "2026-01-01").terms
    found = plan(contract(line(), line("2", price="7"), **YEARLY), "2026-10-08", frozen)
    assert [[known.id for known in term.lines] for term in found.terms] == [["1"], ["1", "2"]]
    assert plan(contract(line(), line("2", price="7"), **YEARLY), "2026-10-09", found.terms).fresh == ()
