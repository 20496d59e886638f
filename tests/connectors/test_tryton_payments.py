"""The debtors' ledger of a real Tryton: what accountants do, what the ERP tells of it, and the receivable afterwards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from interlock.connectors import receivable_records
from interlock.connectors.tryton import receivable_reading
from interlock.domain.payment import Debtor, Maturity, Receivable
from interlock.errors import Refused
from interlock.ports.receivables import Receivables
from interlock.processes.receivables.settlement import settlement
from interlock_sandbox.accountant import TODAY, Books
from tests.connectors.test_tryton import tryton

DUE = TODAY + timedelta(days=30)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def books(erp):
    """Books with what the tests need beyond the demo company's, all there before the connector first looks."""
    made = Books(erp)
    made.write_offs = {"skonto": made.write_off_method("Skonto"), "write_off": made.write_off_method("Forderungsausfall")}
    made.accounts["skonto"] = made.account("Gewährte Skonti", like="expense")
    made.term("zwei Raten", (50, 30), (50, 60))
    made.foreign("USD", (TODAY, "1.25"), (TOMORROW, "1.00"))
    return made


@pytest.fixture(scope="module")
def system(erp, books):
    return tryton(erp)


@pytest.fixture
def party(books):
    return books.party(fresh=False)


@pytest.fixture
def told(system, erp):
    """Say which ids of a kind the ERP tells of since the latest `told.now()`."""

    class Told:
        def now(self):
            with psycopg.connect(erp.dsn) as connection:
                (self.since,) = connection.execute("select clock_timestamp()").fetchone()

        def __call__(self, kind="receivable"):
            return {record.ref.id for page in system.changed(kind, self.since) for record in page.records}

    return Told()


@pytest.fixture
def read(system):
    def one(record_id):
        record = system.read("receivable", [str(record_id)])[str(record_id)]
        assert record.problems == ()
        found = Receivable.model_validate(record.values)
        assert record.parent == system.ref("customer", found.recipient)
        return found

    return one


@pytest.fixture
def unallocated(system):
    def of(party):
        debtor = Debtor.model_validate(system.read("debtor", [str(party)])[str(party)].values)
        return [(row.currency, str(row.amount)) for row in debtor.unallocated]

    return of


def figures(receivable):
    """State, what is open, settlement, and what was booked."""
    booked = [(row.kind, str(row.amount)) for row in receivable.reconciliations]
    return receivable.state, str(receivable.open), settlement(receivable), booked


def stamp(books, invoice):
    return books.row(invoice, "write_date")["write_date"]


# -- money


def test_a_part_payment_and_the_rest(books, party, told, read):
    invoice = books.invoice(party)
    books.call("account.invoice.write", [invoice], {"reference": "SC-7/2026-01-01/2"})
    before = read(invoice)
    assert (before.kind, before.contract, before.reference) == ("invoice", "SC-7", "SC-7/2026-01-01/2")
    assert (before.recipient, before.currency, before.sent, before.due) == (str(party), "EUR", True, DUE)
    assert (str(before.net), str(before.tax), str(before.gross)) == ("100", "19", "119")
    assert before.number.startswith("RE")
    assert figures(before) == ("posted", "119", "open", [])
    told.now()
    books.pay(invoice, "50", on=YESTERDAY)
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "69", "partly_paid", [("money", "50")])
    told.now()
    books.pay(invoice, "69")
    assert told() == {str(invoice)}
    found = read(invoice)
    assert figures(found) == ("paid", "0", "paid", [("money", "50"), ("money", "69")])
    assert [row.day for row in found.reconciliations] == [YESTERDAY, TODAY]
    told.now()
    books.unreconcile(*books.due_lines(invoice))  # the payments stay linked
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "0", "paid", [("money", "50"), ("money", "69")])


def test_one_payment_for_several_invoices_has_one_id(books, party, told, read):
    invoices = [books.invoice(party), books.invoice(party, "200")]
    told.now()
    (line,) = books.receipt(party, "357")
    books.reconcile(line, *books.due_lines(*invoices))
    assert told() == {str(invoice) for invoice in invoices}
    assert [figures(read(invoice)) for invoice in invoices] == [
        ("paid", "0", "paid", [("money", "119")]), ("paid", "0", "paid", [("money", "238")]),
    ]  # fmt: skip
    assert {read(invoice).reconciliations[0].id for invoice in invoices} == {str(books.move_of(line))}


