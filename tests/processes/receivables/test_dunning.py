"""Which task an invoice gets, and when it closes; due on 31 January, so that 7 February is the seventh day."""

from __future__ import annotations

import pytest

from tests.processes.receivables.examples import Crm, invoice, row, rules

PAID = row("money", "119", "2026-01-31")
BACK = row("returned", "-119", "2026-02-03")


def tasks_of(one, as_of, using=None):
    crm = Crm()
    crm.run([one], as_of, using)
    return crm.open


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-02-06", []),
        ("2026-02-07", [("1", 0, 1)]),
        ("2026-02-20", [("1", 0, 1)]),
        ("2026-02-21", [("1", 0, 2)]),
        ("2026-03-16", [("1", 0, 2)]),
        ("2026-03-17", [("1", 0, 3)]),
        ("2027-01-01", [("1", 0, 3)]),
    ],
)
def test_only_the_highest_level_reached_gets_a_task(as_of, expected):
    assert tasks_of(invoice(), as_of) == expected


def test_lower_levels_close_and_all_close_when_it_is_paid():
    crm = Crm()
    crm.run([invoice()], "2026-02-07")
    assert crm.run([invoice()], "2026-02-21").tasks.close == ((("1", 0, 1), "superseded"),)
    assert crm.open == [("1", 0, 2)]
    assert crm.run([invoice(row("money", "119"))], "2026-02-22").tasks.close == ((("1", 0, 2), "paid"),)
    assert crm.open == []


def test_a_task_says_whom_to_call_about_what():
    parts = [{"due": "2026-01-31", "amount": "59"}, {"due": "2026-02-28", "amount": "60"}]
    crm = Crm()
    crm.run([invoice(due=None, maturities=parts)], "2026-02-07")
    (task,) = crm.made
    assert (task.account, task.contract, task.number, task.currency, task.amount) == ("12", "SC-7", "R-1", "EUR", 59)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"dunning_block": True}, "dunning_block"),
        ({"dispute": True}, "dispute"),
        ({"deferral": True}, "deferral"),
        ({"insolvency": True}, "insolvency"),
        ({"debit_pending": True}, "debit_pending"),
        ({"sent": False}, "unsent"),
    ],
)
@pytest.mark.parametrize("rows", [(), (PAID, BACK)], ids=["overdue", "returned"])
def test_no_task_while_something_stands_against_it(fields, why, rows):
    crm = Crm()
    crm.run([invoice(*rows)], "2026-02-10")
    (key,) = crm.open
    assert crm.run([invoice(*rows, **fields)], "2026-02-11").tasks.close == ((key, why),)
    assert crm.run([invoice(*rows)], "2026-02-12").tasks.reopen == (key,)
    assert len(crm.made) == 1


@pytest.mark.parametrize(("least", "expected"), [("119", [("1", 0, 1)]), ("119.01", [])])
def test_small_amounts_make_no_task(least, expected):
    assert tasks_of(invoice(), "2026-02-07", rules(min_amount=least)) == expected


def test_an_instalment_below_the_least_amount_makes_no_task_before_the_others_are_overdue():
    parts = [{"due": "2026-01-31", "amount": "9"}, {"due": "2026-02-28", "amount": "110"}]
    one = invoice(due=None, maturities=parts)
    assert tasks_of(one, "2026-02-28", rules(min_amount="10")) == []
    assert tasks_of(one, "2026-03-01", rules(min_amount="10")) == [("1", 0, 2)]


@pytest.mark.parametrize(
    "one",
    [
        invoice(row("correction", "119")), invoice(row("correction", "119"), state="cancelled"), invoice(state="draft"),
        invoice(kind="credit_note", gross="-9", open_amount="-9"), invoice(row("money", "200")),
        invoice(kind="item", contract=""),
    ],
)  # fmt: skip
def test_no_task_for_what_nobody_must_pay_or_is_no_invoice(one):
    assert tasks_of(one, "2026-12-31") == []


def test_a_return_makes_one_task_at_once_and_days_count_from_it_anew():
    crm = Crm()
    crm.run([invoice(PAID)], "2026-02-02")
    assert crm.open == []
    one = invoice(PAID, row("returned", "-119", "2026-03-01"))
    for as_of, expected in (("2026-03-01", 0), ("2026-03-07", 0), ("2026-03-08", 1), ("2026-03-22", 2), ("2026-04-15", 3)):
        crm.run([one], as_of)
        assert crm.open == [("1", 1, expected)]
    assert [task.key.level for task in crm.made] == [0, 1, 2, 3]


