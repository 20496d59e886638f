"""The debtors' ledger of a real Tryton: what accountants do, what the ERP tells of it, and the receivable afterwards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from interlock.connectors import receivable_records
from interlock.errors import Refused
from interlock_sandbox.accountant import TODAY, Books
from tests.connectors.receivables_contract import REASON, ReceivablesContract, figures
from tests.connectors.test_tryton import tryton

DUE = TODAY + timedelta(days=30)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def books(erp):
    """Books with what the tests need beyond the demo company's, all there before the connector first looks."""
    made = Books(erp)
    made.today = TODAY
    made.write_offs = {"skonto": made.write_off_method("Skonto"), "write_off": made.write_off_method("Forderungsausfall")}
    made.accounts["skonto"] = made.account("Gewährte Skonti", like="expense")
    made.term("zwei Raten", (50, 30), (50, 60))
    made.foreign("USD", (TODAY, "1.25"), (TOMORROW, "1.00"))
    return made


@pytest.fixture(scope="module")
def system(erp, books):
    return tryton(erp)


def stamp(books, invoice):
    return books.row(invoice, "write_date")["write_date"]


class TestTrytonReceivables(ReceivablesContract):
    checks = (("erp rights on receivables", "ok"), ("erp direct debits", "warning"), ("erp bank statements", "ok"))

    @pytest.fixture(autouse=True)
    def clock(self, erp):
        self.dsn = erp.dsn

    def moment(self, system):
        with psycopg.connect(self.dsn) as connection:
            (now,) = connection.execute("select clock_timestamp()").fetchone()
        return now

    def refer(self, books, invoice, reference):
        books.call("account.invoice.write", [invoice], {"reference": reference})

    def halves(self, books, party):
        return books.invoice(party, term="zwei Raten")

    def payment(self, books, invoice):
        (line,) = books.row(invoice, "payment_lines")["payment_lines"]
        return line

    def take_back(self, books, line):
        books.unreconcile(line)
        books.take_back(books.move_of(line), REASON)

    def set_off(self, books, note, invoice):
        books.link(books.due_lines(note)[0], invoice)

    def overpay(self, books, invoice, amount, on):
        books.pay(invoice, amount, kind="overpayment", on=on)

    def loose_credit(self, books, party):
        domain = [["party", "=", party], ["credit", ">", 0], ["reconciliation", "=", None]]
        return books.rpc.search("account.move.line", domain, ["id"])[0]["id"]

    def close(self, books, invoice, paid, kind):
        books.pay(invoice, paid, kind="writeoff", write_off=books.write_offs[kind])

    def fee(self, books, party, amount):
        return books.move(("receivable", amount, party), ("expense", f"-{amount}", None), journal="MISC")[0]

    def test_a_payment_whose_reconciliation_is_removed_stays_linked(self, books, party, told, read):
        invoice = books.invoice(party)
        books.pay(invoice, "119")
        told.now()
        books.unreconcile(*books.due_lines(invoice))
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("posted", "0", "paid", [("money", "119")])

    def test_an_invoice_is_paid_again_once_the_returned_payment_is_unlinked(self, books, party, read):
        invoice = books.invoice(party)
        books.pay(invoice, "119", on=YESTERDAY)
        line = self.payment(books, invoice)
        self.take_back(books, line)
        books.link(line, None)
        books.pay(invoice, "119")
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "119"), ("returned", "-119"), ("money", "119")])

    # -- money

    def test_a_bank_statement_pays_two_invoices(self, books, system, party, told, read):
        invoices = [books.invoice(party), books.invoice(party)]
        told.now()
        books.statement((party, "119", invoices[0]), (party, "100", invoices[1]), post=False)
        assert told() == {str(invoice) for invoice in invoices}
        assert [figures(read(invoice)) for invoice in invoices] == [
            ("paid", "0", "paid", [("money", "119")]), ("posted", "19", "partly_paid", [("money", "100")]),
        ]  # fmt: skip
        assert system.bank_booked_on() == books.latest_statement() == TODAY

    def test_a_removed_payment_is_unallocated(self, books, party, told, read, unallocated):
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

    # -- what goes back

    def test_a_part_payment_reversed_by_an_opposite_move_shows_by_its_line_alone(self, books, party, told, read):
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

    def test_a_return_that_the_bank_statement_brings(self, books, party, told, read, unallocated):
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

    def test_a_partial_correction_linked_and_then_settled(self, books, party, told, read):
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

    def test_a_full_reversal_by_the_wizard_takes_a_part_payment_off_the_invoice(self, books, party, told, read, unallocated):
        invoice = books.invoice(party)
        books.pay(invoice, "19")
        told.now()
        note = books.credit(invoice)
        assert told() == {str(invoice), str(note)}
        assert told("debtor") == {str(party)}
        assert figures(read(invoice)) == ("cancelled", "0", "cancelled", [("correction", "119")])
        assert figures(read(note)) == ("posted", "0", "credited", [("correction", "-119")])
        assert unallocated(party) == [("EUR", "19")]

    def test_a_full_credit_note_by_hand_leaves_the_invoice_paid_in_the_erp_and_credited_here(self, books, party, told, read):
        invoice = books.invoice(party)
        note = books.credit(invoice, refund=False)
        assert figures(read(note))[:3] == ("draft", "0", "draft")
        books.call("account.invoice.post", [note])
        told.now()
        books.reconcile(*books.due_lines(invoice, note))
        assert told() == {str(invoice), str(note)}
        assert figures(read(invoice)) == ("paid", "0", "credited", [("correction", "119")])

    def test_a_reversal_without_a_credit_note(self, books, party, told, read):
        invoice = books.invoice(party)
        books.call("company.company.write", [books.company], {"cancel_invoice_out": True})
        told.now()
        books.call("account.invoice.cancel", [invoice])
        books.call("company.company.write", [books.company], {"cancel_invoice_out": False})
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("cancelled", "0", "cancelled", [("correction", "119")])

    def test_a_credit_note_that_is_paid_out(self, books, party, told, read):
        note = books.invoice(party, "-40")
        (back,) = books.receipt(party, "-47.60")
        told.now()
        books.reconcile(back, *books.due_lines(note))
        assert told() >= {str(note)}
        assert figures(read(note)) == ("posted", "0", "credited", [("refund", "-47.6")])

    # -- more or less than was asked for

    def test_an_advance_is_partly_refunded_and_later_allocated(self, books, party, told, read, unallocated):
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

    def test_skonto_booked_with_the_payment_in_one_move(self, books, party, read):
        invoice = books.invoice(party)
        (line,) = books.move(
            ("bank", "116.62", None), ("skonto", "2.00", None), ("tax", "0.38", None), ("receivable", "-119", party)
        )
        books.reconcile(line, *books.due_lines(invoice))
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "116.62"), ("skonto", "2.38")])
        assert len({row.id for row in read(invoice).reconciliations}) == 1

    def test_netting_against_what_we_owe(self, books, party, told, read):
        invoice = books.invoice(party)
        (line,) = books.move(("payable", "60", party), ("receivable", "-60", party), journal="MISC")
        told.now()
        books.link(line, invoice)
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("posted", "59", "partly_paid", [("netting", "60")])

    def test_a_deleted_draft_receipt_shows_by_reading_the_invoice_alone(self, books, party, told, read):
        invoice = books.invoice(party)
        (line,) = books.receipt(party, "50", post=False)
        books.link(line, invoice)
        assert figures(read(invoice))[1] == "69"
        told.now()
        books.call("account.move.delete", [books.move_of(line)])
        assert told() == set()
        assert figures(read(invoice)) == ("posted", "119", "open", [])

    # -- due dates

    def test_a_moved_due_date_shows_by_its_line_alone(self, books, party, told, read):
        invoice = books.invoice(party)
        before = stamp(books, invoice)
        told.now()
        books.move_due_date(books.due_lines(invoice)[0], TODAY)
        assert stamp(books, invoice) == before
        assert told() == {str(invoice)}
        assert read(invoice).due == TODAY

    def test_it_is_not_told_which_instalment_a_part_payment_is_for(self, books, party, read):
        invoice = self.halves(books, party)
        books.pay(invoice, "59.50")
        books.pay(invoice, "10")
        found = read(invoice)
        assert (str(found.open), [maturity.open for maturity in found.maturities]) == ("49.5", [Decimal(0), None])

    def test_instalments_made_anew(self, books, party, told, read):
        invoice = books.invoice(party)
        told.now()
        books.reschedule(invoice, ("19", TODAY), ("100", DUE))
        assert told() == {str(invoice)}
        found = read(invoice)
        assert figures(found) == ("posted", "119", "open", [])
        assert [(maturity.due, str(maturity.amount)) for maturity in found.maturities] == [(TODAY, "19"), (DUE, "100")]

    def test_invoices_grouped_into_one_line_stay_open_until_that_is_paid(self, books, system, party, told, read):
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

    def test_what_another_party_is_to_pay_stays_the_customers(self, books, party, told, read):
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

    def test_a_line_without_a_due_date_is_no_receivable(self, books, system, party):
        invoice = books.invoice(party)
        books.move_due_date(books.due_lines(invoice)[0], None)
        record = system.read("receivable", [str(invoice)])[str(invoice)]
        assert [problem.code for problem in record.problems] == ["receivable_unfit"]
        assert "due date" in record.problems[0].detail

    # -- another currency

    # -- what the ERP does not tell, and what is no receivable yet

    def test_drafts_and_invoices_of_nothing(self, books, system, party, told, read):
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

    def test_a_direct_debit_that_is_under_way(self, books, erp, party, read, told):
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

    def test_many_are_read_with_few_calls(self, system, books, monkeypatch):
        rows = books.rpc.search("account.invoice", [["type", "=", "out"], ["state", "!=", "draft"]], ["id"])
        ids = [str(row["id"]) for row in rows[-100:]]
        system.read("receivable", ids)
        sent = []
        real = system._rpc._http.call
        monkeypatch.setattr(system._rpc._http, "call", lambda *a, **k: sent.append(1) or real(*a, **k))
        assert len(system.read("receivable", ids)) == len(ids)
        assert len(sent) <= 9  # some more where lines stand in for others
        monkeypatch.setattr(receivable_records, "PAGE", 2)
        assert len(system.read("receivable", ids[:4])) == 4

    def test_a_missing_right_is_named(self, books, erp):
        books.user("gast", "guest-and-nothing-more")
        guest = tryton(erp, login="gast", password="guest-and-nothing-more")
        (check,) = guest.receivable_checks()
        assert check.level == "error"
        assert "account.move.line" in check.message
        assert guest.bank_booked_on() is None
