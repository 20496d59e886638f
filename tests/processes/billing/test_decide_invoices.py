"""Owed against billed: an invoice, a supplement, settled, held with exact amounts, or waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.contract import Contract, Line
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, InvoiceState, TaxTotal
from interlock.domain.tax_table import GERMAN, TaxRow, TaxRules
from interlock.processes.billing import read_contract
from tests.processes.billing.examples import HOME, Erp, ask, contract, day, line, rules

QUARTER = {"interval": "quarter"}
FIRST = "SC-7/2026-01-01"


def held(answer):
    return [(entry.problems[0].code, entry.key.reference, f"{entry.net:.2f}", f"{entry.tax:.2f}") for entry in answer.held]


def references(invoices):
    return [invoice.reference for invoice in invoices]


@pytest.mark.parametrize(
    ("fields", "as_of", "expected"),
    [
        ({}, "2025-12-17", []),
        ({}, "2025-12-18", [FIRST]),  # in advance: fourteen days before the start
        ({"billed": "arrears"}, "2026-03-31", []),
        ({"billed": "arrears"}, "2026-04-01", [FIRST]),  # the day after the end
        (
            {"billed": "arrears", "cancellation_kind": "by_agreement", "cancellation_effective_on": "2026-02-10"},
            "2026-02-11",
            [FIRST],  # the shortened end
        ),
        ({}, "2026-06-30", [FIRST, "SC-7/2026-04-01", "SC-7/2026-07-01"]),  # catches up
        ({"cancellation_kind": "void"}, "2026-06-30", []),
        ({"status": "cancelled"}, "2026-01-01", [FIRST]),  # the status stops nothing
    ],
)
def test_periods_are_due(fields, as_of, expected):
    assert references(ask(contract(**QUARTER | fields), as_of).planned) == expected


def test_nothing_of_a_new_term_is_invoiced_before_the_renewal_holds():
    agreement = contract(renewal_mode="fixed", renewal_term=12, notice_value=1, notice_unit="day")
    early = ask(agreement, "2027-01-06", using=rules(lead_days=60))
    assert references(early.planned)[-1] == "SC-7/2026-12-01"
    assert early.look_again == day("2027-01-07")
    assert references(ask(agreement, "2027-01-07", using=rules(lead_days=60)).planned)[-1] == "SC-7/2027-03-01"


def test_a_second_run_has_nothing_to_do():
    erp = Erp()
    assert references(erp.run(contract(**QUARTER), "2026-01-01").planned) == [FIRST]
    again = erp.run(contract(**QUARTER), "2026-01-01")
    assert (again.planned, again.held, [entry.references for entry in again.settled]) == ((), (), [(FIRST,)])


def test_a_line_added_within_an_invoiced_period_is_a_supplement():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    (invoice,) = erp.run(more, "2026-03-10").planned
    assert (invoice.reference, invoice.corrects, str(invoice.net), str(invoice.gross)) == (f"{FIRST}/S1", "R1", "17.22", "20.49")
    assert (invoice.service_from, invoice.service_to) == (day("2026-03-01"), day("2026-03-31"))
    third = contract(
        line(), line("2", price="50", valid_from="2026-03-01"), line("3", price="9", valid_from="2026-03-31"), **QUARTER
    )
    assert [(i.reference, str(i.net)) for i in erp.run(third, "2026-03-11").planned] == [(f"{FIRST}/S2", "0.10")]
    assert erp.run(third, "2026-03-12").planned == ()


def test_an_end_that_is_taken_back_is_a_supplement_for_the_days_that_follow():
    erp = Erp()
    ended = {"cancellation_kind": "by_agreement", "cancellation_effective_on": "2026-02-14"}
    assert [str(i.net) for i in erp.run(contract(**QUARTER, **ended), "2026-01-01").planned] == ["50.00"]
    (invoice,) = erp.run(contract(**QUARTER), "2026-02-10").planned
    assert (invoice.reference, str(invoice.net)) == (f"{FIRST}/S1", "50.00")
    assert [(n.service_from, n.service_to) for n in invoice.lines] == [(day("2026-02-15"), day("2026-03-31"))]


def test_a_swap_at_the_same_price_is_settled_without_an_invoice():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    swapped = contract(line(valid_to="2026-01-31"), line("2", valid_from="2026-02-01"), **QUARTER)
    answer = erp.run(swapped, "2026-02-01")
    assert (answer.planned, held(answer)) == ((), [])


def test_an_end_within_an_invoiced_period_is_held_with_the_correction():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    ended = contract(**QUARTER, cancellation_kind="for_cause", cancellation_received_on="2026-02-14")
    assert held(erp.run(ended, "2026-02-15")) == [("correction_needed", FIRST, "-50.00", "-9.50")]
    credit = InvoiceLine(line="1", net=Decimal("-50.00"), tax_class="standard", rate=Decimal(19))
    total = TaxTotal(category="S", rate=Decimal(19), base=Decimal("-50.00"), tax=Decimal("-9.50"))
    key = InvoiceKey(contract="SC-7", period_start=day("2026-01-01"), kind="correction")
    erp.billed.append(Invoice(key=key, state=InvoiceState.POSTED, lines=(credit,), taxes=(total,), net=Decimal("-50.00")))
    assert held(erp.run(ended, "2026-02-16")) == []  # a person corrected it: settled by itself


def test_a_void_contract_asks_for_all_of_it_back():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-03-20")
    answer = erp.run(contract(**QUARTER, cancellation_kind="void"), "2026-03-21")
    assert held(answer) == [
        ("correction_needed", FIRST, "-100.00", "-19.00"),
        ("correction_needed", "SC-7/2026-04-01", "-100.00", "-19.00"),
    ]


@pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.VALIDATED])
def test_a_draft_that_no_longer_says_what_is_owed_is_held(state):
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01", state)
    assert held(erp.run(contract(**QUARTER), "2026-01-02")) == []
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    assert held(erp.run(more, "2026-03-10")) == [("draft_outdated", FIRST, "17.22", "3.27")]


def test_an_invoice_on_its_way_is_waited_for():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01", InvoiceState.PLANNED)
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    answer = erp.run(more, "2026-03-10")
    assert ([entry.reason for entry in answer.waiting], answer.look_again) == (["invoice_in_flight"], day("2026-03-11"))


@pytest.mark.parametrize(
    ("state", "code"), [(InvoiceState.DELETED, "draft_deleted"), (InvoiceState.CANCELLED, "invoice_reversed")]
)
def test_what_people_undid_is_invoiced_anew_only_when_they_say_so(state, code):
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    erp.set(FIRST, state=state)
    assert held(erp.run(contract(**QUARTER), "2026-01-02")) == [(code, FIRST, "100.00", "19.00")]
    erp.reissue.add(FIRST)
    assert references(erp.run(contract(**QUARTER), "2026-01-03").planned) == [f"{FIRST}/2"]
    assert erp.run(contract(**QUARTER), "2026-01-04").planned == ()


@pytest.mark.parametrize(
    ("state", "code"), [(InvoiceState.DELETED, "draft_deleted"), (InvoiceState.CANCELLED, "invoice_reversed")]
)
def test_each_generation_that_people_undo_is_asked_about_by_its_own_reference(state, code):
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    for generation, reference in enumerate((FIRST, f"{FIRST}/2", f"{FIRST}/3"), 2):
        erp.set(reference, state=state)
        assert held(erp.run(contract(**QUARTER), "2026-01-02")) == [(code, reference, "100.00", "19.00")]
        erp.reissue.add(reference)
        assert references(erp.run(contract(**QUARTER), "2026-01-03").planned) == [f"{FIRST}/{generation}"]


def test_a_reversed_supplement_is_asked_about_by_its_own_reference():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    erp.run(more, "2026-03-10")
    erp.set(f"{FIRST}/S1", state=InvoiceState.CANCELLED)
    assert held(erp.run(more, "2026-03-11")) == [("invoice_reversed", f"{FIRST}/S1", "17.22", "3.27")]
    erp.reissue.add(f"{FIRST}/S1")
    assert references(erp.run(more, "2026-03-12").planned) == [f"{FIRST}/S2"]


def test_a_reversed_invoice_with_a_living_supplement_is_not_invoiced_anew():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    erp.run(more, "2026-03-10")
    erp.set(FIRST, state=InvoiceState.CANCELLED)
    erp.reissue.add(FIRST)
    assert held(erp.run(more, "2026-03-11")) == [("invoice_reversed", FIRST, "100.00", "19.00")]


def by_hand(net, tax, start="2026-01-01", first="2026-01-01", last="2026-03-31"):
    rate, base, tax = Decimal(19), Decimal(net), Decimal(tax)
    return Invoice(
        key=InvoiceKey(contract="SC-7", period_start=day(start)), state=InvoiceState.POSTED, service_from=day(first),
        service_to=day(last), lines=(InvoiceLine(net=base, rate=rate),), net=base,
        taxes=(TaxTotal(category="S", rate=rate, base=base, tax=tax),),
    )  # fmt: skip


def test_an_invoice_made_by_hand_counts_when_it_says_the_same():
    answer = ask(contract(**QUARTER), "2026-01-01", billed=[by_hand("100.00", "19.00")])
    assert (answer.planned, [entry.references for entry in answer.settled]) == ((), [(FIRST,)])
    other = ask(contract(**QUARTER), "2026-01-01", billed=[by_hand("90.00", "17.10")])
    assert held(other) == [("invoice_by_hand", FIRST, "10.00", "1.90")]


def test_an_invoice_in_another_currency_is_never_compared():
    other = by_hand("100.00", "19.00").model_copy(update={"currency": "CHF"})
    assert [entry.problems[0].code for entry in ask(contract(**QUARTER), "2026-01-01", billed=[other]).held] == [
        "invoice_by_hand"
    ]


def test_no_service_day_is_invoiced_in_two_periods():
    other = by_hand("100.00", "19.00", start="2026-02-01", first="2026-02-01", last="2026-04-30")
    assert ("service_day_invoiced", FIRST, "100.00", "19.00") in held(ask(contract(**QUARTER), "2026-01-01", billed=[other]))


def test_the_tax_that_the_erp_rounded_differently_is_no_difference():
    erp = Erp()
    agreement = contract(line(price="149.50"), **QUARTER)
    erp.run(agreement, "2026-01-01")
    (total,) = erp.billed[0].taxes
    erp.set(FIRST, taxes=(total.model_copy(update={"tax": Decimal("28.40")}),), tax=Decimal("28.40"))
    assert held(erp.run(agreement, "2026-01-02")) == []


def test_a_rate_that_changed_later_is_held_with_the_correction():
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-01-01")
    new = TaxRow(tax_class="standard", zone="domestic", rate=Decimal(21), code="21 %", valid_from=day("2026-03-01"))
    erp.using = rules(tax=TaxRules(rows=(new, *GERMAN)))
    (entry,) = erp.run(contract(**QUARTER), "2026-02-01").held
    assert (entry.problems[0].code, entry.net, entry.tax) == ("tax_changed", 0, Decimal("2.00"))
    assert [(str(t.rate), f"{t.base:.2f}", f"{t.tax:.2f}") for t in entry.taxes] == [
        ("19", "-100.00", "-19.00"),
        ("21", "100.00", "21.00"),
    ]


def test_a_customer_who_moves_abroad_changes_only_what_is_still_being_served():
    """The seat counts on the last day of service."""
    erp = Erp()
    erp.run(contract(**QUARTER), "2026-04-01")
    moved = HOME.party.model_copy(update={"country": "CH", "postal_code": "8001"})
    erp.recipient = replace(HOME, party=moved, since=day("2026-04-02"))
    assert held(erp.run(contract(**QUARTER), "2026-04-02")) == [("tax_changed", "SC-7/2026-04-01", "0.00", "-19.00")]
    more = contract(line(), line("2", price="50", valid_from="2026-03-01"), **QUARTER)
    assert held(erp.run(more, "2027-04-03"))[:2] == [
        ("tax_changed", FIRST, "17.22", "0.00"),  # where it was served, a person knows
        ("tax_changed", "SC-7/2026-04-01", "50.00", "-19.00"),  # time alone settles nothing
    ]


@pytest.mark.parametrize(
    ("billed_through", "planned", "stopped"),
    [
        (None, ["SC-7/2026-04-01"], [("period_straddles_go_live", FIRST, "100.00", "19.00")]),
        ("2026-03-31", ["SC-7/2026-04-01"], []),
        ("2025-12-31", [FIRST, "SC-7/2026-04-01"], []),
        ("2026-06-30", [], []),
    ],
)
def test_a_period_that_straddles_go_live(billed_through, planned, stopped):
    agreement = contract(**QUARTER, billed_through=billed_through)
    answer = ask(agreement, "2026-04-01", using=rules(go_live="2026-02-01"))
    assert (references(answer.planned), held(answer)) == (planned, stopped)


def test_what_was_invoiced_elsewhere_within_a_period_is_left_out():
    agreement = contract(**QUARTER, billed_through="2026-02-14")
    (invoice,) = ask(agreement, "2026-02-20", using=rules(go_live="2026-02-01")).planned
    assert (str(invoice.net), invoice.service_from, invoice.service_to) == ("50.00", day("2026-02-15"), day("2026-03-31"))


def test_a_one_off_that_was_invoiced_elsewhere_is_left_out():
    agreement = contract(
        line(), line("2", price="250", recurrence="one_off", valid_from="2026-02-14"),
        line("3", price="30", recurrence="one_off", valid_from="2026-02-15"), **QUARTER, billed_through="2026-02-14",
    )  # fmt: skip
    (invoice,) = ask(agreement, "2026-02-20").planned
    assert [(found.line, str(found.net)) for found in invoice.lines] == [("1", "50.00"), ("3", "30.00")]


def test_periods_before_go_live_and_a_first_term_billed_elsewhere_are_out():
    agreement = contract(renewed_through="2027-12-31", renewal_term=12, interval="year")
    assert references(ask(agreement, "2027-01-01", using=rules(go_live="2026-12-31", first_term=False)).planned) == [
        "SC-7/2027-01-01"
    ]
    assert references(ask(agreement, "2027-01-01", using=rules(go_live="2027-01-01")).planned) == ["SC-7/2027-01-01"]


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (replace(HOME, blocked=True), "customer_blocked"),
        (replace(HOME, is_account=False), "recipient_differs"),
        (replace(HOME, party=HOME.party.model_copy(update={"country": "GB"})), "tax_row_missing"),
    ],
)
def test_a_recipient_that_raises_a_question_holds_the_invoice(recipient, code):
    answer = ask(contract(**QUARTER), "2026-01-01", recipient=recipient)
    assert ([entry.problems[0].code for entry in answer.held], answer.planned) == ([code], ())


def test_another_recipient_that_a_person_confirmed_is_invoiced():
    confirmed = replace(HOME, id="99", is_account=False, confirmed=True)
    (invoice,) = ask(contract(**QUARTER, invoice_account="99"), "2026-01-01", recipient=confirmed).planned
    assert invoice.recipient == "99"


def test_a_period_that_comes_to_less_than_nothing_is_held():
    assert held(ask(contract(line(price="-5"), **QUARTER), "2026-01-01")) == [("invoice_negative", FIRST, "-5.00", "-0.95")]
    free = ask(contract(line(discount="100"), **QUARTER), "2026-01-01")
    assert (free.planned, free.held, len(free.settled)) == ((), (), 1)


def test_the_renewal_goes_through_while_its_invoice_waits_for_the_index():
    agreement = contract(renewal_term=12, renewed_through="2027-12-31", interval="year", uplift="index")
    answer = ask(agreement, "2027-01-01")
    assert [term.number for term in answer.plan.terms] == [1, 2]
    assert (references(answer.planned), [entry.reason for entry in answer.waiting]) == ([FIRST], ["price_missing"])


def test_an_unclear_cancellation_stops_only_what_it_may_touch():
    agreement = contract(**QUARTER, cancellation_kind="ordinary", cancellation_effective_on="2026-05-31")
    answer = ask(agreement, "2026-06-20")
    assert references(answer.planned) == [FIRST]
    assert [(entry.reason, str(entry.period_start)) for entry in answer.waiting] == [
        ("cancellation_unclear", "2026-04-01"), ("cancellation_unclear", "2026-07-01"),
    ]  # fmt: skip
    assert [problem.code for problem in answer.problems] == ["cancellation_receipt_missing"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": ""}, "contract_number_missing"),
        ({"start": None}, "contract_start_missing"),
        ({"start": "1026-01-01"}, "contract_date_doubtful"),
        ({"currency": "Euro"}, "currency_unfit"),
        ({"renewal_mode": "fixed"}, "renewal_term_missing"),
        ({"lines": ()}, "contract_without_lines"),
        ({"lines": (line(), line())}, "line_twice"),
        ({"lines": (line(valid_from="2026-02-01", valid_to="2026-01-31"),)}, "line_dates_crossed"),
        ({"lines": (line(usage=True),)}, "reading_without_dates"),
        ({"lines": (line(price="1E+60"),)}, "line_amount_doubtful"),
        ({"lines": (line(quantity="0.0000000001"),)}, "line_amount_doubtful"),
        ({"uplift_percent": "-100"}, "uplift_doubtful"),
    ],
)
def test_a_contract_that_cannot_be_reckoned_with_is_held_as_a_whole(fields, code):
    agreement = Contract.model_validate(contract().model_dump() | {"lines": [line()]} | fields)
    answer = ask(agreement, "2026-01-01")
    assert ([problem.code for problem in answer.problems], answer.planned, answer.plan.terms) == ([code], (), ())


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"start": "tomorrow"}, "start"),
        ({"renewal_mode": "often"}, "renewal_mode"),
        ({"notice_value": -1}, "notice_value"),
        ({"lines": [{"id": "1", "unit_price": "12,5"}]}, "lines"),
        ({"lines": [{"id": "1", "discount": "101"}]}, "lines"),
        ({"lines": [{"id": "1", "quantity": 1.5}]}, "lines"),
    ],
)
def test_a_field_that_cannot_be_one_is_named_without_its_value(fields, where):
    problem = read_contract(contract().model_dump(mode="json") | fields)
    assert (problem.code, problem.field) == ("contract_unfit", where)
    assert not any(str(value) in problem.message for value in ("tomorrow", "often", "12,5", "101", "1.5"))


def test_a_snapshot_is_read_as_the_contract_it_was():
    assert read_contract(contract().model_dump(mode="json")) == contract()


DATES = st.one_of(st.none(), st.dates(date(2024, 1, 1), date(2027, 12, 31)))
ANY_LINE = st.builds(
    Line, id=st.sampled_from("123"), quantity=st.one_of(st.none(), st.just(Decimal(2))),
    recurrence=st.sampled_from(["recurring", "one_off"]),
    unit_price=st.one_of(st.none(), st.decimals("-9", "99", places=4)), usage=st.booleans(), valid_from=DATES, valid_to=DATES,
    tax_class=st.sampled_from(["standard", "x"]), new_price_from=DATES, new_unit_price=st.sampled_from([None, Decimal(3)]),
)  # fmt: skip
ANY_CONTRACT = st.builds(
    Contract, number=st.just("SC-7"), customer_kind=st.sampled_from(["business", "consumer", ""]), start=DATES,
    initial_term=st.integers(0, 30), renewal_term=st.integers(0, 30), renewed_through=DATES,
    renewal_mode=st.sampled_from(["none", "fixed", "indefinite"]), notice_value=st.integers(0, 40),
    notice_unit=st.sampled_from(["day", "week", "month"]),
    cancellation_received_on=DATES, cancellation_effective_on=DATES,
    cancellation_kind=st.sampled_from(["", "ordinary", "for_cause", "by_agreement", "void"]), billed_through=DATES,
    interval=st.sampled_from(["month", "quarter", "half_year", "year"]), billed=st.sampled_from(["advance", "arrears"]),
    uplift=st.sampled_from(["none", "percent", "index", "manual"]), lines=st.lists(ANY_LINE, max_size=4).map(tuple),
)  # fmt: skip


@given(
    st.lists(ANY_CONTRACT, min_size=1, max_size=4), st.lists(st.dates(date(2023, 6, 1), date(2028, 1, 1)), min_size=4, max_size=4)
)
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_has_an_answer_and_no_service_day_is_billed_twice(versions, days):
    erp = Erp(rules(go_live="2025-01-01"))
    for agreement, today in zip(versions, sorted(days), strict=False):
        answer = erp.run(agreement, today)
        judged = [*answer.held, *answer.waiting, *answer.planned]
        assert all(entry.problems for entry in answer.held)
        assert len(judged) == len({getattr(e, "key", None) or e.period_start for e in judged})
        assert erp.ask(agreement, today).planned == ()
    regular = [(i.key.period_start, found) for i in erp.billed if i.key.kind == "regular" for found in i.lines]
    for number, (start, one) in enumerate(regular):
        for other_start, other in regular[number + 1 :]:
            if one.line == other.line and start != other_start:
                assert one.service_to < other.service_from or other.service_to < one.service_from
