"""The money of a run: tables of examples, and sums that must hold for any run."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.identity import canonical
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, TaxTotal
from interlock.domain.record import Problem
from interlock.processes.billing.judge import CORRECTION
from interlock.processes.billing.known import Held
from interlock.processes.billing.money import RunMoney, as_posted, money_of_run
from interlock.processes.billing.money_years import share_out

START = date(2026, 1, 1)
JANUARY = {"service_from": START, "service_to": date(2026, 1, 31)}
BLOCKED = Problem("customer_blocked", "account", "blocked")
MISSING = Problem("buyer_missing", "account", "missing")
CODES = {("S", Decimal(19)): "USt 19 %", ("S", Decimal(7)): "USt 7 %", ("AE", Decimal(0)): "RC"}


def total(base, tax, category="S", rate="19"):
    code = CODES.get((category, Decimal(rate)), "")
    return TaxTotal(category=category, rate=rate, base=base, tax=tax, code=code)


def invoice(*taxes, contract="SC-7", kind="regular", currency="EUR", lines=None, **days):
    net, tax = sum((t.base for t in taxes), Decimal(0)), sum((t.tax for t in taxes), Decimal(0))
    if lines is None:
        lines = [InvoiceLine(line=str(n), net=t.base, category=t.category, rate=t.rate, **JANUARY) for n, t in enumerate(taxes)]
    return Invoice(
        key=InvoiceKey(contract=contract, period_start=START, kind=kind), currency=currency, lines=tuple(lines), taxes=taxes,
        net=net, tax=tax, gross=net + tax, **(JANUARY | days),
    )  # fmt: skip


def held(*problems, net="0", tax="0", taxes=(), currency="EUR"):
    return Held(problems, InvoiceKey(contract="SC-8", period_start=START), currency, Decimal(net), Decimal(tax), taxes)


def shown(part):
    return [
        (row.reason, row.currency, row.category, row.rate and int(row.rate), str(row.net), str(row.tax), str(row.gross))
        for row in part.rows
    ]


def summed(part):
    return [(one.currency, one.invoices, str(one.net), str(one.tax), str(one.gross)) for one in part.sums]


def test_rows_are_by_currency_and_tax_and_currencies_are_never_summed():
    money = money_of_run(planned=[
        invoice(total("100", "19.00"), total("50", "3.50", rate="7")), invoice(total("1", "0.19")),
        invoice(total("30", "0", "AE", "0"), currency="CHF"),
    ])  # fmt: skip
    assert shown(money.planned) == [
        ("", "CHF", "AE", 0, "30", "0", "30"), ("", "EUR", "S", 7, "50", "3.50", "53.50"),
        ("", "EUR", "S", 19, "101", "19.19", "120.19"),
    ]  # fmt: skip
    assert summed(money.planned) == [("CHF", 1, "30", "0", "30"), ("EUR", 2, "151", "22.69", "173.69")]
    assert money.parts.keys() == {"planned"}


def test_what_is_held_is_listed_once_by_its_reasons():
    money = money_of_run(held=[
        held(MISSING, BLOCKED, net="100", tax="19", taxes=(total("100", "19"),)), held(BLOCKED, net="7"), held(BLOCKED),
    ])  # fmt: skip
    assert shown(money.held) == [
        ("buyer_missing, customer_blocked", "EUR", "S", 19, "100", "19", "119"),
        ("customer_blocked", "EUR", "", None, "7", "0", "7"),
    ]
    assert summed(money.held) == [("EUR", 3, "107", "19", "126")]
    assert money.corrected.rows == ()


def test_supplements_and_corrections_that_are_needed_stand_apart_too():
    supplement = invoice(total("10", "1.90"), kind="supplement")
    needed = held(CORRECTION, net="-40", tax="-7.60", taxes=(total("-40", "-7.60"),))
    money = money_of_run(invoiced=[(supplement, supplement), (invoice(total("1", "0.19")),) * 2], held=[needed])
    assert shown(money.corrected) == [
        ("correction_needed", "EUR", "S", 19, "-40", "-7.60", "-47.60"), ("supplement", "EUR", "S", 19, "10", "1.90", "11.90"),
    ]  # fmt: skip
    assert summed(money.invoiced) == [("EUR", 2, "11", "2.09", "13.09")]
    assert summed(money.held) == [("EUR", 1, "-40", "-7.60", "-47.60")]


def test_the_erp_s_rounding_is_its_tax_less_ours():
    planned = invoice(total("100", "19.00"), total("50", "3.50", rate="7"))
    gave = {
        "tax": "22.49",
        "gross": "172.49",
        "taxes": [total("100", "18.99").model_dump(mode="json"), planned.taxes[1].model_dump()],
    }
    posted = as_posted(planned, {"state": "posted", "number": "R1", "net": "150", **gave})
    assert (posted.state, posted.number, posted.lines) == ("posted", "R1", planned.lines)
    money = money_of_run(invoiced=[(planned, posted)])
    assert shown(money.rounding) == [("", "EUR", "S", 19, "0", "-0.01", "-0.01")]
    assert summed(money.invoiced) == [("EUR", 1, "150", "22.49", "172.49")]


def test_an_invoice_made_by_hand_bears_the_categories_it_was_planned_with():
    planned = invoice(total("30", "0", "AE", "0"))
    by_hand = planned.model_copy(update={"lines": (), "taxes": (planned.taxes[0].model_copy(update={"category": "E"}),)})
    money = money_of_run(invoiced=[(planned, by_hand)])
    assert shown(money.invoiced) == [("", "EUR", "AE", 0, "30", "0", "30")]
    assert [str(year.net) for year in money.fiscal_years] == ["30"]


def test_a_report_keeps_it_as_plain_json_and_reads_it_again():
    one = invoice(total("100.50", "19.10"))
    body = money_of_run(planned=[one], invoiced=[(one, one)], held=[held(BLOCKED, net="1")]).model_dump(mode="json")
    assert body["planned"]["rows"] == [
        {"currency": "EUR", "net": "100.5", "tax": "19.1", "gross": "119.6", "reason": "", "category": "S", "rate": "19"}
    ]
    assert body["fiscal_years"] == [{"first_day": "2026-01-01", "last_day": "2026-12-31", "currency": "EUR", "net": "100.5"}]
    assert RunMoney.model_validate(json.loads(canonical(body))).model_dump(mode="json") == body
    assert RunMoney.model_validate({}).parts == {}


def shared(net, first, last, starts="01-01", currency="EUR"):
    return [
        (year.isoformat(), str(part))
        for year, part in share_out(Decimal(net), date.fromisoformat(first), date.fromisoformat(last), currency, starts)
    ]


@pytest.mark.parametrize(
    ("net", "first", "last", "starts", "currency", "parts"),
    [
        ("365", "2026-07-01", "2027-06-30", "01-01", "EUR", [("2026-01-01", "184.00"), ("2027-01-01", "181.00")]),
        ("100", "2026-12-31", "2027-01-02", "01-01", "EUR", [("2026-01-01", "33.33"), ("2027-01-01", "66.67")]),
        ("-100", "2026-12-31", "2027-01-02", "01-01", "EUR", [("2026-01-01", "-33.33"), ("2027-01-01", "-66.67")]),
        ("100", "2026-12-31", "2027-01-02", "01-01", "JPY", [("2026-01-01", "33"), ("2027-01-01", "67")]),
        ("100", "2026-06-30", "2026-07-01", "07-01", "EUR", [("2025-07-01", "50.00"), ("2026-07-01", "50.00")]),
        ("100", "2026-07-01", "2027-06-30", "07-01", "EUR", [("2026-07-01", "100")]),
        ("100", "2026-12-31", "2026-12-31", "01-01", "EUR", [("2026-01-01", "100")]),
        ("0.01", "2023-07-01", "2026-06-30", "01-01", "EUR",
         [("2023-01-01", "0.00"), ("2024-01-01", "0.00"), ("2025-01-01", "0.00"), ("2026-01-01", "0.01")]),
        ("1096", "2023-07-01", "2026-06-30", "01-01", "EUR",
         [("2023-01-01", "184.00"), ("2024-01-01", "366.00"), ("2025-01-01", "365.00"), ("2026-01-01", "181.00")]),
    ],
)  # fmt: skip
def test_a_line_is_shared_out_by_its_days(net, first, last, starts, currency, parts):
    assert shared(net, first, last, starts, currency) == parts


def test_people_read_amounts_with_all_digits_of_the_currency():
    yen, euro = (invoice(total("1200", "9.5"), currency=name) for name in ("JPY", "EUR"))
    figures = [row.figures for row in money_of_run(planned=[yen, euro]).planned.rows]
    assert figures == [("1200.00", "9.50", "1209.50"), ("1200", "10", "1210")]


def test_a_line_without_days_goes_to_the_days_of_its_invoice():
    period = {"service_from": date(2026, 12, 1), "service_to": date(2027, 1, 31)}
    lines = [InvoiceLine(net="62"), InvoiceLine(net="5", service_from=START), InvoiceLine(net="7", service_to=START)]
    whole = invoice(total("74", "14.06"), lines=lines, **period)
    years = money_of_run(invoiced=[(whole, whole)]).fiscal_years
    assert [(year.year, str(year.net)) for year in years] == [("2026", "43.00"), ("2027", "31.00")]
    bare = invoice(total("5", "0.95"), lines=[InvoiceLine(net="5")], service_from=None, service_to=None)
    (year,) = money_of_run(invoiced=[(bare, bare)], fiscal_year_starts="07-01").fiscal_years
    assert (year.year, str(year.net), year.last_day) == ("2025/26", "5", date(2026, 6, 30))


amounts = st.decimals(min_value=-100_000, max_value=100_000, places=2)
days = st.dates(date(2019, 1, 1), date(2031, 12, 31))
starts = st.sampled_from(["01-01", "07-01", "10-01", "02-28", "12-31"])
currencies = st.sampled_from(["EUR", "CHF", "JPY", "TND"])


@given(net=amounts, first=days, last=days, start=starts, currency=currencies)
def test_parts_of_years_sum_up_to_the_line(net, first, last, start, currency):
    first, last = min(first, last), max(first, last)
    parts = list(share_out(net, first, last, currency, start))
    assert sum(part for _, part in parts) == net
    years = [year for year, _ in parts]
    assert years == sorted(set(years))
    assert years[0] <= first
    assert years[-1] <= last
    assert len(years) <= last.year - first.year + 2
    whole = (last - first).days + 1
    for year, part in parts[:-1]:
        served = (year.replace(year=year.year + 1) - max(year, first)).days
        assert abs(part - net * served / whole) <= Decimal("0.5")


@st.composite
def taxes(draw):
    groups = draw(st.lists(st.sampled_from(sorted(CODES)), unique=True, max_size=3))
    return tuple(total(draw(amounts), draw(amounts), category, rate) for category, rate in groups)


@st.composite
def invoices(draw):
    found, dated = draw(taxes()), draw(st.lists(st.one_of(st.none(), days), min_size=4, max_size=4))
    lines = [InvoiceLine(net=t.base, service_from=dated[0], service_to=dated[1]) for t in found]
    kind = draw(st.sampled_from(["regular", "supplement"]))
    given_days = {"service_from": dated[2], "service_to": dated[3]}
    return invoice(*found, kind=kind, currency=draw(currencies), lines=lines, **given_days)


@st.composite
def pairs(draw):
    planned = draw(invoices())
    off = [draw(st.sampled_from([Decimal("-0.01"), Decimal(0), Decimal("0.01")])) for _ in planned.taxes]
    there = tuple(t.model_copy(update={"tax": t.tax + o}) for t, o in zip(planned.taxes, off, strict=True))
    tax = planned.tax + sum(off, Decimal(0))
    return planned, planned.model_copy(update={"taxes": there, "tax": tax, "gross": planned.net + tax})


@st.composite
def stopped(draw):
    problems = draw(st.lists(st.sampled_from([BLOCKED, MISSING, CORRECTION]), min_size=1, max_size=3))
    return held(*problems, net=draw(amounts), tax=draw(amounts), taxes=draw(taxes()), currency=draw(currencies))


def by_currency(items):
    found = {}
    for item in items:
        net, tax, gross, count = found.get(item.currency, (0, 0, 0, 0))
        found[item.currency] = (net + item.net, tax + item.tax, gross + item.gross, count + 1)
    return found


def figures(part):
    sums = {one.currency: (one.net, one.tax, one.gross, one.invoices) for one in part.sums}
    rows = by_currency(part.rows)
    assert {name: found[:3] for name, found in rows.items()} == {name: found[:3] for name, found in sums.items()}
    keys = [(row.reason, row.currency, row.category, row.rate) for row in part.rows]
    assert len(keys) == len(set(keys))
    return sums


@given(
    planned=st.lists(invoices(), max_size=6), posted=st.lists(pairs(), max_size=6), stops=st.lists(stopped(), max_size=6),
    awaiting=st.lists(invoices(), max_size=4), start=starts, seed=st.integers(),
)  # fmt: skip
def test_nothing_is_lost_whatever_the_order(planned, posted, stops, awaiting, start, seed):
    given_lists = {"planned": planned, "invoiced": posted, "held": stops, "awaiting": awaiting}
    money = money_of_run(**given_lists, fiscal_year_starts=start)
    assert figures(money.planned) == by_currency(planned)
    assert figures(money.invoiced) == by_currency(real for _, real in posted)
    assert figures(money.held) == by_currency(stops)
    assert figures(money.awaiting_approval) == by_currency(awaiting)
    needed = [one for one in stops if CORRECTION in one.problems]
    assert figures(money.corrected) == by_currency([*(b for a, b in posted if a.key.kind == "supplement"), *needed])
    off = Counter()
    for ours, real in posted:
        off[ours.currency] += real.tax - ours.tax
    assert {name: tax for name, (_, tax, _, _) in figures(money.rounding).items() if tax} == {n: t for n, t in off.items() if t}
    by_year = Counter()
    for year in money.fiscal_years:
        by_year[year.currency] += year.net
    assert by_year == Counter({name: net for name, (net, _, _, _) in figures(money.invoiced).items()})
    mixed = {name: Random(seed).sample(items, len(items)) for name, items in given_lists.items()}
    assert money_of_run(**mixed, fiscal_year_starts=start) == money