def test_a_bank_statement_pays_two_invoices(books, system, party, told, read):
    invoices = [books.invoice(party), books.invoice(party)]
    told.now()
    books.statement((party, "119", invoices[0]), (party, "100", invoices[1]), post=False)
    assert told() == {str(invoice) for invoice in invoices}
    assert [figures(read(invoice)) for invoice in invoices] == [
        ("paid", "0", "paid", [("money", "119")]), ("posted", "19", "partly_paid", [("money", "100")]),
    ]  # fmt: skip
    assert system.bank_booked_on() == books.latest_statement() == TODAY


def test_a_removed_payment_is_unallocated(books, party, told, read, unallocated):
    invoice = books.invoice(party)
    books.pay(invoice, "50")
    (line,) = books.row(invoice, "payment_lines")["payment_lines"]
    assert unallocated(party) == []
    told.now()
    books.link(line, None)
    assert told() == {str(invoice)}
    assert told("debtor") == {str(party)}
    assert figures(read(invoice)) == ("posted", "119", "open", [])
    assert unallocated(party) == [("EUR", "50")]


def test_a_removed_reconciliation_of_a_payment_that_was_never_linked_opens_the_invoice(books, party, told, read, unallocated):
    invoice = books.invoice(party)
    (line,) = books.receipt(party, "119")
    books.reconcile(line, *books.due_lines(invoice))
    assert read(invoice).state == "paid"
    told.now()
    books.unreconcile(line)
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "119", "open", [])
    assert unallocated(party) == [("EUR", "119")]


# -- what goes back


def test_a_returned_debit_and_its_fee(books, party, told, read):
    invoice = books.invoice(party)
    books.pay(invoice, "119", on=YESTERDAY)
    (line,) = books.row(invoice, "payment_lines")["payment_lines"]
    payment = books.move_of(line)
    told.now()
    books.unreconcile(line)
    books.take_back(payment)
    (fee,) = books.move(("receivable", "4.50", party), ("expense", "-4.50", None), journal="MISC")
    assert told() == {str(invoice), f"line-{fee}"}
    found = read(invoice)
    assert figures(found) == ("posted", "119", "open", [("money", "119"), ("returned", "-119")])
    assert (found.reconciliations[1].of, found.reconciliations[1].reason) == (str(payment), "Rückgabe mangels Deckung")
    assert found.due == DUE
    item = read(f"line-{fee}")
    assert (item.kind, item.recipient, item.due, str(item.gross), item.contract) == ("item", str(party), TODAY, "4.5", "")
    assert figures(item) == ("posted", "4.5", "open", [])
    told.now()
    books.link(line, None)
    books.pay(invoice, "119")
    (receipt,) = books.receipt(party, "4.50")
    books.reconcile(receipt, fee)
    assert told() == {str(invoice), f"line-{fee}"}
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "119"), ("returned", "-119"), ("money", "119")])
    assert figures(read(f"line-{fee}")) == ("paid", "0", "paid", [("money", "4.5")])


def test_a_part_payment_reversed_by_an_opposite_move_shows_by_its_line_alone(books, party, told, read):
    invoice = books.invoice(party)
    books.pay(invoice, "50")
    (line,) = books.row(invoice, "payment_lines")["payment_lines"]
    before = stamp(books, invoice)
    told.now()
    books.take_back(books.move_of(line))
    assert stamp(books, invoice) == before
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "119", "open", [("money", "50"), ("returned", "-50")])
    with pytest.raises(Refused):  # linked payments may not come to more than the invoice, whatever became of them
        books.pay(invoice, "119")


def test_a_return_that_the_bank_statement_brings(books, party, told, read, unallocated):
    invoice = books.invoice(party)
    books.statement((party, "119", invoice))
    (line,) = books.row(invoice, "payment_lines")["payment_lines"]
    told.now()
    (back,) = books.receipt(party, "-119", description="AC04")
    assert told() == {f"line-{back}"}
    assert figures(read(f"line-{back}"))[:2] == ("posted", "119")
    told.now()
    books.unreconcile(line)
    books.reconcile(line, back)
    assert told() == {str(invoice), f"line-{back}"}
    found = read(invoice)
    assert figures(found) == ("posted", "119", "open", [("money", "119"), ("returned", "-119")])
    assert (found.reconciliations[1].id, found.reconciliations[1].reason) == (str(books.move_of(back)), "AC04")
    assert figures(read(f"line-{back}")) == ("paid", "0", "paid", [])
    assert unallocated(party) == []


# -- corrections


