"""For any contract, run dates, renewals, cancellations and late typing, the invoices are those of a day-by-day reckoning."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.contract import Contract, Line
from interlock.domain.money import half_up
from tests.processes.billing.examples import Erp, rules
from tests.processes.billing.reference import owed, term_ends

ONE = timedelta(days=1)
STARTS = st.one_of(
    st.dates(date(2023, 1, 1), date(2024, 12, 31)),
    st.sampled_from([date(2024, 1, 31), date(2024, 2, 29), date(2023, 8, 30), date(2023, 1, 29), date(2023, 12, 1)]),
)
PRICES = st.one_of(*(st.decimals(min_value="0.01", max_value="5000", places=places) for places in (2, 4)))


@st.composite
def lines(draw, number, start):
    begun = draw(st.one_of(st.none(), st.integers(-40, 500)))
    lasting = draw(st.one_of(st.none(), st.integers(0, 500)))
    since = start + begun * ONE if begun is not None else None
    once = draw(st.integers(0, 4)) == 0
    return Line(
        id=str(number), product="P", tax_class=draw(st.sampled_from(["standard", "reduced"])), unit_price=draw(PRICES),
        quantity=draw(st.sampled_from([Decimal(1), Decimal(3), Decimal("2.5")])),
        discount=draw(st.sampled_from([Decimal(0), Decimal("12.5"), Decimal("33.33")])), valid_from=since,
        valid_to=(since or start) + lasting * ONE if lasting is not None and not once else None,
        recurrence="one_off" if once else "recurring",
    )  # fmt: skip


@st.composite
def contracts(draw):
    start = draw(STARTS)
    mode = draw(st.sampled_from(["none", "fixed", "indefinite"]))
    return Contract(
        number="SC-7", account="12", customer_kind="business", start=start, renewal_mode=mode,
        initial_term=draw(st.sampled_from([1, 3, 5, 12, 24])), renewal_term=draw(st.sampled_from([1, 2, 6, 12])),
        notice_value=draw(st.integers(0, 3)), notice_unit=draw(st.sampled_from(["day", "week", "month"])),
        interval=draw(st.sampled_from(["month", "quarter", "half_year", "year"])),
        billed=draw(st.sampled_from(["advance", "arrears"])), uplift=draw(st.sampled_from(["none", "percent"])),
        uplift_percent=Decimal("3.35"), lines=tuple(draw(lines(n, start)) for n in range(draw(st.integers(1, 3)))),
    )  # fmt: skip


RULES = st.builds(
    rules,
    anchor=st.sampled_from(["contract_start", "calendar"]),
    proration=st.sampled_from(["actual", "none"]),
    lead_days=st.sampled_from([0, 14, 45]),
    grace=st.sampled_from([0, 7]),
)
RUNS = st.lists(st.integers(-60, 900), min_size=1, max_size=6).map(sorted)


def told(invoices):
    """What invoices say: period start -> line -> net and days."""
    return {
        i.key.period_start: {line.line: (Fraction(line.net), line.service_from, line.service_to) for line in i.lines}
        for i in invoices
    }


def expected(contract, using, as_of):
    found = {start: lines for start, (lines, due) in owed(contract, using, as_of).items() if due <= as_of}
    return {start: lines for start, lines in found.items() if sum(net for net, _, _ in lines.values()) > 0}


def sums(invoices):
    """Every invoice adds up: lines to net, tax once per category and rate, gross."""
    for invoice in invoices:
        assert sum(line.net for line in invoice.lines) == invoice.net == sum(total.base for total in invoice.taxes)
        assert invoice.gross == invoice.net + invoice.tax
        assert invoice.tax == sum(total.tax for total in invoice.taxes)
        assert all(half_up(amount, "EUR") == amount for amount in (invoice.net, invoice.tax, *(n.net for n in invoice.lines)))


def covered(invoices):
    """How often each service day of each line is covered by live regular invoices."""
    days = Counter()
    for invoice in invoices:
        if invoice.state.live and invoice.key.kind == "regular":
            for line in invoice.lines:
                for offset in range((line.service_to - line.service_from).days + 1):
                    days[line.line, line.service_from + offset * ONE] += 1
    return days


@given(contracts(), RULES, RUNS)
@settings(max_examples=400, deadline=None)
def test_the_invoices_are_those_of_the_day_by_day_reckoning_whenever_runs_happen(contract, using, offsets):
    erp = Erp(using)
    for offset in offsets:
        answer = erp.run(contract, contract.start + offset * ONE)
        assert not answer.held
        assert not answer.waiting
        again = erp.ask(contract, contract.start + offset * ONE)
        assert (again.planned, again.plan.fresh, again.held) == ((), (), ())
    assert told(erp.billed) == expected(contract, using, contract.start + offsets[-1] * ONE)
    sums(erp.billed)
    assert max(covered(erp.billed).values(), default=1) == 1


@given(contracts(), RULES, st.integers(0, 700))
@settings(max_examples=150, deadline=None)
def test_catching_up_missed_runs_makes_the_same_invoices_as_running_daily(contract, using, days):
    daily, late = Erp(using), Erp(using)
    for offset in range(0, days + 1, 7):
        daily.run(contract, contract.start + offset * ONE)
    daily.run(contract, contract.start + days * ONE)
    late.run(contract, contract.start + days * ONE)
    assert told(daily.billed) == told(late.billed)
    assert daily.terms == late.terms


@given(contracts(), RULES, st.integers(-60, 900))
@settings(max_examples=150, deadline=None)
def test_looking_again_only_on_the_named_day_misses_nothing(contract, using, days):
    until = contract.start + days * ONE
    erp, today = Erp(using), contract.start - 100 * ONE
    while today and today <= until:
        answer = erp.run(contract, today)
        assert answer.look_again is None or answer.look_again > today
        today = answer.look_again
    assert told(erp.billed) == expected(contract, using, until)


UNTOUCHED = {"cancellation_kind": "", "cancellation_received_on": None, "cancellation_effective_on": None}
SOME_DAY = st.integers(-20, 700)


@st.composite
def cancellations(draw, start):
    """Typed at any time, before or after the day on which they arrived or take effect; or withdrawn."""
    kind = draw(st.sampled_from(["ordinary", "ordinary", "by_agreement", "for_cause", "void", ""]))
    if kind == "ordinary":
        return UNTOUCHED | {"cancellation_kind": kind, "cancellation_received_on": start + draw(SOME_DAY) * ONE}
    if kind in {"by_agreement", "for_cause"}:
        return UNTOUCHED | {"cancellation_kind": kind, "cancellation_effective_on": start + draw(SOME_DAY) * ONE}
    return UNTOUCHED | {"cancellation_kind": kind}


@st.composite
def line_changes(draw, contract):
    """A line ends, or one is added, on a day that may have been invoiced long ago."""
    if draw(st.booleans()):
        line = draw(st.sampled_from(contract.lines))
        end = (line.valid_from or contract.start) + draw(st.integers(0, 500)) * ONE
        return {"lines": tuple(one.model_copy(update={"valid_to": end}) if one is line else one for one in contract.lines)}
    new = draw(lines(len(contract.lines), contract.start))
    since = contract.start + draw(st.integers(0, 500)) * ONE
    return {"lines": (*contract.lines, new.model_copy(update={"valid_from": since, "valid_to": None}))}


@st.composite
def confirmations(draw, contract):
    """A person confirms the contract up to the end of one of the terms that may follow."""
    ends = term_ends(contract, contract.start + 900 * ONE)[1:]
    return {"renewed_through": draw(st.sampled_from(ends))} if ends else {}


def events(contract):
    return st.one_of(st.just({}), cancellations(contract.start), line_changes(contract), confirmations(contract))


@given(contracts(), RULES, st.data())
@settings(max_examples=600, deadline=None)
def test_after_any_interleaving_what_is_billed_and_held_is_what_is_owed(contract, using, data):
    erp, today = Erp(using), contract.start - 30 * ONE
    for _ in range(data.draw(st.integers(1, 5))):
        contract = contract.model_copy(update=data.draw(events(contract)))
        today += data.draw(st.integers(0, 250)) * ONE
        erp.run(contract, today)
    answer = erp.run(contract, today)
    assert not answer.planned
    waiting = {entry.period_start for entry in answer.waiting}
    found = Counter()
    for invoice in erp.billed:
        found[invoice.key.period_start] += Fraction(invoice.net)
    for held in answer.held:
        found[held.key.period_start] += Fraction(held.net)
        assert held.taxes
        assert (sum(t.base for t in held.taxes), sum(t.tax for t in held.taxes)) == (held.net, held.tax)
    reckoned = owed(contract, using, today)
    billed = {invoice.key.period_start for invoice in erp.billed}
    for start in {*reckoned, *billed} - waiting:
        lines, due = reckoned.get(start, ({}, today))
        if due <= today or start in billed:
            assert found[start] == sum(net for net, _, _ in lines.values()), start
    assert max(covered(erp.billed).values(), default=1) == 1
    sums(erp.billed)
    assert len({invoice.reference for invoice in erp.billed}) == len(erp.billed)
