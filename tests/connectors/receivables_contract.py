"""What every connector to an ERP that can tell who paid must keep: what accountants do, and the receivable afterwards.

A test class inherits `ReceivablesContract` and brings the fixtures `system` and `books`, and the hands below, which act on the
real system as people do there. Its company books in euro and knows US dollars.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.connectors import receivable_records
from interlock.domain.payment import Debtor, Maturity, Receivable
from interlock.ports.receivables import Receivables
from interlock.processes.receivables.settlement import settlement

MONTH, DAY = timedelta(days=30), timedelta(days=1)
REASON = "Rückgabe mangels Deckung"


def figures(receivable):
    """State, what is open, settlement, and what was booked."""
    booked = [(row.kind, str(row.amount)) for row in receivable.reconciliations]
    return receivable.state, str(receivable.open), settlement(receivable), booked


class ReceivablesContract:
    """To be given: fixtures `system` and `books`, and the hands below; amounts are texts, a document of 100 net has 19 % tax."""

    checks = ()  # the names of what doctor shows, all of it in order

    def moment(self, system):
        """Return the ERP's own time, from which on changes are asked for."""
        raise NotImplementedError

    def refer(self, books, invoice, reference):
        """Give an invoice the reference of a contract's period."""
        raise NotImplementedError

    def halves(self, books, party):
        """Return an invoice of two instalments, half in 30 days and half in 60."""
        raise NotImplementedError

    def payment(self, books, invoice):
        """Return the receivable line of the only payment of an invoice."""
        raise NotImplementedError

    def take_back(self, books, line):
        """Reverse the payment that a line is of, for `REASON`."""
        raise NotImplementedError

    def set_off(self, books, note, invoice):
        """Count a credit note against an invoice."""
        raise NotImplementedError

    def overpay(self, books, invoice, amount, on):
        """Pay more than is open."""
        raise NotImplementedError

    def loose_credit(self, books, party):
        """Return the receivable line of a customer's only money that is not allocated."""
        raise NotImplementedError

    def close(self, books, invoice, paid, kind):
        """Pay an invoice in part and book the rest as skonto or write_off."""
        raise NotImplementedError

    def fee(self, books, party, amount):
        """Debit a customer without an invoice; returns the receivable line."""
        raise NotImplementedError

    @pytest.fixture
    def party(self, books):
        return books.party(fresh=False)

    @pytest.fixture
    def told(self, system):
        """Say which ids of a kind the ERP tells of since the latest `told.now()`."""
        moment = self.moment

        class Told:
            def now(self):
                self.since = moment(system)

            def __call__(self, kind="receivable"):
                return {record.ref.id for page in system.changed(kind, self.since) for record in page.records}

        return Told()

    @pytest.fixture
    def read(self, system):
        def one(record_id):
            record = system.read("receivable", [str(record_id)])[str(record_id)]
            assert record.problems == ()
            found = Receivable.model_validate(record.values)
            assert record.parent == system.ref("customer", found.recipient)
            return found

        return one

    @pytest.fixture
    def unallocated(self, system):
        def of(party):
            debtor = Debtor.model_validate(system.read("debtor", [str(party)])[str(party)].values)
            return [(row.currency, str(row.amount)) for row in debtor.unallocated]

        return of

    # -- money

    def test_a_part_payment_and_the_rest(self, books, party, told, read):
        invoice = books.invoice(party)
        self.refer(books, invoice, "SC-7/2026-01-01/2")
        before = read(invoice)
        assert (before.kind, before.contract, before.reference) == ("invoice", "SC-7", "SC-7/2026-01-01/2")
        assert (before.recipient, before.currency, before.due) == (str(party), "EUR", books.today + MONTH)
        assert (str(before.net), str(before.tax), str(before.gross)) == ("100", "19", "119")
        assert before.number.startswith("RE")
        assert figures(before) == ("posted", "119", "open", [])
        told.now()
        books.pay(invoice, "50", on=books.today - DAY)
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("posted", "69", "partly_paid", [("money", "50")])
        told.now()
        books.pay(invoice, "69")
        assert told() == {str(invoice)}
        found = read(invoice)
        assert figures(found) == ("paid", "0", "paid", [("money", "50"), ("money", "69")])
        assert [row.day for row in found.reconciliations] == [books.today - DAY, books.today]

    def test_one_payment_for_several_invoices_has_one_id(self, books, party, told, read):
        invoices = [books.invoice(party), books.invoice(party, "200")]
        told.now()
        (line,) = books.receipt(party, "357")
        books.reconcile(line, *books.due_lines(*invoices))
        assert told() == {str(invoice) for invoice in invoices}
        assert [figures(read(invoice)) for invoice in invoices] == [
            ("paid", "0", "paid", [("money", "119")]), ("paid", "0", "paid", [("money", "238")]),
        ]  # fmt: skip
        assert {read(invoice).reconciliations[0].id for invoice in invoices} == {str(books.move_of(line))}

    def test_a_removed_reconciliation_opens_the_invoice(self, books, party, told, read, unallocated):
        invoice = books.invoice(party)
        (line,) = books.receipt(party, "119")
        books.reconcile(line, *books.due_lines(invoice))
        assert (read(invoice).state, unallocated(party)) == ("paid", [])
        told.now()
        books.unreconcile(line)
        assert told() == {str(invoice)}
        assert told("debtor") == {str(party)}
        assert figures(read(invoice)) == ("posted", "119", "open", [])
        assert unallocated(party) == [("EUR", "119")]

    # -- what goes back

    def test_a_payment_taken_back_and_its_fee(self, books, party, told, read):
        invoice = books.invoice(party)
        books.pay(invoice, "119", on=books.today - DAY)
        line = self.payment(books, invoice)
        told.now()
        self.take_back(books, line)
        fee = self.fee(books, party, "4.50")
        assert told() == {str(invoice), f"line-{fee}"}
        found = read(invoice)
        assert figures(found) == ("posted", "119", "open", [("money", "119"), ("returned", "-119")])
        assert (found.reconciliations[1].of, found.reconciliations[1].reason) == (str(books.move_of(line)), REASON)
        assert found.due == books.today + MONTH
        item = read(f"line-{fee}")
        assert (item.kind, item.recipient, str(item.gross), item.contract) == ("item", str(party), "4.5", "")
        assert figures(item) == ("posted", "4.5", "open", [])
        told.now()
        (receipt,) = books.receipt(party, "4.50")
        books.reconcile(receipt, fee)
        assert told() == {f"line-{fee}"}
        assert figures(read(f"line-{fee}")) == ("paid", "0", "paid", [("money", "4.5")])

    # -- corrections

    def test_a_partial_correction(self, books, party, told, read):
        invoice = books.invoice(party)
        told.now()
        note = books.invoice(party, "-40")
        assert told() == {str(note)}
        assert figures(read(note)) == ("posted", "-47.6", "credited", [])
        told.now()
        self.set_off(books, note, invoice)
        assert told() == {str(invoice), str(note)}
        assert figures(read(invoice)) == ("posted", "71.4", "open", [("correction", "47.6")])
        assert figures(read(note)) == ("posted", "0", "credited", [("correction", "-47.6")])
        books.pay(invoice, "71.40")
        assert figures(read(invoice)) == ("paid", "0", "paid", [("correction", "47.6"), ("money", "71.4")])
        found = read(note)
        assert (found.kind, str(found.gross)) == ("credit_note", "-47.6")

    def test_a_full_reversal_by_the_wizard(self, books, party, told, read):
        invoice = books.invoice(party)
        told.now()
        note = books.credit(invoice)
        assert told() == {str(invoice), str(note)}
        assert figures(read(invoice)) == ("cancelled", "0", "cancelled", [("correction", "119")])
        assert figures(read(note)) == ("posted", "0", "credited", [("correction", "-119")])

    # -- more or less than was asked for

    def test_an_overpayment_and_its_refund(self, books, party, told, read, unallocated):
        invoice = books.invoice(party)
        told.now()
        self.overpay(books, invoice, "150", books.today)
        assert (told(), told("debtor")) == ({str(invoice)}, {str(party)})
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "119")])
        assert unallocated(party) == [("EUR", "31")]
        told.now()
        (back,) = books.receipt(party, "-31")
        assert told() == {f"line-{back}"}
        assert told("debtor") == {str(party)}
        assert unallocated(party) == []
        assert read(f"line-{back}").open == 0
        books.reconcile(self.loose_credit(books, party), back)
        assert told() == {str(invoice), f"line-{back}"}
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "150"), ("refund", "-31")])

    def test_an_advance_is_partly_refunded(self, books, party, told, unallocated):
        told.now()
        books.receipt(party, "80", on=books.today - DAY)
        books.receipt(party, "-30")
        assert unallocated(party) == [("EUR", "50")]
        assert told("debtor") == {str(party)}

    @pytest.mark.parametrize("kind", ["write_off", "skonto"])
    def test_a_residual_written_off(self, books, party, told, read, kind):
        invoice = books.invoice(party)
        told.now()
        self.close(books, invoice, "115", kind)
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "115"), (kind, "4")])

    # -- due dates

    def test_a_moved_due_date(self, books, party, told, read):
        invoice = books.invoice(party)
        told.now()
        books.move_due_date(books.due_lines(invoice)[0], books.today)
        assert told() == {str(invoice)}
        assert read(invoice).due == books.today

    def test_instalments(self, books, party, told, read):
        invoice = self.halves(books, party)
        half, due = Decimal("59.5"), books.today + MONTH
        assert read(invoice).maturities == (
            Maturity(due=due, amount=half, open=half), Maturity(due=due + MONTH, amount=half, open=half),
        )  # fmt: skip
        told.now()
        books.pay(invoice, "59.50")
        assert told() == {str(invoice)}
        found = read(invoice)
        assert figures(found) == ("posted", "59.5", "partly_paid", [("money", "59.5")])
        assert [maturity.open for maturity in found.maturities] == [Decimal(0), half]

    # -- another currency

    def test_a_customer_with_two_currencies(self, books, party, told, read, unallocated):
        invoice = books.invoice(party, currency="USD", tax=None)
        books.receipt(party, "7")
        assert (read(invoice).currency, str(read(invoice).open)) == ("USD", "100")
        told.now()
        books.pay(invoice, "40", on=books.today + DAY)
        assert told() == {str(invoice)}
        assert figures(read(invoice)) == ("posted", "60", "partly_paid", [("money", "40")])
        self.overpay(books, invoice, "75", books.today + DAY)
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "40"), ("money", "60")])
        assert sorted(unallocated(party)) == [("EUR", "7"), ("USD", "15")]

    def test_a_dollar_invoice_settled_in_euro(self, books, party, read):
        invoice = books.invoice(party, currency="USD", tax=None)
        (line,) = books.receipt(party, "80")
        books.reconcile(line, *books.due_lines(invoice))
        assert figures(read(invoice)) == ("paid", "0", "paid", [("money", "100")])

    # -- the port

    def test_drafts_are_no_receivables_yet(self, books, party, told, read):
        told.now()
        draft = books.draft(party, "100")
        assert told() == {str(draft)}
        assert (figures(read(draft))[:3], read(draft).sent) == (("draft", "0", "draft"), False)

    def test_invoices_are_found_by_number_and_by_customer(self, books, system, party, read):
        invoice = books.invoice(party)
        number = read(invoice).number
        found = system.numbered([number, "no such number"])
        assert {name: [record.ref.id for record in several] for name, several in found.items()} == {number: [str(invoice)]}
        assert system.numbered([]) == {}
        customer = system.ref("customer", str(party))
        children = {record.ref.id: record.parent for record in system.children("receivable", [customer])}
        assert str(invoice) in children
        assert set(children.values()) == {customer}
        assert list(system.children("receivable", [])) == []

    def test_absent_ids_are_absent(self, system):
        assert system.read("receivable", ["999999999", "line-999999999", "x", "line-", "9" * 30]) == {}
        assert system.read("debtor", ["999999999", "x"]) == {}

    def test_changes_are_listed_oldest_first_in_pages(self, books, system, party, told, monkeypatch):
        monkeypatch.setattr(receivable_records, "PAGE", 2)
        told.now()
        invoices = [str(books.invoice(party, "10")) for _ in range(4)]
        fee = self.fee(books, party, "7")
        pages = list(system.changed("receivable", told.since))
        ids = [record.ref.id for page in pages for record in page.records]
        assert sorted(ids) == sorted([*invoices, f"line-{fee}"])
        assert all(len(page.records) <= 2 for page in pages)
        assert [page.watermark for page in pages] == sorted(page.watermark for page in pages)
        monkeypatch.undo()
        every = [record.ref.id for page in system.changed("receivable", None) for record in page.records]
        assert len(every) == len(set(every))
        assert set(ids) <= set(every)
        assert str(party) in {record.ref.id for page in system.changed("debtor", None) for record in page.records}

    def test_what_doctor_shows(self, system):
        assert isinstance(system, Receivables)
        assert [(check.name, check.level) for check in system.receivable_checks()] == list(self.checks)