def test_a_partial_correction_linked_and_then_settled(books, party, told, read):
    invoice = books.invoice(party)
    told.now()
    note = books.invoice(party, "-40")
    assert told() == {str(note)}
    assert figures(read(note)) == ("posted", "-47.6", "credited", [])
    (line,) = books.due_lines(note)
    told.now()
    books.link(line, invoice)
    assert told() == {str(invoice), str(note)}
    assert figures(read(invoice)) == ("posted", "71.4", "open", [("correction", "47.6")])
    assert figures(read(note)) == ("posted", "0", "credited", [("correction", "-47.6")])
    told.now()
    books.pay(invoice, "71.40")
    assert told() >= {str(invoice), str(note)}
    assert figures(read(invoice)) == ("paid", "0", "paid", [("correction", "47.6"), ("money", "71.4")])
    found = read(note)
    assert (found.kind, str(found.gross)) == ("credit_note", "-47.6")
    assert figures(found) == ("posted", "0", "credited", [("correction", "-47.6")])
    assert {row.id for row in (*read(invoice).reconciliations, *found.reconciliations) if row.kind == "correction"} == {
        str(books.move_of(line))
    }


def test_a_full_reversal_by_the_wizard_takes_a_part_payment_off_the_invoice(books, party, told, read, unallocated):
    invoice = books.invoice(party)
    books.pay(invoice, "19")
    told.now()
    note = books.credit(invoice)
    assert told() == {str(invoice), str(note)}
    assert told("debtor") == {str(party)}
    assert figures(read(invoice)) == ("cancelled", "0", "cancelled", [("correction", "119")])
    assert figures(read(note)) == ("posted", "0", "credited", [("correction", "-119")])
    assert unallocated(party) == [("EUR", "19")]


def test_a_full_credit_note_by_hand_leaves_the_invoice_paid_in_the_erp_and_credited_here(books, party, told, read):
    invoice = books.invoice(party)
    note = books.credit(invoice, refund=False)
    assert figures(read(note))[:3] == ("draft", "0", "draft")
    books.call("account.invoice.post", [note])
    told.now()
    books.reconcile(*books.due_lines(invoice, note))
    assert told() == {str(invoice), str(note)}
    assert figures(read(invoice)) == ("paid", "0", "credited", [("correction", "119")])


def test_a_reversal_without_a_credit_note(books, party, told, read):
    invoice = books.invoice(party)
    books.call("company.company.write", [books.company], {"cancel_invoice_out": True})
    told.now()
    books.call("account.invoice.cancel", [invoice])
    books.call("company.company.write", [books.company], {"cancel_invoice_out": False})
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("cancelled", "0", "cancelled", [("correction", "119")])


def test_a_credit_note_that_is_paid_out(books, party, told, read):
    note = books.invoice(party, "-40")
    (back,) = books.receipt(party, "-47.60")
    told.now()
    books.reconcile(back, *books.due_lines(note))
    assert told() >= {str(note)}
    assert figures(read(note)) == ("posted", "0", "credited", [("refund", "-47.6")])


# -- more or less than was asked for


def test_an_overpayment_and_its_refund(books, party, told, read, unallocated):
    invoice = books.invoice(party)
    told.now()
    books.pay(invoice, "150", kind="overpayment")
    assert (told(), told("debtor")) == ({str(invoice)}, {str(party)})
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "119")])
    assert unallocated(party) == [("EUR", "31")]
    told.now()
    (back,) = books.receipt(party, "-31")
    assert told() == {f"line-{back}"}
    assert told("debtor") == {str(party)}
    assert unallocated(party) == []
    assert read(f"line-{back}").open == 0
    (over,) = books.rpc.search(
        "account.move.line", [["party", "=", party], ["credit", ">", 0], ["reconciliation", "=", None]], ["id"]
    )
    books.reconcile(over["id"], back)
    assert told() == {str(invoice), f"line-{back}"}
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "150"), ("refund", "-31")])


def test_an_advance_is_partly_refunded_and_later_allocated(books, party, told, read, unallocated):
    told.now()
    (advance,) = books.receipt(party, "80", on=YESTERDAY)
    books.receipt(party, "-30")
    assert unallocated(party) == [("EUR", "50")]
    invoice = books.invoice(party)
    assert told("debtor") == {str(party)}
    told.now()
    books.link(advance, invoice)
    assert (told(), told("debtor")) == ({str(invoice)}, {str(party)})
    assert figures(read(invoice)) == ("posted", "39", "partly_paid", [("money", "80")])
    assert unallocated(party) == []


@pytest.mark.parametrize("kind", ["write_off", "skonto"])
def test_a_residual_written_off(books, party, told, read, kind):
    invoice = books.invoice(party)
    told.now()
    books.pay(invoice, "115", kind="writeoff", write_off=books.write_offs[kind])
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "115"), (kind, "4")])


