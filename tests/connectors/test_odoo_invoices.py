"""Invoices in a real Odoo, or against what one answered: drafted, confirmed, posted, and what people do to them meanwhile.

A live Odoo needs a German chart of accounts, a product WARTUNG and taxes rounded globally.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from interlock.connectors.invoice_wording import ENGLISH, GERMAN, description, read_period
from interlock.connectors.odoo import invoice_drafting as drafting
from interlock.connectors.odoo import invoice_steps
from interlock.connectors.odoo.api import FIRST_JSON2
from interlock.connectors.odoo.invoice_drafting import priced
from interlock.connectors.odoo.invoice_marks import line_mark, read_line_mark
from interlock.domain.change import Done, NotSent, Rejected, Unknown, Write
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, TaxTotal
from interlock.domain.money import half_up
from interlock.errors import RateLimited, Refused, SystemUnavailable
from interlock.ports.system import Invoicing
from tests.connectors import odoo_hands
from tests.connectors.contract import NO_RECORD, Door, kinds
from tests.connectors.odoo_hands import administrator, customer, odoo, rpc, with_rights

erp = odoo_hands.erp
START, END = date(2026, 1, 1), date(2026, 1, 31)
CODES = {"S": "19%", "S7": "7%", "AE": "0% EU", "K": "0% EU D", "O": "0% S T"}
STEPS = ("invoice", "invoice_confirmation", "invoice_posting")
MOVE, LINE = "account.move", "account.move.line"


@pytest.fixture
def system(erp):
    system = odoo(erp)
    system.at = erp
    return system


def partner(system, **values):
    """Make a customer in few calls."""
    (term,) = system._rpc.search("account.payment.term", [["name", "=", "30 Days"]], ["id"])
    usual = {"name": "Rechnungs GmbH", "is_company": True, "property_payment_term_id": term["id"], "lang": "de_DE"}
    return system.ref("customer", str(system._rpc.create("res.partner", [usual | values])[0]))


@pytest.fixture
def buyer(system):
    return partner(system)


def line(net="269.10", quantity="2", price="134.55", number="1", category="S", rate="19", **values):
    usual = {"description": "Wartung", "service_from": START, "service_to": END, "tax_class": "standard"}
    figures = {"net": net, "quantity": quantity, "unit_price": price, "category": category, "rate": rate}
    return InvoiceLine(**{"line": number, "product": "WARTUNG"} | usual | figures | values)


def invoice(system, *lines, contract="", start=START, kind="regular", generation=1, **values):
    lines = lines or (line(),)
    groups = {}
    for one in lines:
        groups.setdefault((one.category, one.rate), []).append(one.net)
    taxes = tuple(
        TaxTotal(category=c, rate=r, base=sum(nets), tax=half_up(sum(nets) * r / 100, "EUR"), code="7%" if r == 7 else CODES[c])
        for (c, r), nets in groups.items()
    )
    net, tax = sum(one.net for one in lines), sum(total.tax for total in taxes)
    number = contract or f"SC-{system.at.run}-{next(system.at.numbers)}"
    key = InvoiceKey(contract=number, period_start=start, kind=kind, generation=generation)
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


def posted(system, buyer, planned):
    outcome = take(system, "invoice_posting", planned, drafted(system, buyer, planned))
    assert isinstance(outcome, Done), outcome
    return outcome


def one(system, ref):
    return system.read("invoice", [ref.id])[ref.id]


def fields(system, ref, *names):
    return system._rpc.of_ids(MOVE, [int(ref.id)], names)[int(ref.id)]


def lines_of(system, ref, *names):
    return system._rpc.search(LINE, [["move_id", "=", int(ref.id)], ["display_type", "=", "product"]], list(names))


def live(system, planned):
    rows = system._rpc.search(MOVE, [["invoice_origin", "=", planned.reference]], ["state"])
    return [row["state"] for row in rows if row["state"] != "cancel"]


# -- the way of an invoice


def test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures(system, erp):
    buyer = with_rights(system).write([customer(erp)])[0].ref
    rpc(system, "res.partner", "write", [int(buyer.id)], vals={"property_payment_term_id": 4})
    planned = invoice(system, line(), line("100", "1", "100", number="a/b 2", rate="7"))
    ref = drafted(system, buyer, planned)
    record = one(system, ref)
    assert (record.values["state"], record.values["number"], record.parent) == ("draft", "", buyer)
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    done = take(system, "invoice_posting", planned, ref)
    assert done.ref == ref
    assert done.results["number"].startswith("RE/")
    today = date.fromisoformat(done.results["invoice_date"])
    assert abs(today - erp.tape.now.date()) <= timedelta(days=1)
    assert date.fromisoformat(done.results["due_date"]) == today + timedelta(days=30)
    assert [done.results[name] for name in ("net", "tax", "gross", "state")] == ["369.1", "58.13", "427.23", "posted"]
    read = Invoice.model_validate(one(system, ref).values)
    assert sorted(total.model_dump(exclude={"reason"}).items() for total in read.taxes) == sorted(
        total.model_dump(exclude={"reason"}).items() for total in planned.taxes
    )
    assert [(n.line, n.net, n.service_from, n.service_to, n.tax_class, n.product) for n in read.lines] == [
        (n.line, n.net, n.service_from, n.service_to, n.tax_class, n.product) for n in planned.lines
    ]
    assert read.open_amount == read.gross == Decimal("427.23")
    assert read.recipient == f"{erp.run}-1"


def test_dates_taxes_term_and_words_are_explicit(system, buyer):
    reckoned = line(discount="10", unit_price="149.50")
    planned = invoice(system, reckoned, buyer_reference="04011000-12345-34", purchase_order="PO 9")
    ref = drafted(system, buyer, planned)
    names = ("invoice_origin", "ref", "payment_reference", "invoice_payment_term_id", "delivery_date", "invoice_date", "name")
    row = fields(system, ref, *names)
    assert (row["invoice_origin"], row["ref"], row["payment_reference"]) == (planned.reference, "PO 9", False)
    assert (row["invoice_payment_term_id"][1], row["delivery_date"]) == ("30 Days", "2026-01-31")
    assert (row["invoice_date"], row["name"] or "/") == (False, "/")
    (found,) = lines_of(system, ref, "tax_ids", "name", "quantity", "price_unit", "discount")
    assert len(found["tax_ids"]) == 1
    assert found["name"].splitlines() == ["Wartung", "Leistungszeitraum 01.01.2026 bis 31.01.2026"]
    assert (found["quantity"], found["price_unit"], found["discount"]) == (2.0, 149.5, 10.0)
    (note,) = system._rpc.search(LINE, [["move_id", "=", int(ref.id)], ["display_type", "=", "line_note"]], ["name"])
    assert note["name"].splitlines() == [
        "Leitweg-ID: 04011000-12345-34", f"Vertrag: {planned.key.contract}", "Bestellnummer: PO 9",
    ]  # fmt: skip


def test_an_invoice_goes_to_the_customers_address_for_invoices(system, buyer):
    address = {"parent_id": int(buyer.id), "type": "invoice", "name": "Buchhaltung"}
    (child,) = system._rpc.create("res.partner", [address])
    ref = posted(system, buyer, invoice(system)).ref
    assert fields(system, ref, "partner_id")["partner_id"][0] == child
    assert one(system, ref).parent == buyer


def test_a_company_below_the_customer_is_no_address_of_it(system, buyer):
    below = {"parent_id": int(buyer.id), "type": "invoice", "name": "Tochter GmbH", "is_company": True}
    system._rpc.create("res.partner", [below])
    ref = posted(system, buyer, invoice(system)).ref
    assert fields(system, ref, "partner_id")["partner_id"][0] == int(buyer.id)


def test_what_is_out_of_use_is_filled_in_nowhere(system, buyer, erp):
    """With a bank account that is archived Odoo posts nothing; a fiscal position changes the accounts."""
    admin = administrator(erp)
    (company,) = admin._rpc.search("res.company", [["id", "=", 1]], ["partner_id"])
    account = {"partner_id": company["partner_id"][0], "acc_number": f"{erp.run} 1", "active": False}
    position = {"name": f"Former {erp.run}", "auto_apply": True, "country_id": 12, "sequence": -1, "active": False}
    (closed,) = admin._rpc.create("res.partner.bank", [account])
    (former,) = admin._rpc.create("account.fiscal.position", [position])
    rpc(system, "res.partner", "write", [int(buyer.id)], vals={"country_id": 12})
    ref = posted(system, buyer, invoice(system)).ref
    rpc(admin, "account.fiscal.position", "write", [former], vals={"auto_apply": False})
    filled_in = fields(system, ref, "partner_bank_id", "fiscal_position_id")
    assert (filled_in["partner_bank_id"] or [0])[0] != closed
    assert (filled_in["fiscal_position_id"] or [0])[0] != former


def test_a_currency_without_a_rate_is_not_drafted(system, buyer, erp):
    """Odoo would book it one for one."""
    admin = administrator(erp)
    (zloty,) = admin._rpc.search("res.currency", [["name", "=", "PLN"]], ["active"])
    rpc(admin, "res.currency", "write", [zloty["id"]], vals={"active": True})
    planned, rates = invoice(system, currency="PLN"), []
    try:
        assert take(odoo(erp), "invoice", planned, buyer).code == "currency_unknown"
        rates = admin._rpc.create("res.currency.rate", [{"currency_id": zloty["id"], "name": "2026-01-01", "rate": 4.25}])
        assert isinstance(take(odoo(erp), "invoice", planned, buyer), Done)
    finally:
        if rates:
            rpc(admin, "res.currency.rate", "unlink", rates)
        rpc(admin, "res.currency", "write", [zloty["id"]], vals={"active": False})


def test_taxes_other_than_the_products_usual_ones_are_posted(system, buyer):
    lines = [line(str(100 + n), "1", str(100 + n), str(n), category, "0") for n, category in enumerate(("AE", "K", "O"))]
    done = posted(system, buyer, invoice(system, *lines))
    found = {total["category"]: (total["code"], total["tax"], total["base"]) for total in done.results["taxes"]}
    assert found == {c: (CODES[c], "0", str(100 + n)) for n, c in enumerate(("AE", "K", "O"))}


def test_the_erp_reckons_every_line_to_the_planned_cent(system, buyer):
    wanted = [
        ("100", "3", "33.3333", "0", ("1", "100", "0")), ("82.03", "1", "149.5", "0", ("1", "82.03", "0")),
        ("373.75", "2.5", "149.5", "0", ("2.5", "149.5", "0")), ("89.99", "3", "33.33", "10", ("1", "89.99", "0")),
        ("0.07", "7", "0.01", "0", ("7", "0.01", "0")), ("1234567.89", "3", "411522.63", "0", ("3", "411522.63", "0")),
        ("0.13", "0.5", "0.25", "0", ("0.5", "0.26", "0")), ("17.46", "1", "17.95", "2.75", ("1", "17.46", "0")),
    ]  # fmt: skip
    lines = [line(net, quantity, price, str(n), discount=off) for n, (net, quantity, price, off, _) in enumerate(wanted)]
    planned = invoice(system, *lines)
    ref = drafted(system, buyer, planned)
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    read = Invoice.model_validate(one(system, ref).values).lines
    assert [(n.net, n.quantity, n.unit_price, n.discount) for n in read] == [
        tuple(map(Decimal, (net, *sent))) for net, *_, sent in wanted
    ]


def test_tax_is_reckoned_once_and_half_up_as_planned(system, buyer):
    planned = invoice(system, line("149.50", "1", "149.5"))
    assert planned.tax == Decimal("28.41")
    assert posted(system, buyer, planned).results["tax"] == "28.41"


def test_a_tax_that_differs_by_more_than_a_cent_stays_a_draft(system, buyer):
    planned = invoice(system)
    ref = drafted(system, buyer, planned)
    for more, code in (("0.01", ""), ("0.02", "invoice_edited")):
        total = planned.taxes[0].model_copy(update={"tax": planned.tax + Decimal(more)})
        outcome = take(system, "invoice_confirmation", planned.model_copy(update={"taxes": (total,)}), ref)
        assert getattr(outcome, "code", "") == code
    assert outcome.detail == "tax"
    assert one(system, ref).values["state"] == "draft"


def test_several_go_together_and_the_culprit_of_a_batch_stops_no_other(system, buyer, monkeypatch):
    planned = [invoice(system) for _ in range(4)]

    def spoiled(one, *rest):
        rows = drafting.draft(one, *rest)
        if one.reference == planned[2].reference:
            rows[0][drafting.COLUMNS.index("journal_id/.id")] = "999999"
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(invoice_steps, "draft", spoiled)
        outcomes = {o.key: o for o in system.write([step("invoice", p, buyer) for p in planned])}
    assert [type(o) for o in outcomes.values()].count(Done) == 3
    assert outcomes[f"invoice/{planned[2].reference}"].code == "refused_by_erp"
    good = [p for p in planned if p is not planned[2]]
    refs = {p.reference: outcomes[f"invoice/{p.reference}"].ref for p in good}
    (journal,) = administrator(system.at)._rpc.create(
        "account.journal", [{"name": "Alt", "type": "sale", "code": system.at.run, "active": False}]
    )
    rpc(system, MOVE, "write", [int(refs[good[1].reference].id)], vals={"journal_id": journal})
    outcomes = {o.key: o for o in system.write([step("invoice_posting", p, refs[p.reference]) for p in good])}
    results = [outcomes[f"invoice_posting/{p.reference}"] for p in good]
    assert [type(o) for o in results] == [Done, Rejected, Done]
    assert results[1].code == "refused_by_erp"
    assert "(" in results[1].detail
    assert results[0].results["number"] != results[2].results["number"]


# -- what may be asked again, and what is found again


def test_each_step_is_found_once_it_is_done(system, buyer):
    planned = invoice(system)
    writes = [step(kind, planned, buyer) for kind in STEPS]
    there = [["invoice", "invoice_confirmation"]] * 2 + [["invoice", "invoice_confirmation", "invoice_posting"]]
    assert [write.key for write in writes if system.find([write])] == []
    for write, found in zip(writes, there, strict=True):
        (outcome,) = system.write([write])
        assert isinstance(outcome, Done)
        if write.kind != "invoice_confirmation":
            assert [each.kind for each in writes if system.find([each])] == found
    (record,) = system.find([writes[2]])[writes[2].key]
    assert record.values["number"] == outcome.results["number"]


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_taken_twice_has_one_effect(system, buyer, kind):
    planned = invoice(system)
    parent = buyer if kind == "invoice" else drafted(system, buyer, planned)
    first, second = (take(system, kind, planned, parent) for _ in range(2))
    assert (type(first), first.ref, first.results) == (Done, second.ref, second.results)
    assert len(live(system, planned)) == 1


def test_a_repeated_draft_leaves_a_posted_invoice_alone(system, buyer):
    planned = invoice(system)
    done = posted(system, buyer, planned)
    before = one(system, done.ref)
    assert take(system, "invoice", planned, buyer).ref == done.ref
    after = one(system, done.ref)
    assert (after.revision, after.modified_at) == (before.revision, before.modified_at)


@pytest.mark.parametrize("kind", ["invoice", "invoice_posting"])
def test_a_lost_answer_is_unknown_sent_once_and_found(system, buyer, monkeypatch, kind):
    planned = invoice(system)
    parent = buyer if kind == "invoice" else drafted(system, buyer, planned)
    write, door = step(kind, planned, parent), Door(system._rpc._http.call, fault=SystemUnavailable("x"))
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert door.writes == 1
    assert len(system.find([write])[write.key]) == 1
    assert len(live(system, planned)) == 1


@pytest.mark.parametrize("kind", ["invoice", "invoice_posting"])
def test_what_was_not_sent_is_told_as_such(system, buyer, monkeypatch, kind):
    planned = invoice(system)
    write = step(kind, planned, buyer if kind == "invoice" else drafted(system, buyer, planned))
    for fault in (RateLimited("x", retry_after=3), SystemUnavailable("x", sent=False)):
        door = Door(system._rpc._http.call, fault=fault, reach=False)
        with monkeypatch.context() as patch:
            patch.setattr(system._rpc._http, "call", door)
            assert kinds(system.write([write])) == {write.key: NotSent}
    assert system.find([write]) == {}


@pytest.mark.parametrize("fault", [SystemUnavailable("x"), Refused("erp_fault")])
def test_a_number_that_cannot_be_read_never_looks_like_not_posted(system, buyer, monkeypatch, fault):
    planned = invoice(system)
    ref, real, sent = drafted(system, buyer, planned), system._rpc.call, []

    def call(model, method, *arguments, **rest):
        if sent:
            raise fault
        answer = real(model, method, *arguments, **rest)
        if method == "action_post":
            sent.append(method)
        return answer

    write = step("invoice_posting", planned, ref)
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc, "call", call)
        assert kinds(system.write([write])) == {write.key: Unknown}
    assert len(system.find([write])[write.key]) == 1


# -- what somebody did meanwhile


def write_line(system, ref, **values):
    (row,) = lines_of(system, ref, "name")
    lines = [[1, row["id"], values or {"name": row["name"].replace("31.01.", "28.02.")}]]
    rpc(system, MOVE, "write", [int(ref.id)], vals={"invoice_line_ids": lines})


def edit_a_price(system, ref):
    write_line(system, ref, price_unit=1)


def change_the_tax(system, ref):
    (tax,) = system._rpc.search("account.tax", [["name", "=", "7%"], ["type_tax_use", "=", "sale"]], ["id"])
    write_line(system, ref, tax_ids=[[6, 0, [tax["id"]]]])


def change_the_days(system, ref):
    write_line(system, ref)


def add_a_line(system, ref):
    (row,) = lines_of(system, ref, "product_id", "tax_ids")
    more = {"product_id": row["product_id"][0], "price_unit": 0, "tax_ids": [[6, 0, row["tax_ids"]]]}
    rpc(system, MOVE, "write", [int(ref.id)], vals={"invoice_line_ids": [[0, 0, more]]})


def change_the_customer(system, ref):
    rpc(system, MOVE, "write", [int(ref.id)], vals={"partner_id": int(partner(system, name="Andere GmbH").id)})


def give_it_a_date(system, ref):
    rpc(system, MOVE, "write", [int(ref.id)], vals={"invoice_date": "2026-01-02"})


def take_the_customer_away(system, ref):
    rpc(system, MOVE, "write", [int(ref.id)], vals={"partner_id": False})


def delete(system, ref):
    rpc(system, MOVE, "unlink", [int(ref.id)])


def give_up(system, ref):
    rpc(system, MOVE, "button_cancel", [int(ref.id)])


def copied(system, ref):
    made = rpc(system, MOVE, "copy", [int(ref.id)])
    return system.ref("invoice", str(made[0] if isinstance(made, list) else made))


def copy(system, ref):
    """Make a copy that bears our reference; from 19 on somebody has to type it there."""
    again = copied(system, ref)
    if system._rpc.major >= FIRST_JSON2:
        rpc(system, MOVE, "write", [int(again.id)], vals={"ref": fields(system, ref, "invoice_origin")["invoice_origin"]})
    return again


def take_back(system, ref):
    rpc(system, MOVE, "action_post", [int(ref.id)])
    rpc(system, MOVE, "button_draft", [int(ref.id)])


EDITS = [edit_a_price, change_the_tax, change_the_days, add_a_line, change_the_customer, take_the_customer_away, give_it_a_date]
GONE = [(delete, "draft_deleted"), (give_up, "draft_deleted"), (copy, "invoice_twice"), (take_back, "draft_reopened")]


@pytest.mark.parametrize(("act", "code"), [*((act, "invoice_edited") for act in EDITS), *GONE])
def test_what_somebody_did_to_a_draft_is_told_and_nothing_is_posted(system, buyer, act, code):
    planned = invoice(system)
    ref = drafted(system, buyer, planned)
    act(system, ref)
    before = live(system, planned)
    assert system.find([step(kind, planned, ref) for kind in STEPS[1:]]) == {}
    assert take(system, STEPS[2], planned, ref).code == code
    assert live(system, planned) == before


@pytest.mark.parametrize("text", ["PO 4711", "SC-other/2026-01-01", ""])
def test_an_invoice_whose_source_document_somebody_changed_stays_ours(system, buyer, text):
    """An import or an automated action does that; our mark stays, so that the days are not invoiced twice."""
    planned = invoice(system)
    ref = drafted(system, buyer, planned)
    rpc(system, MOVE, "write", [int(ref.id)], vals={"invoice_origin": text})
    assert take(system, "invoice", planned, buyer).ref == ref
    assert isinstance(take(system, "invoice_confirmation", planned, ref), Done)
    done = take(system, "invoice_posting", planned, ref)
    assert isinstance(done, Done), done
    assert take(system, "invoice_posting", planned, ref).results == done.results
    values = one(system, ref).values
    assert (values["reference"], values["number"], values["made_by_hand"]) == (planned.reference, done.results["number"], False)


def test_a_line_that_changes_at_the_last_moment_is_told(system, buyer, monkeypatch):
    """Odoo has no lock."""
    planned = invoice(system)
    ref = drafted(system, buyer, planned)
    door = Door(system._rpc._http.call, before=lambda: edit_a_price(system, ref))
    write = step("invoice_posting", planned, ref)
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        (outcome,) = system.write([write])
    assert (outcome.code, "net" in outcome.detail) == ("posted_otherwise", True)
    assert system.find([write]) == {}


def test_one_that_somebody_posts_at_the_last_moment_is_posted(system, buyer, monkeypatch):
    planned = [invoice(system) for _ in range(3)]
    refs = [drafted(system, buyer, one) for one in planned]
    door = Door(system._rpc._http.call, before=lambda: rpc(administrator(system.at), MOVE, "action_post", [int(refs[1].id)]))
    with monkeypatch.context() as patch:
        patch.setattr(system._rpc._http, "call", door)
        outcomes = system.write([step("invoice_posting", *each) for each in zip(planned, refs, strict=True)])
    assert [outcome.results["state"] for outcome in outcomes] == ["posted"] * 3
    assert len({outcome.results["number"] for outcome in outcomes}) == 3


def test_an_invoice_posted_with_other_figures_is_told(system, buyer):
    planned = invoice(system)
    ref = drafted(system, buyer, planned)
    edit_a_price(system, ref)
    rpc(system, MOVE, "action_post", [int(ref.id)])
    for kind in STEPS[1:]:
        assert take(system, kind, planned, ref).code == "posted_otherwise"
        assert system.find([step(kind, planned, ref)]) == {}


def reverse(system, ref, method="refund_moves"):
    """Credit the whole invoice, as an accountant does in the wizard; refund_moves leaves a draft to be posted."""
    (journal,) = system._rpc.of_ids(MOVE, [int(ref.id)], ["journal_id"]).values()
    values = {"move_ids": [[6, 0, [int(ref.id)]]], "journal_id": journal["journal_id"][0], "company_id": 1}
    ids = system._rpc.create("account.move.reversal", [values])
    rpc(system, "account.move.reversal", method, ids)
    (note,) = system._rpc.search(MOVE, [["reversed_entry_id", "=", int(ref.id)]], ["state"])
    if note["state"] == "draft":
        rpc(system, MOVE, "action_post", [note["id"]])


def test_a_reversed_invoice_is_told_and_a_next_generation_may_follow(system, buyer):
    planned = invoice(system)
    done = posted(system, buyer, planned)
    reverse(system, done.ref)
    assert one(system, done.ref).values["state"] == "cancelled"
    for kind in STEPS[1:]:
        assert take(system, kind, planned, done.ref).code == "invoice_reversed"
    write = step("invoice", planned, buyer)
    assert [r.values["state"] for r in system.find([write])[write.key]] == ["cancelled"]
    second = invoice(system, contract=planned.key.contract, generation=2)
    assert posted(system, buyer, second).results["number"] != done.results["number"]
    states = [record.values["state"] for record in system.invoices_of([planned.key.contract])[planned.key.contract]]
    assert states == ["cancelled", "posted"]


def test_what_the_wizard_makes_in_place_of_a_reversed_invoice_counts_for_its_period(system, buyer):
    planned = invoice(system)
    done = posted(system, buyer, planned)
    reverse(system, done.ref, "modify_moves")
    (record,) = [r for r in system.find([step("invoice", planned, buyer)]).popitem()[1] if r.ref != done.ref]
    assert (record.values["state"], record.values["made_by_hand"]) == ("draft", True)
    assert isinstance(take(system, "invoice_posting", planned, record.ref), Done)


def by_hand(system, buyer, planned, price=134.55, tax="19%", post=False):
    """Make an invoice as a person does, who types our reference."""
    (found,) = system._rpc.search("account.tax", [["name", "=", tax], ["type_tax_use", "=", "sale"]], ["id"])
    one_line = {"name": "von Hand", "quantity": 2, "price_unit": price, "tax_ids": [[6, 0, [found["id"]]]]}
    values = {"move_type": "out_invoice", "partner_id": int(buyer.id), "ref": planned.reference}
    (made,) = system._rpc.create(MOVE, [values | {"invoice_line_ids": [[0, 0, one_line]]}])
    if post:
        rpc(system, MOVE, "action_post", [made])
    return system.ref("invoice", str(made))


@pytest.mark.parametrize("post", [False, True])
def test_an_invoice_made_by_hand_with_our_reference_and_figures_is_taken_as_ours(system, buyer, post):
    planned = invoice(system)
    ref = by_hand(system, buyer, planned, post=post)
    write = step("invoice", planned, buyer)
    assert [(r.ref, r.values["made_by_hand"]) for r in system.find([write])[write.key]] == [(ref, True)]
    for kind in STEPS[1:]:
        assert isinstance(take(system, kind, planned, ref), Done)
    assert one(system, ref).values["state"] == "posted"


@pytest.mark.parametrize("other", [{"price": 99}, {"tax": "7%"}])
def test_one_made_by_hand_with_other_figures_is_told(system, buyer, other):
    planned = invoice(system)
    ref = by_hand(system, buyer, planned, **other)
    assert take(system, "invoice_confirmation", planned, ref).code == "invoice_by_hand"


def test_a_copy_for_another_period_is_no_invoice_of_the_first(system, buyer):
    odoo_hands.not_in(system, 19, "a copy does not take our reference along there")
    planned = invoice(system)
    done = posted(system, buyer, planned)
    again = copy(system, done.ref)
    assert again.id in system.read("invoice", [again.id])
    (row,) = lines_of(system, again, "name")
    later = row["name"].replace(".01.2026", ".03.2026")
    rpc(system, MOVE, "write", [int(again.id)], vals={"invoice_line_ids": [[1, row["id"], {"name": later}]]})
    assert system.read("invoice", [again.id]) == {}
    assert isinstance(take(system, "invoice_posting", planned, done.ref), Done)


# -- no service day twice


def test_a_service_day_of_a_line_is_never_drafted_twice(system, buyer):
    planned = invoice(system)
    drafted(system, buyer, planned)
    contract = planned.key.contract
    for start, first, last, code in [
        (date(2026, 1, 15), date(2026, 1, 15), date(2026, 2, 14), "service_day_invoiced"),
        (date(2025, 12, 1), date(2025, 12, 1), date(2026, 1, 1), "service_day_invoiced"),
        (date(2026, 2, 1), date(2026, 2, 1), date(2026, 2, 28), ""),
    ]:
        next_one = invoice(system, line(service_from=first, service_to=last), contract=contract, start=start)
        assert getattr(take(system, "invoice", next_one, buyer), "code", "") == code
    other_line = invoice(system, line(number="2"), contract=contract, start=date(2026, 1, 2))
    assert isinstance(take(system, "invoice", other_line, buyer), Done)
    supplement = invoice(system, contract=contract, kind="supplement")
    assert isinstance(take(system, "invoice", supplement, buyer), Done)


def test_two_of_one_batch_for_one_day_are_drafted_once(system, buyer):
    first = invoice(system)
    second = invoice(system, contract=first.key.contract, start=date(2026, 1, 15))
    outcomes = system.write([step("invoice", planned, buyer) for planned in (first, second)])
    assert sorted(getattr(o, "code", "done") for o in outcomes) == ["done", "service_day_invoiced"]


def test_what_was_given_up_covers_no_day_and_one_made_by_hand_does(system, buyer):
    planned = invoice(system)
    give_up(system, drafted(system, buyer, planned))
    again = invoice(system, contract=planned.key.contract, generation=2)
    assert isinstance(take(system, "invoice", again, buyer), Done)
    other = invoice(system)
    by_hand(system, buyer, invoice(system, contract=other.key.contract, start=date(2026, 1, 10)))
    assert take(system, "invoice", other, buyer).code == "service_day_invoiced"


def test_the_invoices_of_a_contract_are_its_own_only(system, buyer):
    assert isinstance(system, Invoicing)
    mark = system.at.run
    for contract, stranger in [("A_1", "AB1"), ("B%1", "BXX1"), ("C\\1", "C\\\\1"), ("D/1", "D")]:
        refs = [drafted(system, buyer, invoice(system, contract=f"{mark}{name}")) for name in (contract, stranger)]
        found = system.invoices_of([f"{mark}{contract}", "nothing"])
        assert {number: [r.ref for r in several] for number, several in found.items()} == {f"{mark}{contract}": [refs[0]]}


# -- what is refused before anything is sent


def test_what_cannot_be_drafted_is_named_and_the_others_are(system, buyer):
    warns = {"invoice_warn": "block"} if system._rpc.major < FIRST_JSON2 else {"active": False}  # 19 knows no such warning
    blocked, warned, immediate = partner(system, active=False), partner(system, **warns), partner(system)
    rpc(system, "res.partner", "write", [int(immediate.id)], vals={"property_payment_term_id": False})
    unnamed = invoice(system)
    unnamed = unnamed.model_copy(update={"taxes": (unnamed.taxes[0].model_copy(update={"code": "99 %"}),)})
    wishes = [
        (invoice(system), buyer, "done"), (invoice(system), blocked, "customer_blocked"),
        (invoice(system), warned, "customer_blocked"), (invoice(system), immediate, "term_missing"),
        (invoice(system), system.ref("customer", NO_RECORD), "customer_blocked"),
        (invoice(system, line(product="")), buyer, "product_unknown"), (unnamed, buyer, "tax_unknown"),
        (invoice(system, currency="XXX"), buyer, "currency_unknown"),
    ]  # fmt: skip
    writes = [step("invoice", planned, parent) for planned, parent, _ in wishes]
    outcomes = {o.key: getattr(o, "code", "done") for o in system.write(writes)}
    assert [outcomes[write.key] for write in writes] == [code for *_, code in wishes]
    assert set(system.find(writes)) == {writes[0].key}


def test_what_is_no_step_is_rejected(system, buyer):
    for kind in STEPS:
        good = step(kind, invoice(system), buyer)
        writes = [replace(good, parent=None), replace(good, values={"key": 1}), replace(good, operation="update")]
        codes = [outcome.code for write in writes for outcome in system.write([write])]
        assert codes == ["no_record", "invoice_unfit", "unknown_write"]


def test_a_customer_that_was_merged_takes_its_invoices_along(system, buyer, erp):
    survivor, planned = partner(system), invoice(system)
    ref = drafted(system, buyer, planned)
    hands = odoo_hands.Hands()
    hands.merge(administrator(erp), survivor.id, buyer.id)
    assert one(system, ref).parent == survivor
    assert isinstance(take(system, "invoice_posting", planned, ref), Done)


# -- late doubles, the books, doctor


def test_a_late_double_is_removed_while_it_is_a_draft_of_ours(system, buyer):
    ref, hand = drafted(system, buyer, invoice(system)), by_hand(system, buyer, invoice(system))
    kept = posted(system, buyer, invoice(system)).ref
    assert system.remove(ref)
    assert system.remove(ref)
    assert system.read("invoice", [ref.id, "x", NO_RECORD]) == {}
    assert not system.remove(hand)
    assert not system.remove(kept)
    assert set(system.read("invoice", [hand.id, kept.id])) == {hand.id, kept.id}


def test_lock_dates_are_the_periods_of_the_books(system, erp):
    assert [period.open for period in system.periods()] == [True]
    admin, sales = administrator(erp), odoo_hands.locks_sales(system)
    rpc(admin, "res.company", "write", [1], vals={sales: "2025-06-30", "fiscalyear_lock_date": "2024-12-31"})
    try:
        closed, after = system.periods()
        assert (closed.last_day, closed.open, after.first_day, after.open) == (
            date(2025, 6, 30), False, date(2025, 7, 1), True,
        )  # fmt: skip
    finally:
        rpc(admin, "res.company", "write", [1], vals={sales: False, "fiscalyear_lock_date": False})


def test_doctor_finds_nothing_wrong(system):
    assert [check.message for check in system.invoice_checks(list(CODES.values())) if check.level == "error"] == []


def test_doctor_names_what_invoices_lack(system, erp):
    admin, user, sales = administrator(erp), system._rpc.context["uid"], odoo_hands.locks_sales(system)
    company = {"tax_calculation_rounding_method": "round_per_line", sales: "2100-01-01"}
    rpc(admin, "res.company", "write", [1], vals=company)
    try:
        unwell = [c.name for c in odoo(erp).invoice_checks(["19%", "Mondsteuer"]) if c.level == "error"]
        assert unwell == ["erp taxes", "erp tax rounding", "erp periods"]
    finally:
        rpc(
            admin,
            "res.company",
            "write",
            [1],
            vals={"tax_calculation_rounding_method": "round_globally", sales: False},
        )
    rpc(admin, "res.users", "write", [user], vals={"tz": False})
    try:
        assert [c.name for c in odoo(erp).invoice_checks([]) if c.level == "error"] == ["erp time zone"]
    finally:
        rpc(admin, "res.users", "write", [user], vals={"tz": "Europe/Berlin"})


def test_doctor_names_missing_rights(erp):
    (check,) = odoo_hands.reader(erp).invoice_checks([])
    assert (check.name, check.level) == ("erp rights on invoices", "error")
    assert "create account.move" in check.message


# -- by change


def changed_since(system, at):
    return [record.ref for page in system.changed("invoice", at) for record in page.records]


def test_invoices_are_read_by_change_their_lines_and_state_included(system, buyer, erp):
    first, second = invoice(system), invoice(system)
    drafts = [drafted(system, buyer, planned) for planned in (first, second)]
    at = one(system, drafts[1]).modified_at + timedelta(seconds=1)
    erp.tape.wait(2)
    assert not set(drafts) & set(changed_since(system, at))
    edit_a_price(system, drafts[0])
    assert changed_since(system, at) == [drafts[0]]
    assert isinstance(take(system, "invoice_posting", second, drafts[1]), Done)
    assert set(changed_since(system, at)) == set(drafts)


# -- words and figures, without an ERP


def test_a_mark_reads_back():
    given = line(number="a/7 ü", tax_class="reduced rate]")
    external = line_mark(1, "SC.1/2026-01-01", 2, given, 4)
    assert read_line_mark(external) == ({"line": "a/7 ü", "category": "S", "tax_class": "reduced rate]"}, "4")
    assert " " not in external
    assert read_line_mark("__export__.line_7") == ({}, "")


@pytest.mark.parametrize("said", [GERMAN, ENGLISH])
def test_days_of_service_read_back_from_the_description(said):
    assert read_period(f"{description(line(), said, whole=True)}, wie bestellt") == (START, END)
    assert read_period(description(line(service_from=None), said, whole=True)) == (None, None)
    assert read_period(said.period.format("gestern", "31.02.2026")) == (None, None)


@pytest.mark.parametrize(("places", "quantity"), [(0, "1"), (1, "2.5"), (3, "2.5")])
def test_a_quantity_that_the_erp_cannot_hold_is_one(places, quantity):
    given = {"price_unit": 2, "quantity": places, "discount": 2}
    assert priced(line("373.75", "2.5", "149.5"), given)[0] == Decimal(quantity)
