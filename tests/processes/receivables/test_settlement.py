"""How far an invoice is settled, and by what."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from interlock.domain.identity import canonical
from interlock.domain.payment import Receivable, Reconciliation
from interlock.processes.receivables import Payment
from tests.processes.receivables.examples import day, invoice, row, standing

NOTE = {"kind": "credit_note", "gross": "-119"}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (invoice(state="draft"), "draft"),
        (invoice(state="validated"), "draft"),
        (invoice(state="deleted"), "draft"),
        (invoice(), "open"),
        (invoice(row("money", "19")), "partly_paid"),
        (invoice(row("netting", "19")), "partly_paid"),
        (invoice(row("correction", "19")), "open"),
        (invoice(row("write_off", "0.01")), "open"),
        (invoice(row("money", "119"), row("returned", "-119", "2026-02-05")), "open"),
        (invoice(row("money", "19"), row("refund", "-19", "2026-02-05")), "open"),
        (invoice(row("money", "119")), "paid"),
        (invoice(row("money", "115.43"), row("skonto", "3.57")), "paid"),
        (invoice(row("money", "118.20"), row("exchange", "0.80")), "paid"),
        (invoice(row("money", "120.20"), row("exchange", "-1.20")), "paid"),
        (invoice(row("write_off", "119")), "paid"),
        (invoice(row("netting", "119")), "paid"),
        (invoice(row("money", "100"), row("correction", "19")), "paid"),
        (invoice(gross="0", open_amount="0"), "paid"),
        (invoice(state="paid", open_amount="0"), "paid"),
        (invoice(row("money", "100"), open_amount="0"), "paid"),
        (invoice(row("money", "119"), open_amount="0.01"), "partly_paid"),
        (invoice(row("money", "150")), "overpaid"),
        (invoice(row("money", "119"), row("correction", "19")), "overpaid"),
        (invoice(row("money", "150"), row("refund", "-31", "2026-02-05")), "paid"),
        (invoice(row("correction", "119")), "credited"),
        (invoice(row("money", "119"), row("correction", "119"), row("refund", "-119", "2026-02-05")), "credited"),
        (invoice(row("correction", "119"), state="cancelled"), "cancelled"),
        (invoice(**NOTE, open_amount="0"), "credited"),
        (invoice(**NOTE, open_amount="-119"), "credited"),
    ],
)
def test_the_erps_residual_decides(one, expected):
    assert standing(one).settlement == expected


def test_what_closed_it_is_shown_apart():
    booked = standing(
        invoice(row("money", "60"), row("money", "40", "2026-02-03"), row("skonto", "2"), row("write_off", "0.50"),
                row("exchange", "-0.50"), row("netting", "10"), row("correction", "7")),
    ).closing  # fmt: skip
    assert (booked.money, booked.skonto, booked.write_off, booked.exchange) == (100, 2, Decimal("0.50"), Decimal("-0.50"))
    assert (booked.netting, booked.correction, booked.refund, booked.returned) == (10, 7, 0, 0)


BACK = row("returned", "-50", "2026-02-10", reason="AC04")


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([row("money", "50"), row("skonto", "2", "2026-02-09"), row("correction", "5", "2026-02-11")], ("2026-02-01", 50)),
        ([row("money", "50"), row("refund", "-10", "2026-02-09")], ("2026-02-01", 50)),
        ([row("money", "20", id="P"), row("money", "30", id="P")], ("2026-02-01", 50)),
        ([row("money", "50"), BACK], None),
        ([row("money", "40", "2026-02-02"), row("money", "50", "2026-02-01"), BACK], ("2026-02-02", 40)),
        ([row("money", "40", "2026-02-01"), row("money", "30", "2026-02-02"), BACK], ("2026-02-01", 40)),
        ([row("money", "50", "2026-02-01"), row("money", "50", "2026-02-12"), BACK], ("2026-02-12", 50)),
        ([row("money", "50", "2026-02-02"), row("money", "50"), BACK | {"of": "money-2026-02-01"}], ("2026-02-02", 50)),
        ([row("money", "50", "2026-02-02"), row("money", "50"), BACK | {"of": "money-2026-02-02"}], ("2026-02-01", 50)),
        ([row("money", "20", id="P"), row("money", "30", id="P"), BACK | {"amount": "-20"}, BACK | {"amount": "-30"}], None),
        ([BACK], None),
        ([row("write_off", "119")], None),
    ],
)
def test_the_last_payment_is_money_that_was_not_taken_back(rows, last):
    payment = standing(invoice(*rows)).last_payment
    assert (payment and (payment.day.isoformat(), payment.amount)) == last


def test_a_return_opens_the_invoice_again_and_says_why():
    found = standing(invoice(row("money", "119"), row("returned", "-119", "2026-02-10", reason="AC04")), "2026-02-11")
    assert (found.settlement, found.returned_on, found.reason, found.returns) == ("open", day("2026-02-10"), "AC04", 1)
    assert found.returned_unpaid
    assert found.overdue.days == 11


def test_a_return_that_was_paid_after_all_stays_known():
    rows = row("money", "119"), row("returned", "-119", "2026-02-10"), row("money", "119", "2026-02-12")
    found = standing(invoice(*rows), "2026-02-13")
    assert (found.settlement, found.returned_on, found.returned_unpaid) == ("paid", day("2026-02-10"), False)
    assert found.last_payment == Payment(day("2026-02-12"), "money-2026-02-12", Decimal(119))


def test_of_two_returns_the_last_is_shown():
    back = [row("returned", "-119", on, reason=on) for on in ("2026-02-20", "2026-02-10")]
    found = standing(invoice(row("money", "119"), row("money", "119", "2026-02-12"), *back), "2026-02-21")
    assert (found.returned_on, found.reason, found.returns) == (day("2026-02-20"), "2026-02-20", 2)


def test_the_parts_of_one_return_on_two_instalments_are_one_return():
    rows = row("money", "119"), row("returned", "-60", "2026-02-10"), row("returned", "-59", "2026-02-10")
    assert standing(invoice(*rows), "2026-02-11").returns == 1


@pytest.mark.parametrize(
    "fields", [{"kind": "money", "amount": "-1"}, {"kind": "returned", "amount": "1"}, {"kind": "refund", "amount": "0"}]
)
def test_bookings_have_the_sign_of_their_kind(fields):
    with pytest.raises(ValidationError, match="money lowers"):
        Reconciliation(id="1", day="2026-01-01", **fields)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"due": None}, "needs a due date"),
        ({"gross": "-1"}, "a credit note comes to less"),
        ({"kind": "credit_note"}, "a credit note comes to less"),
        ({"open_amount": 1.5}, "binary fraction"),
        ({"currency": "EURO"}, "pattern"),
        ({"maturities": [{"due": "2026-01-01", "amount": "119", "open": "100"}]}, "must add up"),
    ],
)
def test_what_cannot_be_reckoned_with_is_refused(fields, why):
    with pytest.raises(ValidationError, match=why):
        invoice(**fields)


def test_a_receivable_survives_being_kept():
    one = invoice(
        row("money", "19.00"), due=None, maturities=[{"due": "2026-01-31", "amount": "60"}, {"due": "2026-02-28", "amount": "59"}]
    )
    assert Receivable.model_validate_json(canonical(one.model_dump(mode="json"))) == one
