"""An invoice read back from the ERP is the planned one to the cent, or says in which part it is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, InvoiceState, TaxTotal
from interlock.domain.readback import deviations, rounding

KEY = InvoiceKey(contract="SC-7", period_start=date(2026, 1, 1))
CENT = Decimal("0.01")
amounts = st.decimals(min_value=0, max_value=10_000, places=2)


def line(number="1", net="100", **values):
    days = {"service_from": date(2026, 1, 1), "service_to": date(2026, 1, 31)}
    return InvoiceLine(**{"line": number, "net": net, "rate": "19", "category": "S"} | days | values)


def total(base="100", tax="19", code="USt 19 %", **values):
    return TaxTotal(**{"category": "S", "rate": "19", "base": base, "tax": tax, "code": code} | values)


def invoice(lines=None, taxes=None, net="100", **values):
    lines, taxes = (line(),) if lines is None else lines, (total(),) if taxes is None else taxes
    return Invoice(key=KEY, lines=lines, taxes=taxes, net=net, **values)


def test_what_only_the_erp_knows_is_no_difference():
    found = invoice(state=InvoiceState.POSTED, number="RE1", invoice_date="2026-02-01", due_date="2026-03-01", open_amount="119")
    words = found.model_copy(update={"lines": (line(description="anders", quantity="1", unit_price="100", product="X"),)})
    assert deviations(invoice(), found) == deviations(invoice(), words) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (invoice(currency="USD"), ["currency"]),
        (invoice(lines=(line(net="99"),), net="99"), ["lines", "net"]),
        (invoice(lines=(line(), line("2", "0"))), ["lines"]),
        (invoice(lines=(line(), line("", "0"))), ["lines"]),
        (invoice(lines=(line(service_to=date(2026, 1, 30)),)), ["service days or taxes of a line"]),
        (invoice(lines=(line(rate="7"),)), ["service days or taxes of a line"]),
        (invoice(lines=(line(category="E"),)), ["service days or taxes of a line"]),
        (invoice(taxes=(total(code="USt 7 %"),)), ["kinds of tax"]),
        (invoice(taxes=()), ["kinds of tax"]),
        (invoice(taxes=(total(), total())), ["kinds of tax"]),
        (invoice(taxes=(total(base="99.99"),)), ["tax bases"]),
        (invoice(taxes=(total(tax="19.02"),)), ["tax"]),
        (invoice(lines=(line(""),)), []),
        (invoice(lines=(line("", "40"), line("", "60"))), []),
        (invoice(lines=(line("", "99"),), net="99"), ["net"]),
    ],
)
def test_each_part_that_differs_is_named(found, words):
    assert deviations(invoice(), found) == words


def test_the_order_of_lines_and_taxes_says_nothing():
    lines, taxes = (line(), line("2", "7", rate="7")), (total(), total("7", "0.49", "USt 7 %", rate="7"))
    planned = invoice(lines, taxes, "107")
    assert deviations(planned, invoice(lines[::-1], taxes[::-1], "107")) == []


def test_the_same_line_twice_is_not_once():
    planned = invoice((line("1", "50"), line("2", "50")))
    assert deviations(planned, invoice((line("1", "50"), line("1", "50")))) == ["lines"]


@given(base=amounts, tax=amounts, off=st.decimals(min_value=-5, max_value=5, places=2))
def test_a_tax_may_differ_by_one_cent_and_the_difference_is_told(base, tax, off):
    planned = invoice((line(net=base),), (total(base, tax),), base)
    found = invoice((line(net=base),), (total(base, tax + off),), base)
    assert deviations(planned, found) == ([] if abs(off) <= CENT else ["tax"])
    assert rounding(planned, found) == ({"USt 19 %": off} if off else {})


@pytest.mark.parametrize(
    ("currency", "off", "fits"), [("JPY", "1", True), ("JPY", "2", False), ("TND", "0.001", True), ("TND", "0.01", False)]
)
def test_the_least_amount_is_the_currencys(currency, off, fits):
    planned, found = invoice(currency=currency), invoice(currency=currency, taxes=(total(tax=Decimal(19) + Decimal(off)),))
    assert (deviations(planned, found) == []) is fits
