"""For any course of payments, corrections, returns, dates and runs, whatever fails on the way: the CRM shows the ledger."""

from __future__ import annotations

import itertools
from datetime import date
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.domain.money import plain
from tests.engine.ledger import Company
from tests.processes.receivables.reference import Tasks, balance, status
from tests.processes.receivables.test_receivables_properties import DAY, FIRST, ledgers

NAMES = itertools.count(1)
NIGHTS = st.lists(st.integers(0, 120), min_size=1, max_size=4, unique=True).map(sorted)
FAULTS = st.lists(st.sampled_from(["", "", "lost", "dropped", "late", "busy"]), max_size=6)
THRESHOLDS, LEAST = (7, 21, 45), 0


def tell(books, ledger, today, chance):
    """Let the ERP say what it says on a day; some changes leave no trace in its timestamps."""
    for one in ledger:
        told = one.told(today, chance).model_dump(mode="json") | {"number": one.id}
        books.erp.put("receivable", one.id, values=told, parent=books.erp.ref("customer", one.account))


def shown(books, account):
    values = books.shows(account)
    last = (date.fromisoformat(values["last_payment_on"]), values["last_payment"]) if values["last_payment"] else None
    return values["open"], values["overdue"], values["oldest_due"], last


def reckoned(ledger, account, today):
    some = [one for one in ledger if (one.account, one.currency) == (account, "EUR")]
    owed, overdue, oldest, last, _ = balance(some, [], today, None)
    return plain(owed), plain(overdue), oldest.isoformat() if oldest else "", last and (last[0], plain(last[1]))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(ledgers(), NIGHTS, st.integers(0, 99), FAULTS)
def test_figures_are_the_ledgers_and_tasks_those_of_a_slow_reckoning(cluster, ledger, nights, seed, faults):
    name = f"ledger{next(NAMES)}"
    books, chance, tasks = Company(cluster.create(name, "migrated")), Random(seed), Tasks()
    try:
        accounts = {key: books.customer(key) for key in "AB"}
        contracts = sorted({one.contract for one in ledger if one.contract})
        for number in contracts:
            books.contract(accounts["A"], number)
        for night in nights:
            books.today = FIRST + night * DAY
            books.erp.booked = books.today
            tell(books, ledger, books.today, chance)
            books.crm.faults = list(faults)
            books.night()
            tasks.run(ledger, books.today, True, THRESHOLDS, LEAST, None)
        books.crm.faults = []
        books.crm.commit_late()
        for _ in range(2):
            books.night()
        everything_is_right(books, ledger, contracts, tasks)
        writes = books.crm.calls["write"]
        books.night()
        assert books.crm.calls["write"] == writes
    finally:
        books.database.close()
        cluster.drop(name)


def everything_is_right(books, ledger, contracts, tasks):
    today = books.today
    for key in "AB":
        assert shown(books, key) == reckoned(ledger, key, today)
    for number in contracts:
        assert books.status(number)["payment_status"] == status([o for o in ledger if o.contract == number], today, None)
    account_of = {one.id: one.account for one in ledger}
    open_ones = {record.values["key"] for record in books.crm.of("task") if record.values["state"] == "open"}
    wanted = {(one, cycle, level) for (one, cycle, level), state in tasks.states.items() if state == "open"}
    assert open_ones == {
        f"task/{account_of[one]}/{books.erp.ref('receivable', one)}/{cycle}/{level}" for one, cycle, level in wanted
    }
    assert len({record.values["key"] for record in books.crm.of("note")}) == len(books.crm.of("note"))
    assert {row["difference"] for row in books.report()["balances"]["currencies"]} <= {"0.00"}