def test_skonto_booked_with_the_payment_in_one_move(books, party, read):
    invoice = books.invoice(party)
    (line,) = books.move(("bank", "116.62", None), ("skonto", "2.00", None), ("tax", "0.38", None), ("receivable", "-119", party))
    books.reconcile(line, *books.due_lines(invoice))
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "116.62"), ("skonto", "2.38")])
    assert len({row.id for row in read(invoice).reconciliations}) == 1


def test_netting_against_what_we_owe(books, party, told, read):
    invoice = books.invoice(party)
    (line,) = books.move(("payable", "60", party), ("receivable", "-60", party), journal="MISC")
    told.now()
    books.link(line, invoice)
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "59", "partly_paid", [("netting", "60")])


def test_a_deleted_draft_receipt_shows_by_reading_the_invoice_alone(books, party, told, read):
    invoice = books.invoice(party)
    (line,) = books.receipt(party, "50", post=False)
    books.link(line, invoice)
    assert figures(read(invoice))[1] == "69"
    told.now()
    books.call("account.move.delete", [books.move_of(line)])
    assert told() == set()
    assert figures(read(invoice)) == ("posted", "119", "open", [])


# -- due dates


def test_a_moved_due_date_shows_by_its_line_alone(books, party, told, read):
    invoice = books.invoice(party)
    before = stamp(books, invoice)
    told.now()
    books.move_due_date(books.due_lines(invoice)[0], TODAY)
    assert stamp(books, invoice) == before
    assert told() == {str(invoice)}
    assert read(invoice).due == TODAY


def test_instalments(books, party, told, read):
    invoice = books.invoice(party, term="zwei Raten")
    half, later = Decimal("59.5"), TODAY + timedelta(days=60)
    assert read(invoice).maturities == (Maturity(due=DUE, amount=half, open=half), Maturity(due=later, amount=half, open=half))
    told.now()
    books.pay(invoice, "59.50")
    assert told() == {str(invoice)}
    found = read(invoice)
    assert figures(found) == ("posted", "59.5", "partly_paid", [("money", "59.5")])
    assert [maturity.open for maturity in found.maturities] == [Decimal(0), half]
    books.pay(invoice, "10")
    found = read(invoice)
    assert (str(found.open), [maturity.open for maturity in found.maturities]) == ("49.5", [Decimal(0), None])


def test_instalments_made_anew(books, party, told, read):
    invoice = books.invoice(party)
    told.now()
    books.reschedule(invoice, ("19", TODAY), ("100", DUE))
    assert told() == {str(invoice)}
    found = read(invoice)
    assert figures(found) == ("posted", "119", "open", [])
    assert [(maturity.due, str(maturity.amount)) for maturity in found.maturities] == [(TODAY, "19"), (DUE, "100")]


def test_invoices_grouped_into_one_line_stay_open_until_that_is_paid(books, system, party, told, read):
    invoices = [books.invoice(party), books.invoice(party, "200")]
    told.now()
    line = books.group(*books.due_lines(*invoices))
    assert told() == {str(invoice) for invoice in invoices}
    assert [figures(read(invoice)) for invoice in invoices] == [("posted", "119", "open", []), ("posted", "238", "open", [])]
    assert system.read("receivable", [f"line-{line}"]) == {}
    told.now()
    (receipt,) = books.receipt(party, "357")
    books.reconcile(receipt, line)
    assert told() == {str(invoice) for invoice in invoices}
    assert [figures(read(invoice)) for invoice in invoices] == [
        ("paid", "0", "paid", [("money", "119")]), ("paid", "0", "paid", [("money", "238")]),
    ]  # fmt: skip


def test_what_another_party_is_to_pay_stays_the_customers(books, party, told, read):
    invoice, other = books.invoice(party), books.party()
    told.now()
    line = books.delegate(*books.due_lines(invoice), other)
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "119", "open", [])
    (receipt,) = books.receipt(other, "119")
    told.now()
    books.reconcile(receipt, line)
    assert told() == {str(invoice)}
    found = read(invoice)
    assert (found.recipient, *figures(found)) == (str(party), "paid", "0", "paid", [("money", "119")])


def test_a_line_without_a_due_date_is_no_receivable(books, system, party):
    invoice = books.invoice(party)
    books.move_due_date(books.due_lines(invoice)[0], None)
    record = system.read("receivable", [str(invoice)])[str(invoice)]
    assert [problem.code for problem in record.problems] == ["receivable_unfit"]
    assert "due date" in record.problems[0].detail