def test_a_return_before_the_due_date_makes_its_task_too():
    one = invoice(row("money", "119", "2026-01-02"), row("returned", "-119", "2026-01-05"))
    assert tasks_of(one, "2026-01-05") == [("1", 1, 0)]
    assert tasks_of(one, "2026-02-06") == [("1", 1, 0)]
    assert tasks_of(one, "2026-02-07") == [("1", 1, 1)]


def test_a_second_return_is_a_new_cycle():
    crm = Crm()
    crm.run([invoice()], "2026-02-07")
    rows = [row("money", "119", "2026-02-08"), row("returned", "-119", "2026-02-10")]
    assert crm.run([invoice(*rows)], "2026-02-10").tasks.close == ((("1", 0, 1), "superseded"),)
    assert crm.open == [("1", 1, 0)]
    rows.append(row("money", "119", "2026-02-12"))
    crm.run([invoice(*rows)], "2026-02-12")
    assert crm.open == []
    rows.append(row("returned", "-119", "2026-02-14"))
    crm.run([invoice(*rows)], "2026-02-14")
    assert crm.open == [("1", 2, 0)]


def test_what_a_person_did_is_not_asked_for_again_until_the_next_level():
    crm = Crm()
    crm.run([invoice()], "2026-02-07")
    crm.tasks["1", 0, 1] = "done"
    for as_of in ("2026-02-08", "2026-02-20"):
        crm.run([invoice()], as_of)
        assert crm.open == []
    crm.run([invoice()], "2026-02-21")
    assert crm.open == [("1", 0, 2)]


@pytest.mark.parametrize(("bank", "outdated"), [("2026-02-16", False), ("2026-02-15", True), (None, True), ("2026-02-21", False)])
def test_no_task_while_nobody_knows_who_paid(bank, outdated):
    crm = Crm()
    found = crm.run([invoice(), invoice(PAID, BACK, id="2")], "2026-02-21", bank=bank)
    assert found.tasks.bank_outdated == outdated
    assert crm.open == ([] if outdated else [("1", 0, 2), ("2", 1, 1)])


def test_without_bank_statements_tasks_stay_but_what_is_settled_closes():
    crm = Crm()
    crm.run([invoice(), invoice(id="2")], "2026-02-07")
    found = crm.run([invoice(), invoice(row("correction", "119"), id="2")], "2026-02-21", bank="2026-02-07")
    assert found.tasks.close == ((("2", 0, 1), "credited"),)
    assert crm.open == [("1", 0, 1)]


def test_tasks_of_invoices_that_were_not_read_are_left_alone():
    crm = Crm()
    crm.run([invoice(), invoice(id="2")], "2026-02-07")
    crm.run([invoice(id="2")], "2026-02-21")
    assert crm.open == [("1", 0, 1), ("2", 0, 2)]


@pytest.mark.parametrize(
    ("rows", "fields", "expected"),
    [
        ((), {}, []),
        ((), {"dunning_level": 2, "dunned_on": "2026-02-05"}, [("1", 0, 2)]),
        ((), {"dunning_level": 2}, [("1", 0, 2)]),
        ((), {"dunning_level": 2, "dispute": True}, []),
        ((PAID, BACK), {}, [("1", 1, 0)]),
        ((PAID, BACK), {"dunning_level": 2, "dunned_on": "2026-02-01"}, [("1", 1, 0)]),
        ((PAID, BACK), {"dunning_level": 2}, [("1", 1, 0)]),
        ((PAID, BACK), {"dunning_level": 1, "dunned_on": "2026-02-04"}, [("1", 1, 1)]),
        ((PAID,), {"dunning_level": 2}, []),
    ],
)
def test_the_erps_own_dunning_may_say_the_level(rows, fields, expected):
    assert tasks_of(invoice(*rows, **fields), "2026-12-31", rules(source="erp")) == expected


def test_without_days_only_returns_make_tasks():
    assert tasks_of(invoice(), "2026-12-31", rules(days=())) == []
    assert tasks_of(invoice(PAID, BACK), "2026-12-31", rules(days=())) == [("1", 1, 0)]
