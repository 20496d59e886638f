"""Invoices in a real Tryton: drafted, confirmed, posted, and what people do to them meanwhile."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from interlock.connectors.invoice_wording import ENGLISH, GERMAN, comment, description
from interlock.connectors.tryton import invoice_drafting as drafting
from interlock.connectors.tryton import invoice_steps
from interlock.connectors.tryton.invoice_drafting import priced
from interlock.connectors.tryton.invoice_text import mark, read_mark
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown, Write
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, TaxTotal
from interlock.domain.money import half_up
from interlock.errors import LoginRefused, RateLimited, Refused, SystemUnavailable
from interlock.ports.system import Invoicing
from tests.connectors.contract import NO_RECORD, NUMBERS, PARTY, Door, kinds
from tests.connectors.test_tryton import customer, tryton

START, END = date(2026, 1, 1), date(2026, 1, 31)
CODES = {"S": "19 %", "S7": "7 %", "AE": "AE", "K": "K", "O": "O"}
STEPS = ("invoice", "invoice_confirmation", "invoice_posting")


@pytest.fixture(scope="module")
def system(erp):
    return tryton(erp, payment_term="30 days")


@pytest.fixture(scope="module")
def buyer(system):
    (done,) = system.write([customer(legal_name="Rechnungs GmbH")])
    return done.ref


@pytest.fixture
def rpc(system):
    return lambda method, *arguments: system._rpc.call(f"model.{method}", *arguments, safe=False)


def line(net="269.10", quantity="2", price="134.55", number="1", category="S", rate="19", **values):
    usual = {"description": "Wartung", "service_from": START, "service_to": END, "tax_class": "standard"}
    figures = {"net": net, "quantity": quantity, "unit_price": price, "category": category, "rate": rate}
    return InvoiceLine(**{"line": number, "product": "WARTUNG"} | usual | figures | values)


def invoice(*lines, contract="", start=START, kind="regular", generation=1, **values):
    lines = lines or (line(),)
    groups = {}
    for one in lines:
        groups.setdefault((one.category, one.rate), []).append(one.net)
    taxes = tuple(
        TaxTotal(category=c, rate=r, base=sum(nets), tax=half_up(sum(nets) * r / 100, "EUR"), code="7 %" if r == 7 else CODES[c])
        for (c, r), nets in groups.items()
    )
    net, tax = sum(one.net for one in lines), sum(total.tax for total in taxes)
    key = InvoiceKey(contract=contract or f"SC-{next(NUMBERS)}", period_start=start, kind=kind, generation=generation)
    return Invoice(key=key, lines=lines, taxes=taxes, net=net, tax=tax, gross=net + tax, **values)


def step(kind, planned, parent):
    return Write(f"{kind}/{planned.reference}", "create", kind, planned.model_dump(mode="json"), None, parent, parent)


def take(system, kind, planned, parent):
    (outcome,) = system.write([step(kind, planned, parent)])
    return outcome


def drafted(system, buyer, planned):
    outcome = take(system, "invoice", planned, buyer)
    assert isinstance(outcome, Done), outcome
    return outcome.ref


def confirmed(system, buyer, planned):
    ref = drafted(system, buyer, planned)
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    return ref


def posted(system, buyer, planned):
    ref = confirmed(system, buyer, planned)
    outcome = take(system, "invoice_posting", planned, ref)
    assert isinstance(outcome, Done), outcome
    return outcome


def one(system, ref):
    return system.read("invoice", [ref.id])[ref.id]


def fields(system, ref, *names):
    return system._rpc.search("account.invoice", [["id", "=", int(ref.id)]], list(names))[0]


def lines_of(system, ref, *names):
    return system._rpc.search("account.invoice.line", [["invoice", "=", int(ref.id)]], list(names))


def live(system, planned):
    rows = system._rpc.search("account.invoice", [["reference", "=", planned.reference]], ["state"])
    return [row["state"] for row in rows if row["state"] != "cancelled"]


# -- the way of an invoice


def test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures(system, buyer):
    planned = invoice(line(), line("100", "1", "100", number="2", rate="7"))
    ref = drafted(system, buyer, planned)
    record = one(system, ref)
    assert (record.values["state"], record.values["number"], record.parent) == ("draft", "", buyer)
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    assert one(system, ref).values["state"] == "validated"
    done = take(system, "invoice_posting", planned, ref)
    assert done.ref == ref
    assert done.results["number"].startswith("RE")
    today = date.fromisoformat(done.results["invoice_date"])
    assert today == system._rpc.server_time.astimezone().date() or abs(today - date.today()) <= timedelta(days=1)  # noqa: DTZ011
    assert date.fromisoformat(done.results["due_date"]) == today + timedelta(days=30)
    assert [done.results[name] for name in ("net", "tax", "gross", "state")] == ["369.1", "58.13", "427.23", "posted"]
    read = Invoice.model_validate(one(system, ref).values)
    assert [total.model_dump(exclude={"reason"}) for total in read.taxes] == [
        total.model_dump(exclude={"reason"}) for total in planned.taxes
    ]
    assert [(n.line, n.net, n.service_from, n.service_to, n.tax_class) for n in read.lines] == [
        (n.line, n.net, n.service_from, n.service_to, n.tax_class) for n in planned.lines
    ]
    assert read.open_amount == read.gross == Decimal("427.23")
    assert read.recipient != ""


def test_dates_taxes_term_and_words_are_explicit(system, buyer):
    planned = invoice(line(discount="10", unit_price="149.50"), buyer_reference="04011000-12345-34", purchase_order="PO 9")
    ref = drafted(system, buyer, planned)
    row = fields(system, ref, "comment", "description", "payment_term.rec_name", "party_tax_identifier.code", "invoice_date")
    assert row["comment"].splitlines() == [
        "Leitweg-ID: 04011000-12345-34",
        f"Vertrag: {planned.key.contract}",
        "Bestellnummer: PO 9",
    ]
    assert (row["payment_term."]["rec_name"], row["party_tax_identifier."]["code"]) == ("30 days", PARTY["vat_id"])
    assert row["invoice_date"] is None
    (found,) = lines_of(system, ref, "taxes_date", "taxes", "description", "quantity", "unit_price")
    assert found["taxes_date"] == {"__class__": "date", "year": 2026, "month": 1, "day": 31}
    assert len(found["taxes"]) == 1
    assert found["description"].splitlines() == [
        "Wartung",
        "2 \u00d7 149,5 abzüglich 10 %",
        "Leistungszeitraum 01.01.2026 bis 31.01.2026",
    ]
    assert (found["quantity"], found["unit_price"]["decimal"]) == (2.0, "134.5500")


@pytest.mark.parametrize("category", ["AE", "K"])
def test_taxes_other_than_the_products_usual_ones_are_confirmed_and_their_reason_is_on_the_invoice(system, buyer, category):
    planned = invoice(line(category=category, rate="0"))
    done = posted(system, buyer, planned)
    (total,) = done.results["taxes"]
    assert (total["category"], total["code"], total["tax"], total["base"]) == (category, CODES[category], "0", "269.1")
    assert total["reason"]
    assert system._rpc.search("res.user.warning", [], ["name"]) == []


def test_why_there_is_no_tax_is_written_where_the_erps_tax_does_not_say_so(system, buyer):
    reason = "Im Inland nicht steuerbare sonstige Leistung"
    planned = invoice(line(category="O", rate="0"))
    planned = planned.model_copy(update={"taxes": (planned.taxes[0].model_copy(update={"reason": reason}),)})
    assert fields(system, drafted(system, buyer, planned), "comment")["comment"].splitlines()[-1] == reason
    known = invoice(line(category="AE", rate="0"))
    known = known.model_copy(update={"taxes": (known.taxes[0].model_copy(update={"reason": reason}),)})
    assert reason not in fields(system, drafted(system, buyer, known), "comment")["comment"]


@pytest.mark.parametrize(
    ("net", "quantity", "price", "sent"),
    [
        ("100", "3", "33.3333", ("1", "100")), ("82.03", "1", "149.5", ("1", "82.03")),
        ("373.75", "2.5", "149.5", ("1", "373.75")), ("299", "2", "149.5", ("2", "149.5")),
        ("0.07", "7", "0.01", ("7", "0.01")), ("1234567.89", "3", "411522.63", ("3", "411522.63")),
    ],
)  # fmt: skip
def test_the_erp_reckons_every_line_to_the_planned_cent(system, buyer, net, quantity, price, sent):
    planned = invoice(line(net, quantity, price))
    ref = confirmed(system, buyer, planned)
    (read,) = Invoice.model_validate(one(system, ref).values).lines
    assert (read.net, read.quantity, read.unit_price) == (Decimal(net), Decimal(sent[0]), Decimal(sent[1]))


def test_a_tax_that_the_erp_rounds_otherwise_by_a_cent_is_posted_and_its_figure_wins(system, buyer):
    planned = invoice(line("149.50", "1", "149.5"))
    assert planned.tax == Decimal("28.41")
    done = posted(system, buyer, planned)
    assert (done.results["tax"], done.results["gross"]) == ("28.4", "177.9")


def test_a_tax_that_differs_by_more_stays_a_draft(system, buyer):
    planned = invoice()
    ref = drafted(system, buyer, planned)
    total = planned.taxes[0].model_copy(update={"tax": planned.tax + Decimal("0.02")})
    other = planned.model_copy(update={"taxes": (total,)})
    outcome = take(system, "invoice_confirmation", other, ref)
    assert (outcome.code, outcome.detail) == ("invoice_edited", "tax")
    assert one(system, ref).values["state"] == "draft"


def test_several_go_together_and_each_has_an_outcome(system, buyer):
    planned = [invoice() for _ in range(24)]
    bad = invoice(line(product="NICHTS"))
    outcomes = {o.key: o for o in system.write([step("invoice", p, buyer) for p in [*planned, bad]])}
    assert [type(o) for o in outcomes.values()].count(Done) == 24
    assert outcomes[f"invoice/{bad.reference}"].code == "product_unknown"
    refs = {p.reference: outcomes[f"invoice/{p.reference}"].ref for p in planned}
    for kind in STEPS[1:]:
        outcomes = system.write([step(kind, p, refs[p.reference]) for p in planned])
        assert [type(o) for o in outcomes] == [Done] * 24
    numbers = {o.results["number"] for o in outcomes}
    assert len(numbers) == 24


# -- what may be asked again, and what is found again


def test_each_step_is_found_once_it_is_done_and_not_before(system, buyer):
    planned = invoice()
    writes = [step("invoice", planned, buyer), *(step(kind, planned, buyer) for kind in STEPS[1:])]
    for done in range(4):
        assert [bool(system.find([write])) for write in writes] == [done > n for n in range(3)]
        if done < 3:
            (outcome,) = system.write([writes[done]])
            assert isinstance(outcome, Done)
            assert [r.ref for r in system.find([writes[done]])[writes[done].key]] == [outcome.ref]
    (record,) = system.find([writes[2]])[writes[2].key]
    assert record.values["number"] == outcome.results["number"]


@pytest.mark.parametrize("kind", STEPS[1:])
def test_a_step_taken_twice_has_one_effect(system, buyer, kind):
    planned = invoice()
    ref = confirmed(system, buyer, planned)
    first, second = (take(system, kind, planned, ref) for _ in range(2))
    assert (type(first), first.ref, first.results) == (Done, second.ref, second.results)
    assert len(live(system, planned)) == 1


def test_a_later_step_that_somebody_took_counts_for_the_earlier(system, buyer, rpc):
    planned = invoice()
    ref = drafted(system, buyer, planned)
    rpc("account.invoice.post", [int(ref.id)])
    write = step("invoice_confirmation", planned, ref)
    assert [r.values["state"] for r in system.find([write])[write.key]] == ["posted"]
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    assert take(system, "invoice_posting", planned, ref).results["number"] == fields(system, ref, "number")["number"]


@pytest.mark.parametrize("kind", STEPS)
def test_a_lost_answer_is_unknown_sent_once_and_found(system, buyer, monkeypatch, kind):
    planned = invoice()
    parent = buyer if kind == "invoice" else (drafted if kind == STEPS[1] else confirmed)(system, buyer, planned)
    write, door = step(kind, planned, parent), Door(system._rpc._http.call, fault=SystemUnavailable("x"))
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert door.writes == 1
    assert len(system.find([write])[write.key]) == 1
    assert len(live(system, planned)) == 1


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize(
    ("fault", "outcome"), [(RateLimited("x", retry_after=3), NotSent), (SystemUnavailable("x", sent=False), NotSent)]
)
def test_what_was_not_sent_is_told_as_such(system, buyer, monkeypatch, kind, fault, outcome):
    planned = invoice()
    parent = buyer if kind == "invoice" else (drafted if kind == STEPS[1] else confirmed)(system, buyer, planned)
    write, door = step(kind, planned, parent), Door(system._rpc._http.call, fault=fault, reach=False)
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: outcome}
    assert system.find([write]) == {}


@pytest.mark.parametrize("fault", [SystemUnavailable("x"), Refused("erp_fault"), LoginRefused("x")])
def test_a_number_that_cannot_be_read_never_looks_like_not_posted(system, buyer, monkeypatch, fault):
    planned = invoice()
    ref, real, sent = confirmed(system, buyer, planned), system._rpc.call, []

    def call(method, *arguments, **rest):
        if sent:
            raise fault
        if method.endswith(".post"):
            answer = real(method, *arguments, **rest)
            sent.append(method)
            return answer
        return real(method, *arguments, **rest)

    write = step("invoice_posting", planned, ref)
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc, "call", call)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert len(system.find([write])[write.key]) == 1


# -- what somebody did meanwhile


def edit_a_price(rpc, system, ref):
    (row,) = lines_of(system, ref, "id")
    rpc("account.invoice.line.write", [row["id"]], {"unit_price": {"__class__": "Decimal", "decimal": "1"}})


def change_the_tax(rpc, system, ref):
    (row,) = lines_of(system, ref, "taxes")
    (other,) = system._rpc.search("account.tax", [["name", "=", "7 %"]], ["id"])
    changed = {"taxes": [["remove", row["taxes"]], ["add", [other["id"]]]]}
    rpc("account.invoice.write", [int(ref.id)], {"lines": [["write", [row["id"]], changed]]})


def change_the_days(rpc, system, ref):
    (row,) = lines_of(system, ref, "note")
    rpc("account.invoice.line.write", [row["id"]], {"note": row["note"].replace("2026-01-31", "2026-02-28")})


def add_a_line(rpc, system, ref):
    (row,) = lines_of(system, ref, "product", "account", "unit", "taxes")
    price = {"__class__": "Decimal", "decimal": "0"}
    more = {"type": "line", "product": row["product"], "account": row["account"], "unit": row["unit"], "quantity": 1.0}
    more |= {"unit_price": price, "taxes": [["add", row["taxes"]]]}
    rpc("account.invoice.write", [int(ref.id)], {"lines": [["create", [more]]]})


def change_the_customer(rpc, system, ref):
    (done,) = system.write([customer(legal_name="Andere GmbH")])
    (address,) = system._rpc.search("party.address", [["party", "=", int(done.ref.id)]], ["id"])
    values = {"party": int(done.ref.id), "invoice_address": address["id"], "party_tax_identifier": None}
    rpc("account.invoice.write", [int(ref.id)], values)


def give_it_a_date(rpc, system, ref):
    rpc("account.invoice.write", [int(ref.id)], {"invoice_date": {"__class__": "date", "year": 2026, "month": 1, "day": 2}})


def date_it_for_the_books(rpc, system, ref):
    rpc("account.invoice.write", [int(ref.id)], {"accounting_date": {"__class__": "date", "year": 2026, "month": 1, "day": 2}})


def delete(rpc, system, ref):
    if fields(system, ref, "state")["state"] == "validated":
        rpc("account.invoice.draft", [int(ref.id)])
    rpc("account.invoice.delete", [int(ref.id)])


def give_up(rpc, system, ref):
    rpc("account.invoice.cancel", [int(ref.id)])


def copy(rpc, system, ref):
    (again,) = rpc("account.invoice.copy", [int(ref.id)], {"reference": fields(system, ref, "reference")["reference"]})
    return again


EDITS = [edit_a_price, change_the_tax, change_the_days, add_a_line, change_the_customer, give_it_a_date, date_it_for_the_books]


@pytest.mark.parametrize("kind", STEPS[1:])
@pytest.mark.parametrize(
    ("act", "code"),
    [*((act, "invoice_edited") for act in EDITS), (delete, "draft_deleted"), (give_up, "draft_deleted"), (copy, "invoice_twice")],
)
def test_what_somebody_did_to_a_draft_is_told_and_nothing_is_posted(system, buyer, rpc, kind, act, code):
    planned = invoice()
    ref = (drafted if kind == STEPS[1] else confirmed)(system, buyer, planned)
    if act is add_a_line and kind == STEPS[2]:
        with pytest.raises(Refused):
            act(rpc, system, ref)
        return
    act(rpc, system, ref)
    before = live(system, planned)
    assert system.find([step(kind, planned, ref)]) == {}
    assert take(system, kind, planned, ref).code == code
    assert live(system, planned) == before


@pytest.mark.parametrize("kind", STEPS[1:])
def test_a_draft_that_changes_at_the_last_moment_is_judged_again(system, buyer, rpc, monkeypatch, kind):
    planned = invoice()
    ref = (drafted if kind == STEPS[1] else confirmed)(system, buyer, planned)
    write = step(kind, planned, ref)
    before = fields(system, ref, "state")["state"]
    door = Door(system._rpc._http.call, before=lambda: rpc("account.invoice.write", [int(ref.id)], {"description": "von Hand"}))
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: Conflict}
    assert fields(system, ref, "state")["state"] == before
    assert isinstance(take(system, kind, planned, ref), Done)


def test_a_line_that_changes_at_the_last_moment_is_told(system, buyer, rpc, monkeypatch):
    """The lock holds the invoice, not its lines."""
    planned = invoice()
    ref = confirmed(system, buyer, planned)
    door = Door(system._rpc._http.call, before=lambda: edit_a_price(rpc, system, ref))
    write = step("invoice_posting", planned, ref)
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        (outcome,) = system.write([write])
    assert outcome.code in {"posted_otherwise", "refused_by_erp"}
    assert system.find([write]) == {}


def test_a_confirmed_invoice_taken_back_is_not_posted(system, buyer, rpc):
    planned = invoice()
    ref = confirmed(system, buyer, planned)
    rpc("account.invoice.draft", [int(ref.id)])
    assert take(system, "invoice_posting", planned, ref).code == "draft_reopened"
    assert live(system, planned) == ["draft"]


def test_an_invoice_posted_with_other_figures_is_told(system, buyer, rpc):
    planned = invoice()
    ref = drafted(system, buyer, planned)
    edit_a_price(rpc, system, ref)
    rpc("account.invoice.post", [int(ref.id)])
    for kind in STEPS[1:]:
        outcome = take(system, kind, planned, ref)
        assert (outcome.code, "net" in outcome.detail) == ("posted_otherwise", True)
        assert system.find([step(kind, planned, ref)]) == {}


def reverse(system, ref):
    """Credit the whole invoice with a refund, as an accountant does in the wizard."""
    wizard, _, _ = system._rpc.call("wizard.account.invoice.credit.create", safe=False)[:3]
    data = {"start": {"with_refund": True, "with_refund_allowed": True, "invoice_date": None}}
    context = {"active_model": "account.invoice", "active_id": int(ref.id), "active_ids": [int(ref.id)]}
    system._rpc.call("wizard.account.invoice.credit.execute", wizard, data, "credit", safe=False, context=context)


def test_a_reversed_invoice_is_told_and_a_next_generation_may_follow(system, buyer):
    planned = invoice()
    done = posted(system, buyer, planned)
    reverse(system, done.ref)
    assert one(system, done.ref).values["state"] == "cancelled"
    for kind in STEPS[1:]:
        assert take(system, kind, planned, done.ref).code == "invoice_reversed"
    write = step("invoice", planned, buyer)
    assert [r.values["state"] for r in system.find([write])[write.key]] == ["cancelled"]
    second = invoice(contract=planned.key.contract, generation=2)
    assert posted(system, buyer, second).results["number"] != done.results["number"]


def by_hand(system, rpc, buyer, planned, price="134.55", tax="19 %", post=False):
    """Make an invoice as a person does, who types our reference and no mark."""
    other = invoice(contract=f"X{next(NUMBERS)}")
    ref = drafted(system, buyer, other)
    (row,) = lines_of(system, ref, "id", "taxes")
    (wanted,) = system._rpc.search("account.tax", [["name", "=", tax]], ["id"])
    values = {"note": "von Hand", "unit_price": {"__class__": "Decimal", "decimal": price}}
    if row["taxes"] != [wanted["id"]]:
        values["taxes"] = [["remove", row["taxes"]], ["add", [wanted["id"]]]]
    lines = [["write", [row["id"]], values]]
    rpc("account.invoice.write", [int(ref.id)], {"reference": planned.reference, "lines": lines})
    if post:
        rpc("account.invoice.post", [int(ref.id)])
    return ref


@pytest.mark.parametrize("post", [False, True])
def test_an_invoice_made_by_hand_with_our_reference_and_figures_is_taken_as_ours(system, buyer, rpc, post):
    planned = invoice()
    ref = by_hand(system, rpc, buyer, planned, post=post)
    write = step("invoice", planned, buyer)
    assert [(r.ref, r.values["made_by_hand"]) for r in system.find([write])[write.key]] == [(ref, True)]
    for kind in STEPS[1:]:
        assert isinstance(take(system, kind, planned, ref), Done)
    assert live(system, planned) == ["posted"]


@pytest.mark.parametrize("other", [{"price": "99"}, {"tax": "7 %"}])
def test_one_made_by_hand_with_other_figures_is_told(system, buyer, rpc, other):
    planned = invoice()
    ref = by_hand(system, rpc, buyer, planned, **other)
    assert take(system, "invoice_confirmation", planned, ref).code == "invoice_by_hand"
    assert live(system, planned) == ["draft"]


# -- no service day twice


@pytest.mark.parametrize("state", ["draft", "posted"])
def test_a_service_day_of_a_line_is_never_drafted_twice(system, buyer, state):
    planned = invoice()
    (drafted if state == "draft" else posted)(system, buyer, planned)
    contract = planned.key.contract
    for start, first, last, code in [
        (date(2026, 1, 15), date(2026, 1, 15), date(2026, 2, 14), "service_day_invoiced"),
        (date(2025, 12, 1), date(2025, 12, 1), date(2026, 1, 1), "service_day_invoiced"),
        (date(2026, 2, 1), date(2026, 2, 1), date(2026, 2, 28), ""),
    ]:
        next_one = invoice(line(service_from=first, service_to=last), contract=contract, start=start)
        assert getattr(take(system, "invoice", next_one, buyer), "code", "") == code
    other_line = invoice(line(number="2"), contract=contract, start=date(2026, 1, 2))
    assert isinstance(take(system, "invoice", other_line, buyer), Done)
    supplement = invoice(contract=contract, kind="supplement")
    assert isinstance(take(system, "invoice", supplement, buyer), Done)


def test_two_of_one_batch_for_one_day_are_drafted_once(system, buyer):
    first = invoice()
    second = invoice(contract=first.key.contract, start=date(2026, 1, 15))
    outcomes = system.write([step("invoice", planned, buyer) for planned in (first, second)])
    assert sorted(getattr(o, "code", "done") for o in outcomes) == ["done", "service_day_invoiced"]


def test_what_was_given_up_or_reversed_covers_no_day(system, buyer, rpc):
    planned = invoice()
    give_up(rpc, system, drafted(system, buyer, planned))
    again = invoice(contract=planned.key.contract, generation=2)
    done = posted(system, buyer, again)
    reverse(system, done.ref)
    third = invoice(contract=planned.key.contract, generation=3)
    assert isinstance(take(system, "invoice", third, buyer), Done)


def test_an_invoice_made_by_hand_for_the_period_covers_it(system, buyer, rpc):
    planned = invoice()
    by_hand(system, rpc, buyer, invoice(contract=planned.key.contract, start=date(2026, 1, 10)))
    assert take(system, "invoice", planned, buyer).code == "service_day_invoiced"


@pytest.mark.parametrize(("contract", "stranger"), [("A_1", "AB1"), ("A%1", "AXX1"), ("A\\1", "A\\\\1"), ("A/1", "A")])
def test_the_invoices_of_a_contract_are_its_own_only(system, buyer, contract, stranger):
    assert isinstance(system, Invoicing)
    mark_of = next(NUMBERS)
    own, other = (invoice(contract=f"{mark_of}{name}") for name in (contract, stranger))
    refs = [drafted(system, buyer, planned) for planned in (own, other)]
    found = system.invoices_of([f"{mark_of}{contract}", "nothing"])
    assert {number: [r.ref for r in several] for number, several in found.items()} == {f"{mark_of}{contract}": [refs[0]]}


# -- what is refused before anything is sent


def test_what_cannot_be_drafted_is_named_and_the_others_are(system, buyer, rpc):
    blocked, nowhere = (o.ref for o in system.write([customer(), customer()]))
    rpc("party.party.write", [int(blocked.id)], {"active": False})
    rows = system._rpc.search("party.address", [["party", "=", int(nowhere.id)]], ["id"])
    rpc("party.address.write", [row["id"] for row in rows], {"active": False})
    unnamed = invoice()
    unnamed = unnamed.model_copy(update={"taxes": (unnamed.taxes[0].model_copy(update={"code": "99 %"}),)})
    wishes = [
        (invoice(), buyer, "done"), (invoice(), blocked, "customer_blocked"), (invoice(), nowhere, "address_missing"),
        (invoice(), system.ref("customer", NO_RECORD), "customer_blocked"), (invoice(line(product="")), buyer, "product_unknown"),
        (unnamed, buyer, "tax_unknown"), (invoice(currency="XXX"), buyer, "currency_unknown"),
    ]  # fmt: skip
    writes = [step("invoice", planned, parent) for planned, parent, _ in wishes]
    outcomes = {o.key: getattr(o, "code", "done") for o in system.write(writes)}
    assert [outcomes[write.key] for write in writes] == [code for *_, code in wishes]
    assert set(system.find(writes)) == {writes[0].key}


@pytest.mark.parametrize("kind", STEPS)
def test_what_is_no_step_is_rejected(system, buyer, kind):
    good = step(kind, invoice(), buyer)
    writes = [replace(good, parent=None), replace(good, values={"key": 1}), replace(good, operation="update")]
    codes = [outcome.code for write in writes for outcome in system.write([write])]
    assert codes == ["no_record", "invoice_unfit", "unknown_write"]


def test_a_customer_that_was_replaced_takes_its_invoices_along(system, rpc):
    gone, survivor = (o.ref for o in system.write([customer(), customer()]))
    planned = invoice()
    ref = drafted(system, gone, planned)
    (address,) = system._rpc.search("party.address", [["party", "=", int(survivor.id)]], ["id"])
    moved = {"party": int(survivor.id), "invoice_address": address["id"], "party_tax_identifier": None}
    rpc("account.invoice.write", [int(ref.id)], moved)
    assert take(system, "invoice_confirmation", planned, ref).detail == "customer"
    rpc("party.party.write", [int(gone.id)], {"active": False, "replaced_by": int(survivor.id)})
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)


def test_one_that_the_erp_refuses_stops_no_other(system, buyer, monkeypatch):
    planned = [invoice() for _ in range(5)]
    writes = [step("invoice", one, buyer) for one in planned]

    def spoiled(one, *rest):
        return drafting.draft(one, *rest) | ({"journal": 999_999} if one.reference == planned[2].reference else {})

    monkeypatch.setattr(invoice_steps, "draft", spoiled)
    outcomes = {o.key: o for o in system.write(writes)}
    assert [type(outcomes[w.key]) for w in writes] == [Done, Done, Rejected, Done, Done]
    assert set(system.find(writes)) == {w.key for w in writes if w is not writes[2]}


# -- late doubles, the books, doctor


def test_a_late_double_is_removed_while_it_is_a_draft_of_ours(system, buyer, rpc):
    planned = invoice()
    ref, late = drafted(system, buyer, planned), invoice()
    double = confirmed(system, buyer, late)
    assert system.remove(ref)
    assert system.remove(ref)
    assert system.remove(double)
    assert system.read("invoice", [ref.id, double.id, "x", NO_RECORD]) == {}
    hand = by_hand(system, rpc, buyer, invoice())
    kept = posted(system, buyer, invoice()).ref
    assert not system.remove(hand)
    assert not system.remove(kept)
    assert set(system.read("invoice", [hand.id, kept.id])) == {hand.id, kept.id}


def test_periods_tell_what_is_closed(system, erp):
    admin = tryton(erp, company=system.ref("x", "1").company, login="admin", password=erp.admin_password)
    found = system.periods()
    assert [p.first_day for p in found] == sorted(p.first_day for p in found)
    assert all(period.open for period in found)
    first = found[0]
    (row,) = [
        row
        for row in admin._rpc.search("account.period", [["type", "=", "standard"]], ["start_date"])
        if row["start_date"]["year"] == first.first_day.year and row["start_date"]["month"] == first.first_day.month
    ]
    admin._rpc.call("model.account.period.close", [row["id"]], safe=False)
    assert [period.open for period in system.periods()] == [False] + [True] * (len(found) - 1)
    admin._rpc.call("model.account.period.reopen", [row["id"]], safe=False)


def test_doctor_finds_nothing_wrong(system):
    assert [check.message for check in system.invoice_checks(list(CODES.values())) if check.level == "error"] == []


def test_doctor_names_what_invoices_lack(system, erp):
    admin = tryton(erp, company=system.ref("x", "1").company, login="admin", password=erp.admin_password)
    company = int(system.ref("x", "1").company)
    unwell = [(c.name, c.level) for c in tryton(erp).invoice_checks(["19 %", "Mondsteuer"]) if c.level == "error"]
    assert unwell == [("erp taxes", "error")]
    admin._rpc.call("model.company.company.write", [company], {"timezone": None}, safe=False)
    admin._rpc.call("model.account.configuration.write", [1], {"tax_rounding": "line"}, safe=False)
    try:
        unwell = [c.name for c in tryton(erp).invoice_checks([]) if c.level == "error"]
        assert unwell == ["erp tax rounding", "erp time zone"]
    finally:
        admin._rpc.call("model.company.company.write", [company], {"timezone": "Europe/Berlin"}, safe=False)
        admin._rpc.call("model.account.configuration.write", [1], {"tax_rounding": "document"}, safe=False)


def test_doctor_names_missing_rights(system, erp):
    admin = tryton(erp, company=system.ref("x", "1").company, login="admin", password=erp.admin_password)
    company = int(system.ref("x", "1").company)
    user = {"name": "Nobody", "login": "nobody", "password": "no-accounting-7", "companies": [["add", [company]]]}
    admin._rpc.call("model.res.user.create", [user | {"company": company}], safe=False)
    (check,) = tryton(erp, login="nobody", password="no-accounting-7").invoice_checks([])
    assert (check.name, check.level) == ("erp rights on invoices", "error")
    assert "create account.invoice" in check.message


# -- words and figures, without an ERP


def test_a_mark_reads_back():
    given = line(number="77", tax_class="reduced rate]")
    assert read_mark(f"intern\n{mark(given, 4)}\nmehr") == {
        "line": "77", "service_from": START, "service_to": END, "category": "S", "tax_class": "reduced_rate_",
    }  # fmt: skip
    assert read_mark(mark(line(service_from=None, service_to=None), 4))["service_from"] is None
    assert read_mark("von Hand") == read_mark("[il:1 gestern 2026-01-31 S x 4]") == {}


def test_words_follow_the_readers_language():
    given = line("82.03", "1", "149.5", discount="2.5", share="17/31")
    assert description(given, GERMAN, whole=False).splitlines()[1] == "1 \u00d7 149,5 abzüglich 2,5 % anteilig 17/31"
    assert description(given, ENGLISH, whole=False).splitlines()[2] == "Service period 2026-01-01 to 2026-01-31"
    assert description(given, ENGLISH, whole=True).splitlines() == ["Wartung", "Service period 2026-01-01 to 2026-01-31"]
    assert comment(invoice(contract="SC", corrects="RE1"), ENGLISH) == "Contract: SC\nConcerning invoice: RE1"


@pytest.mark.parametrize(("digits", "quantity"), [(0, "1"), (1, "2.5"), (3, "2.5")])
def test_a_quantity_that_the_unit_cannot_hold_is_one(digits, quantity):
    assert priced(line("373.75", "2.5", "149.5"), digits)[0] == Decimal(quantity)


# -- by change


def changed_since(system, at):
    return [record.ref for page in system.changed("invoice", at) for record in page.records]


def test_invoices_are_read_by_change_their_lines_and_state_included(system, buyer, rpc):
    first, second = invoice(), invoice()
    drafts = [drafted(system, buyer, one) for one in (first, second)]
    pages = list(system.changed("invoice", None))
    assert set(drafts) <= {record.ref for page in pages for record in page.records}
    mark = pages[-1].watermark + timedelta(seconds=1)
    time.sleep(max(0, (mark - datetime.now(UTC)).total_seconds()))
    assert not set(drafts) & set(changed_since(system, mark))
    (row,) = lines_of(system, drafts[0], "quantity")
    rpc("account.invoice.line.write", [row["id"]], {"quantity": 5.0})
    assert drafts[0] in changed_since(system, mark)
    assert drafts[1] not in changed_since(system, mark)
    assert isinstance(take(system, "invoice_confirmation", second, drafts[1]), Done)
    assert drafts[1] in changed_since(system, mark)


def test_what_bears_no_reference_of_ours_is_not_read_by_change(system, buyer):
    planned = invoice()
    ref = drafted(system, buyer, planned)
    system._rpc.call("model.account.invoice.write", [int(ref.id)], {"reference": "Bestellung 4711"}, safe=False)
    assert ref not in changed_since(system, None)
