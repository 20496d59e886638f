"""Lines of a debtors' ledger without an ERP: of what kind each is, which settled which, what was booked against a document."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.connectors.receivable_debtors import netted
from interlock.connectors.receivable_lines import Counterpart, Ledger, Line, Move, item_id, parted
from interlock.connectors.receivable_rows import Document, bookings, rescheduled
from interlock.connectors.tryton.receivable_matching import common_currency, pairs

NUMBERS = itertools.count(1)
DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, tzinfo=UTC)
BANK, RESULT, TAX, PAYABLE = "balance", "result", "tax", "payable"


def line(amount, *, move=0, day=0, foreign="0", currency="", **values):
    number = next(NUMBERS)
    on = DAY + timedelta(days=day)
    return Line(
        number, move or number, 1, 9, Decimal(amount), currency, Decimal(foreign), on, values.pop("due", None), AT, **values
    )


def move(*counterparts, **values):
    return Move([Counterpart(role, name, Decimal(amount)) for role, name, amount in counterparts], **values)


def bank(amount):
    return move((BANK, "Bank", amount))


def ledger(owners=None, **moves):
    return Ledger({(one.move, 1): invoice for one, invoice in (owners or {}).items()}, **moves)


@pytest.mark.parametrize(
    ("given_move", "shares"),
    [
        (bank("100"), {"money": "100"}),
        (bank("-100"), {"money": "100"}),
        (move((PAYABLE, "Kreditoren", "60")), {"netting": "60"}),
        (move((RESULT, "Forderungsverluste", "4")), {"write_off": "4"}),
        (move((RESULT, "Gewährte Skonti", "4")), {"skonto": "4"}),
        (move((RESULT, "Erlösschmälerungen", "4"), write_off=True, names="Skonto 2 %"), {"skonto": "4"}),
        (move((BANK, "Ausbuchung", "4"), write_off=True), {"write_off": "4"}),
        (move((RESULT, "Kursdifferenzen", "4"), write_off=True, exchange=True), {"exchange": "1"}),
        (move((BANK, "Bank", "98"), (RESULT, "Skonto", "1.68"), (TAX, "USt", "0.32")), {"money": "98", "skonto": "2.00"}),
        (move((BANK, "Bank", "98"), (RESULT, "Verluste", "1.68"), (TAX, "USt", "0.32")), {"money": "98", "write_off": "2.00"}),
        (move((BANK, "Bank", "101"), (RESULT, "Mahngebühren", "-1")), {"money": "101"}),
        (Move(), {"netting": "1"}),
    ],
)
def test_of_what_kinds_a_move_is(given_move, shares):
    assert given_move.shares == {kind: Decimal(share) for kind, share in shares.items()}


@given(
    st.decimals("-1000", "1000", places=2),
    st.lists(st.decimals("0.01", "99", places=2), min_size=1, max_size=3).map(
        lambda found: dict(zip(("money", "skonto", "write_off"), found, strict=False))
    ),
)
def test_parts_come_to_the_whole_and_are_cents(amount, shares):
    found = parted(amount, shares, "EUR")
    assert sum(found.values()) == amount
    assert all(part == round(part, 2) for part in found.values())


@pytest.mark.parametrize(("given_move", "item"), [(bank("-5"), False), (move((RESULT, "Gebühren", "-5")), True)])
def test_a_debit_is_an_item_unless_money_went_back(given_move, item):
    debit = line("5")
    known = Ledger(moves={debit.move: given_move})
    assert known.owner(debit) == (item_id(debit.id) if item else "")
    assert known.raising(debit) is not item


@st.composite
def reconciliations(draw):
    """Lines that balance: debits of two invoices or none, credits in other parts."""
    debits = draw(st.lists(st.integers(1, 500), min_size=1, max_size=5))
    total, credits_ = sum(debits), []
    while total:
        part = draw(st.integers(1, total))
        credits_.append(part)
        total -= part
    lines = [line(amount, day=draw(st.integers(0, 9))) for amount in debits] + [line(-amount) for amount in credits_]
    owners = {one: draw(st.sampled_from([7, 8])) for one in lines if draw(st.booleans())}
    return lines, ledger(owners, moves={one.move: bank("1") for one in lines})


@given(reconciliations())
def test_what_balances_is_matched_to_the_last_cent(found):
    lines, known = found
    matched = pairs(lines, known)
    for one in lines:
        parts = sum(pair.amount for pair in matched if one.id in {pair.debit.id, pair.credit.id})
        assert parts == abs(one.amount)


@given(reconciliations())
def test_what_is_booked_comes_to_what_is_settled(found):
    lines, known = found
    matched = pairs(lines, known)
    for invoice in (7, 8):
        document = Document(str(invoice), "", "EUR", Decimal(10**6))
        own = sum(one.amount for one in lines if known.owner(one) == document.key)
        rows = bookings(document, [matched], [], known)
        assert sum(row.amount for row in rows) == own


@given(reconciliations())
def test_setting_refunds_off_moves_no_money_and_turns_no_sign(found):
    lines, known = found
    loose = [one for one in lines if not known.owner(one)]
    left = netted(loose, known)
    assert sum(left.values()) == sum(one.amount for one in loose)
    assert all(0 <= left[one.id] * (1 if one.amount > 0 else -1) <= abs(one.amount) for one in loose)
    assert not any(left[a.id] > 0 > left[b.id] for a in loose for b in loose)


def test_a_payment_settles_the_invoice_that_it_names_and_then_the_oldest():
    late, early = line("100", due=DAY), line("100", due=DAY - timedelta(days=5))
    named, loose = line("-100", links=(7,)), line("-100")
    matched = pairs([late, early, named, loose], ledger({late: 7, early: 8}))
    assert {(pair.debit.id, pair.credit.id) for pair in matched} == {(late.id, named.id), (early.id, loose.id)}


def test_instalments_made_anew_settle_themselves():
    old, balance = line("100"), line("-100")
    known = ledger({old: 7, balance: 7})
    groups = [pairs([old, balance], known)]
    assert rescheduled("7", groups, known) == {old.id, balance.id}
    assert bookings(Document("7", "", "EUR", Decimal(100)), groups, [], known) == ()


@pytest.mark.parametrize(
    ("lines", "currency"),
    [
        ([("80", "100", "USD"), ("-80", "-100", "USD")], "USD"),
        ([("80", "100", "USD"), ("-100", "-100", "USD"), ("20", "0", "")], "USD"),
        ([("80", "100", "USD"), ("-80", "0", "")], ""),
        ([("80", "0", ""), ("-80", "0", "")], ""),
        ([("80", "100", "USD"), ("-80", "-85", "CHF")], ""),
    ],
)
def test_in_which_currency_lines_are_matched(lines, currency):
    assert common_currency([line(amount, foreign=foreign, currency=code) for amount, foreign, code in lines]) == currency


@pytest.mark.parametrize(
    ("booked", "kinds"),
    [
        (["-100", "100", "-100"], ["money", "returned", "money"]),
        (["-100", "-100", "100"], ["money", "money", "refund"]),
        (["-130", "30"], ["money", "refund"]),
        (["-130", "40", "-10"], ["money", "returned", "money"]),
    ],
)
def test_refunds_are_told_from_returns(booked, kinds):
    own = line("100")
    lines = [line(amount, day=day) for day, amount in enumerate(booked)]
    known = ledger({own: 7}, moves={one.move: bank("1") for one in lines})
    rows = bookings(Document("7", "", "EUR", Decimal(100)), [pairs([own, *lines], known)], [], known)
    assert [row.kind for row in rows] == kinds


def test_a_reversed_payment_is_a_return_even_of_too_much():
    own, paid = line("100"), line("-130", move=50)
    back = line("30", day=1, reverses="50", text="zurück")
    known = ledger({own: 7}, moves={50: bank("1"), back.move: bank("1")})
    rows = bookings(Document("7", "", "EUR", Decimal(100)), [pairs([own, paid, back], known)], [], known)
    assert [(row.kind, row.of, row.reason) for row in rows] == [("money", "", ""), ("returned", "50", "zurück")]


@pytest.mark.parametrize(
    ("paid", "booked"),
    [
        ({"foreign": "-100", "currency": "USD"}, [("money", "100")]),
        ({}, [("money", "97.50"), ("exchange", "2.50")]),
    ],
)
def test_a_difference_of_rates_is_shown_only_where_it_settles_something_in_the_invoices_currency(paid, booked):
    own, payment, rates = line("80", foreign="100", currency="USD"), line("-78", **paid), line("-2")
    known = ledger({own: 7}, moves={payment.move: bank("78"), rates.move: move((RESULT, "Kurs", "2"), exchange=True)})
    document = Document("7", "USD", "USD", Decimal(100), Decimal("1.25"))
    rows = bookings(document, [pairs([own, payment, rates], known)], [], known)
    assert [(row.kind, str(row.amount)) for row in rows] == booked
