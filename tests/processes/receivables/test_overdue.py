"""From when on an invoice is overdue, and by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from interlock.domain.receivable_rules import BankRules, DueRules, DunningRules, PaymentRules
from interlock.processes.receivables.overdue import effective_due
from tests.processes.receivables.examples import day, invoice, row, rules, standing


@pytest.mark.parametrize(
    ("due", "business_day", "effective"),
    [
        ("2026-01-31", "keep", "2026-01-31"),
        ("2026-01-30", "next_working_day", "2026-01-30"),
        ("2026-01-31", "next_working_day", "2026-02-02"),  # Saturday
        ("2026-02-01", "next_working_day", "2026-02-02"),  # Sunday
        ("2026-01-01", "next_working_day", "2026-01-02"),  # New Year
        ("2026-04-03", "next_working_day", "2026-04-07"),  # Good Friday, then Easter Monday
    ],
)
def test_a_due_date_moves_to_the_next_working_day(due, business_day, effective):
    assert effective_due(day(due), rules(business_day=business_day)) == day(effective)


@pytest.mark.parametrize(
    ("as_of", "business_day", "days"),
    [
        ("2026-01-30", "keep", 0),
        ("2026-01-31", "keep", 0),
        ("2026-02-01", "keep", 1),
        ("2026-02-02", "next_working_day", 0),
        ("2026-02-03", "next_working_day", 1),
        ("2026-03-31", "keep", 59),
    ],
)
def test_overdue_begins_with_the_day_after_the_effective_due_date(as_of, business_day, days):
    late = standing(invoice(), as_of, rules(business_day=business_day)).overdue
    assert (late.days, late.amount) == (days, 119 if days else 0)


def test_a_calendar_is_needed_to_move_due_dates():
    with pytest.raises(ValueError, match="calendar of working days"):
        effective_due(day("2026-01-31"), replace(rules(business_day="next_working_day"), is_working_day=None))
    with pytest.raises(ValueError, match="no working day"):
        effective_due(day("2026-01-31"), replace(rules(business_day="next_working_day"), is_working_day=lambda _: False))


PARTS = ({"due": "2026-01-31", "amount": "59"}, {"due": "2026-02-28", "amount": "60"})


@pytest.mark.parametrize(
    ("opens", "paid", "as_of", "days", "amount"),
    [
        ((), "0", "2026-02-10", 10, 59),
        ((), "50", "2026-02-10", 10, 9),
        ((), "59", "2026-02-10", 0, 0),
        ((), "80", "2026-03-01", 1, 39),
        ((), "0", "2026-03-01", 29, 119),
        (("59", "10"), "50", "2026-02-10", 10, 59),
        (("0", "60"), "59", "2026-02-10", 0, 0),
        (("-1", "61"), "59", "2026-03-01", 1, 61),
    ],
)
def test_each_instalment_is_overdue_by_itself(opens, paid, as_of, days, amount):
    parts = [part | ({"open": opens[n]} if opens else {}) for n, part in enumerate(PARTS)]
    rows = [row("money", paid)] if paid != "0" else []
    late = standing(invoice(*rows, due=None, maturities=parts), as_of).overdue
    assert (late.days, late.amount) == (days, amount)


@pytest.mark.parametrize(
    "one",
    [
        invoice(state="draft"), invoice(row("correction", "119"), state="cancelled"), invoice(row("money", "119")),
        invoice(row("money", "130")), invoice(kind="credit_note", gross="-119", open_amount="-119"),
    ],
)  # fmt: skip
def test_what_owes_nothing_is_never_overdue(one):
    assert standing(one, "2026-12-31").overdue.days == 0


def test_the_settings_have_their_usual_values():
    assert PaymentRules().reopen_days == 90
    assert DueRules().business_day == "keep"
    assert (DunningRules().days, DunningRules().min_amount, DunningRules().source) == ((7, 21, 45), 0, "interlock")
    assert BankRules().max_age_days == 5


@pytest.mark.parametrize(
    ("model", "fields", "why"),
    [
        (DueRules, {"business_day": "next_working_day"}, "due.region"),
        (DueRules, {"region": "Lower Saxony"}, "pattern"),
        (DueRules, {"business_day": "previous"}, "keep"),
        (DunningRules, {"days": (21, 7)}, "must rise"),
        (DunningRules, {"days": (7, 7)}, "must rise"),
        (DunningRules, {"days": (0,)}, "greater than or equal to 1"),
        (DunningRules, {"min_amount": "-1"}, "greater than or equal to 0"),
        (DunningRules, {"min_amount": 0.1}, "binary fraction"),
        (DunningRules, {"source": "crm"}, "interlock"),
        (BankRules, {"max_age_days": -1}, "greater than or equal to 0"),
        (PaymentRules, {"reopen": 1}, "not permitted"),
    ],
)
def test_settings_that_make_no_sense_are_refused(model, fields, why):
    with pytest.raises(ValidationError, match=why):
        model(**fields)
