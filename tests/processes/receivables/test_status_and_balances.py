"""The status of a contract, and what an account owes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from interlock.domain.payment import Debtor, Unallocated
from interlock.processes.receivables import Balance, Payment
from tests.processes.receivables.examples import Crm, day, invoice, row

LATER = {"due": "2026-12-31"}
EXAMPLES = {
    "returned": invoice(row("money", "119"), row("returned", "-119", "2026-02-05"), id="returned", **LATER),
    "overdue": invoice(row("money", "19"), id="overdue"),
    "partly_paid": invoice(row("money", "19"), id="partly_paid", **LATER),
    "open": invoice(id="open", **LATER),
    "overpaid": invoice(row("money", "120"), id="overpaid"),
    "paid": invoice(row("money", "119"), id="paid"),
    "credited": invoice(row("correction", "119"), id="credited"),
    "none": invoice(id="none", state="draft"),
}


def assessed(*receivables, as_of="2026-02-10", debtors=()):
    return Crm().run(receivables, as_of, debtors=debtors)


@pytest.mark.parametrize("first", range(len(EXAMPLES)))
def test_the_first_status_that_holds_wins(first):
    names = list(EXAMPLES)[first:]
    assert assessed(*(EXAMPLES[name] for name in reversed(names))).statuses == {"SC-7": names[0]}


def test_cancelled_invoices_and_credit_notes_alone_are_credited():
    cancelled = invoice(row("correction", "119"), id="c", state="cancelled")
    note = invoice(id="n", kind="credit_note", gross="-119", open_amount="0")
    assert assessed(cancelled, note).statuses == {"SC-7": "credited"}
    assert assessed(cancelled, note, EXAMPLES["paid"]).statuses == {"SC-7": "paid"}
    assert assessed(note, EXAMPLES["open"]).statuses == {"SC-7": "open"}


def test_each_contract_has_its_own_status_and_items_without_a_contract_none():
    fee = invoice(id="fee", kind="item", contract="", gross="4", open_amount="4")
    other = invoice(row("money", "119"), id="2", contract="SC-8")
    assert assessed(invoice(), other, fee).statuses == {"SC-7": "overdue", "SC-8": "paid"}


def test_currencies_and_accounts_are_apart_and_overdue_is_gross():
    found = assessed(
        invoice(id="1"),
        invoice(row("money", "19"), id="2", due="2026-01-15"),
        invoice(row("money", "150", "2026-02-02"), id="3"),
        invoice(id="4", kind="credit_note", gross="-50", open_amount="-50"),
        invoice(id="5", currency="CHF", **LATER),
        invoice(id="6", recipient="13", **LATER),
        invoice(id="7", state="draft"),
        invoice(row("correction", "119"), id="8", state="cancelled"),
        invoice(id="9", kind="item", gross="4", contract="", open_amount="4", due="2026-02-01"),
        debtors=[
            Debtor(account="12", credit_hold=True, unallocated=(
                Unallocated(id="P9", day=date(2026, 2, 9), currency="EUR", amount="30"),
                Unallocated(id="P8", day=date(2026, 2, 8), currency="USD", amount="7"),
            )),
            Debtor(account="14"),
        ],
    ).balances  # fmt: skip
    p8, p9 = Payment(day("2026-02-08"), "P8", Decimal(7)), Payment(day("2026-02-09"), "P9", Decimal(30))
    assert found == (
        Balance("12", "CHF", Decimal(119), Decimal(0), day("2026-12-31"), None, Decimal(0), credit_hold=True),
        Balance("12", "EUR", Decimal(142), Decimal(223), day("2026-01-15"), p9, Decimal(30), credit_hold=True),
        Balance("12", "USD", Decimal(0), Decimal(0), None, p8, Decimal(7), credit_hold=True),
        Balance("13", "EUR", Decimal(119), Decimal(0), day("2026-12-31"), None, Decimal(0)),
    )
    assert [one.balance for one in found] == [119, 112, -7, 119]


def test_a_reversed_invoice_and_its_credit_note_come_to_nothing_also_before_they_are_reconciled():
    reversed_one = invoice(id="1", state="cancelled")
    note = invoice(id="2", kind="credit_note", gross="-119", open_amount="-119")
    (found,) = assessed(reversed_one, note).balances
    assert (found.open, found.overdue, found.oldest_due) == (0, 0, None)


def test_a_payment_over_several_invoices_is_one_last_payment():
    both = [invoice(row("money", "100", id="P"), id="1"), invoice(row("money", "60", id="P"), id="2")]
    left = Debtor(account="12", unallocated=(Unallocated(id="P", day=date(2026, 2, 1), currency="EUR", amount="5"),))
    assert assessed(*both, debtors=[left]).balances[0].last_payment == Payment(day("2026-02-01"), "P", Decimal(165))


def test_an_invoice_that_is_there_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        assessed(invoice(), invoice())
