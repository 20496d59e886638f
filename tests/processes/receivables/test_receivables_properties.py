"""For any course of payments, corrections, returns and runs, figures and tasks are those of a ledger kept day by day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.payment import Debtor, Unallocated
from tests.processes.receivables.examples import Crm, rules, working
from tests.processes.receivables.reference import FLAGS, Event, Invoice, Tasks, balance, euros, status

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
CENTS = st.one_of(st.integers(1, 300), st.integers(1, 100_000))
SETTLING = ("money", "money", "netting", "skonto", "write_off", "exchange", "correction")
ACTIONS = ("returned",) * 9 + ("money",) * 5 + ("refund",) * 3 + (*SETTLING, "reversal", *FLAGS)
ALL = settings(deadline=None)


@st.composite
def invoices(draw, number):
    posted = FIRST + draw(st.integers(0, 40)) * DAY
    dues = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=3)))
    kind = draw(st.sampled_from(["invoice"] * 6 + ["item"]))
    one = Invoice(
        id=f"I{number}", account=draw(st.sampled_from(["A", "B"])), contract=draw(st.sampled_from(["SC-1", "SC-2", ""])),
        currency=draw(st.sampled_from(["EUR", "EUR", "CHF"])), posted=posted,
        sent=posted + draw(st.sampled_from([0, 0, 9])) * DAY,
        parts=[(posted + due * DAY, draw(CENTS)) for due in dues], kind=kind, apart=len(dues) > 1 and draw(st.booleans()),
    )  # fmt: skip
    at = posted
    for _ in range(draw(st.integers(0, 9))):
        at += draw(st.integers(1, 14)) * DAY
        if event := draw(events(one, at)):
            one.events.append(event)
            if event.kind == "reversal":
                break
    return one


@st.composite
def events(draw, one, at):
    """What can happen to an invoice on a day, as it stands then."""
    kind, rest, kept = draw(st.sampled_from(ACTIONS)), one.open(at), one.kept(at)
    received = sum(event.cents for event in kept) + sum(event.cents for event in one.events if event.kind == "refund")
    if kind in FLAGS:
        return Event(at, kind)
    if kind == "reversal":
        return Event(at, kind, rest) if rest == one.gross else None
    if kind == "returned" and kept and received == sum(event.cents for event in kept):
        back = draw(st.sampled_from(kept))
        return Event(at, kind, -back.cents, back, named=len(kept) > 1 or draw(st.booleans()))
    if kind == "refund" and received > 0:
        return Event(at, kind, -draw(st.sampled_from([received, min(received, max(1, -rest))])))
    if kind not in SETTLING or rest <= 0:
        return None
    amount = draw(st.sampled_from([rest, (rest + 1) // 2, max(1, rest // 3)]))
    return Event(at, kind, rest + 250 if kind == "money" and draw(st.integers(0, 5)) == 0 else amount)


@st.composite
def credit_notes(draw):
    posted = FIRST + draw(st.integers(0, 90)) * DAY
    return Invoice(
        "G", "A", draw(st.sampled_from(["SC-1", "SC-3"])), "EUR", posted, posted, [(posted, -draw(CENTS))], "credit_note"
    )


@st.composite
def ledgers(draw):
    found = [draw(invoices(number)) for number in range(draw(st.integers(1, 4)))]
    return found + draw(st.lists(credit_notes(), max_size=1))


MONEY = st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["EUR", "CHF"]), st.integers(0, 120), st.integers(1, 5000))
UNALLOCATED = st.lists(MONEY, max_size=3, unique_by=lambda money: money[:3])
NIGHTS = st.lists(st.integers(0, 220), min_size=1, max_size=12, unique=True).map(sorted)
BUSINESS_DAY = st.sampled_from(["keep", "next_working_day"])


def told(ledger, today, random):
    return [one.told(today, random) for one in ledger]


def debtors(money, today):
    return [
        Debtor(account=account, credit_hold=account == "B", unallocated=tuple(
            Unallocated(id=f"{who}/{FIRST + at * DAY}", day=FIRST + at * DAY, currency=currency, amount=euros(cents))
            for who, currency, at, cents in money if who == account and FIRST + at * DAY <= today
        ))
        for account in ("A", "B")
    ]  # fmt: skip


@ALL
@given(ledgers(), NIGHTS, BUSINESS_DAY, st.integers(0, 99))
def test_each_invoice_stands_where_the_ledger_says(ledger, nights, business_day, seed):
    calendar = working if business_day == "next_working_day" else None
    for night in nights:
        today = FIRST + night * DAY
        found = Crm().run(told(ledger, today, Random(seed)), today, rules(business_day=business_day))
        for one, standing in zip(ledger, found.standings, strict=True):
            assert standing.settlement == one.settlement(today)
            days, cents = one.late(today, calendar)
            assert (standing.overdue.days, standing.overdue.amount) == (days, euros(cents))
            kept, returned = one.kept(today), one.returns(today)
            last = (kept[-1].day, euros(kept[-1].cents)) if kept else None
            assert (standing.last_payment and (standing.last_payment.day, standing.last_payment.amount)) == last
            assert (standing.returns, standing.returned_on) == (len(returned), returned[-1].day if returned else None)
            assert standing.returned_unpaid == bool(returned and one.unpaid(today))
            for kind in ("money", "netting", "skonto", "write_off", "exchange", "refund", "returned"):
                booked = sum(event.cents for event in one.until(today) if event.kind == kind)
                assert getattr(standing.closing, kind) == euros(booked)


@ALL
@given(ledgers(), UNALLOCATED, NIGHTS, BUSINESS_DAY, st.integers(0, 99))
def test_contracts_and_accounts_are_the_ledgers_sums(ledger, money, nights, business_day, seed):
    calendar = working if business_day == "next_working_day" else None
    contracts, accounts = defaultdict(list), defaultdict(list)
    for one in ledger:
        contracts[one.contract].append(one)
        accounts[one.account, one.currency].append(one)
    for night in nights:
        today = FIRST + night * DAY
        found = Crm().run(
            told(ledger, today, Random(seed)), today, rules(business_day=business_day), debtors=debtors(money, today)
        )
        assert found.statuses == {name: status(some, today, calendar) for name, some in contracts.items() if name}
        expected = {}
        for account in ("A", "B"):
            for currency in ("EUR", "CHF"):
                some = accounts.get((account, currency), [])
                loose = [(FIRST + at * DAY, cents) for who, coin, at, cents in money if (who, coin) == (account, currency)]
                loose = [(when, cents) for when, cents in loose if when <= today]
                if loose or any(one.posted <= today for one in some):
                    expected[account, currency] = (*balance(some, loose, today, calendar), account == "B")
        assert {(one.account, one.currency): figures(one) for one in found.balances} == expected


def figures(one):
    last = one.last_payment and (one.last_payment.day, one.last_payment.amount)
    return one.open, one.overdue, one.oldest_due, last, one.unallocated, one.credit_hold


@ALL
@given(
    ledgers(), NIGHTS, st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.sampled_from([(7, 21, 45), (1,), ()]),
    st.sampled_from([0, 500]), BUSINESS_DAY, st.integers(0, 99),
)  # fmt: skip
def test_tasks_are_those_of_a_slow_clerk_and_a_second_run_changes_nothing(
    ledger, nights, outdated, busy, thresholds, least, business_day, seed
):
    calendar = working if business_day == "next_working_day" else None
    using = rules(days=thresholds, min_amount=str(euros(least)), business_day=business_day)
    crm, clerk, random = Crm(), Tasks(), Random(seed)
    for number, night in enumerate(nights):
        today = FIRST + night * DAY
        bank = today - (6 if number in outdated else 5) * DAY
        found = crm.run(told(ledger, today, random), today, using, bank=bank)
        clerk.run(ledger, today, number not in outdated, thresholds, least, calendar)
        assert found.tasks.bank_outdated == (number in outdated)
        assert {tuple(key): state for key, state in crm.tasks.items()} == clerk.states
        again = crm.run(told(ledger, today, random), today, using, bank=bank).tasks
        assert (again.create, again.reopen, again.close) == ((), (), ())
        if number in busy:  # a person does what is to be done
            for states in (crm.tasks, clerk.states):
                states.update({key: "done" for key, state in states.items() if state == "open"})


@ALL
@given(ledgers(), st.integers(0, 220), st.integers(0, 99))
def test_one_run_after_missed_nights_leaves_what_a_run_each_night_leaves(ledger, last, seed):
    nightly, late, random = Crm(), Crm(), Random(seed)
    for night in range(last + 1):
        nightly.run(told(ledger, FIRST + night * DAY, random), FIRST + night * DAY)
    today = FIRST + last * DAY
    late.run(told(ledger, today, random), today)
    assert late.open == nightly.open
    assert len(late.made) == len({task.key.invoice for task in late.made})
    wanted = {one.id: one.wanted(today, (7, 21, 45), 0, None) for one in ledger}
    assert late.open == sorted((name, *key) for name, key in wanted.items() if key)