# -- another currency


def test_a_customer_with_two_currencies(books, party, told, read, unallocated):
    invoice = books.invoice(party, currency="USD", tax=None)
    books.receipt(party, "7")
    assert (read(invoice).currency, str(read(invoice).open)) == ("USD", "100")
    told.now()
    books.pay(invoice, "40", on=TOMORROW)
    assert told() == {str(invoice)}
    assert figures(read(invoice)) == ("posted", "60", "partly_paid", [("money", "40")])
    books.pay(invoice, "75", kind="overpayment", on=TOMORROW)
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "40"), ("money", "60")])
    assert sorted(unallocated(party)) == [("EUR", "7"), ("USD", "15")]


def test_a_dollar_invoice_settled_in_euro(books, party, read):
    invoice = books.invoice(party, currency="USD", tax=None)
    (line,) = books.receipt(party, "80")
    books.reconcile(line, *books.due_lines(invoice))
    assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "100")])


# -- what the ERP does not tell, and what is no receivable yet


def test_drafts_and_invoices_of_nothing(books, system, party, told, read):
    told.now()
    draft, gone = books.draft(party, "100"), books.draft(party, "100")
    books.call("account.invoice.cancel", [gone])
    nothing = books.invoice(party, "100", "-100")
    assert told() == {str(draft), str(gone), str(nothing)}
    assert (figures(read(draft))[:3], read(draft).sent) == (("draft", "0", "draft"), False)
    assert (figures(read(gone))[:3], read(gone).sent) == (("deleted", "0", "draft"), False)
    assert (str(read(nothing).gross), figures(read(nothing))[1]) == ("0", "0")
    assert system.read("receivable", ["999999999", "line-999999999", "x", "line-"]) == {}
    assert system.read("receivable", [f"line-{books.due_lines(nothing)[0]}"] if books.due_lines(nothing) else []) == {}


def test_a_direct_debit_that_is_under_way(books, erp, party, read, told):
    invoice = books.invoice(party)
    told.now()
    books.collect(*books.due_lines(invoice))
    reader = tryton(erp, login="admin", password=erp.admin_password)
    since = told.since
    changed = {record.ref.id: record for page in reader.changed("receivable", since) for record in page.records}
    assert changed[str(invoice)].values["debit_pending"] is True
    assert read(invoice).debit_pending is False
    assert [check.level for check in reader.receivable_checks()] == ["ok", "ok", "ok"]


# -- the port


def test_everything_is_listed_oldest_first_in_pages(books, system, party, monkeypatch):
    monkeypatch.setattr(receivable_records, "PAGE", 5)
    (fee,) = books.move(("receivable", "7", party), ("expense", "-7", None), journal="MISC")
    pages = list(system.changed("receivable", None))
    ids = [record.ref.id for page in pages for record in page.records]
    invoices = books.rpc.search("account.invoice", [["type", "=", "out"]], ["id"])
    assert len(ids) == len(set(ids))
    assert {str(row["id"]) for row in invoices} | {f"line-{fee}"} <= set(ids)
    assert all(len(page.records) <= 5 for page in pages)
    assert [page.watermark for page in pages] == sorted(page.watermark for page in pages)
    assert str(party) in {record.ref.id for page in system.changed("debtor", None) for record in page.records}


def test_many_are_read_with_few_calls(system, books, monkeypatch):
    rows = books.rpc.search("account.invoice", [["type", "=", "out"], ["state", "!=", "draft"]], ["id"])
    ids = [str(row["id"]) for row in rows[-100:]]
    system.read("receivable", ids)
    sent = []
    real = system._rpc._http.call
    monkeypatch.setattr(system._rpc._http, "call", lambda *a, **k: sent.append(1) or real(*a, **k))
    assert len(system.read("receivable", ids)) == len(ids)
    assert len(sent) <= 9  # some more where lines stand in for others
    monkeypatch.setattr(receivable_reading, "BATCH", 2)
    assert len(system.read("receivable", ids[:4])) == 4


def test_what_doctor_shows(books, erp, system):
    assert isinstance(system, Receivables)
    assert [(check.name, check.level) for check in system.receivable_checks()] == [
        ("erp rights on receivables", "ok"), ("erp direct debits", "warning"), ("erp bank statements", "ok"),
    ]  # fmt: skip
    books.user("gast", "guest-and-nothing-more")
    guest = tryton(erp, login="gast", password="guest-and-nothing-more")
    (check,) = guest.receivable_checks()
    assert check.level == "error"
    assert "account.move.line" in check.message
    assert guest.bank_booked_on() is None
