"""What an accountant does in a real Odoo, through the same windows and wizards that its own client calls."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

from tests.connectors.odoo_hands import not_in, odoo, rpc
from tests.connectors.recording import Tape

MOVE, LINE, PAYMENT = "account.move", "account.move.line", "account.payment"
UNTOLD = "payments do not say which invoices they were made for"
ACCOUNTS = {"revenue": "8400", "skonto": "8736", "write_off": "2400", "payable": "1610", "opening": "9000"}


class Books:
    """The books of a German company (SKR03) as its administrator keeps them; `at` is the server or its recording."""

    def __init__(self, at, company=""):
        self.at, self.today = at, at.tape.now.date()
        self.system = odoo(at, company=company, login="admin", key=at.own["ADMIN_PASSWORD"])
        self.rpc = self.system._rpc

    def call(self, model, method, ids, context=None, **named):
        return rpc(self.system, model, method, ids, context=context, **named)

    def create(self, model, context=None, **values):
        return self.rpc.create(model, [values], context)[0]

    def search(self, model, domain, *fields, order="id"):
        return self.rpc.search(model, domain, list(fields), order=order)

    def id_of(self, model, *domain):
        return self.search(model, list(domain), "id")[0]["id"]

    def wizard(self, name, method, model, ids, **values):
        context = {"active_model": model, "active_ids": list(ids)}
        made = self.create(name, context, **values)
        return self.call(name, method, [made], context)

    def account(self, name):
        return self.id_of("account.account", ["code", "=", ACCOUNTS[name]])

    def journal(self, kind):
        return self.id_of("account.journal", ["type", "=", kind])

    def currency(self, code):
        return self.id_of("res.currency", ["name", "=", code])

    # -- documents

    def party(self, *, fresh=True):
        return self.create("res.partner", name=f"Schuldner {next(self.at.numbers)} GmbH", is_company=True)

    def draft(self, party, *nets, currency="EUR", term="30 Days", tax="19%", **values):
        """Make a draft; below nothing in all it is a credit note."""
        note = sum(map(Decimal, nets)) < 0
        taxes = [self.id_of("account.tax", ["name", "=", tax], ["type_tax_use", "=", "sale"])] if tax else []
        lines = [
            {"name": "x", "quantity": 1, "price_unit": -float(net) if note else float(net), "tax_ids": [[6, 0, taxes]]}
            for net in nets
        ]
        if not note:
            values["invoice_payment_term_id"] = self.id_of("account.payment.term", ["name", "=", term])
        if currency != "EUR":
            values["currency_id"] = self.currency(currency)
        return self.create(
            MOVE, move_type="out_refund" if note else "out_invoice", partner_id=party, invoice_date=self.today.isoformat(),
            invoice_line_ids=[[0, 0, line] for line in lines], **values,
        )  # fmt: skip

    def invoice(self, party, *nets, **values):
        """Return a posted invoice, of 119 euro due in 30 days unless told otherwise."""
        made = self.draft(party, *(nets or ["100"]), **values)
        self.call(MOVE, "action_post", [made])
        return made

    def write(self, invoice, **values):
        self.call(MOVE, "write", [invoice], vals=values)

    def due_lines(self, *invoices):
        """The lines to be paid of some invoices, the earliest due first."""
        domain = [["move_id", "in", list(invoices)], ["account_type", "=", "asset_receivable"]]
        return [row["id"] for row in self.search(LINE, domain, "id", order="date_maturity, id")]

    def move_of(self, line):
        return self.search(LINE, [["id", "=", line]], "move_id")[0]["move_id"][0]

    def payment_of(self, line):
        return self.search(LINE, [["id", "=", line]], "payment_id")[0]["payment_id"][0]

    # -- payments

    def pay(self, *invoices_and_amount, on=None, write_off=None, currency="EUR", **values):
        """Register one payment of some invoices in their own wizard; what is left may go to an account."""
        *invoices, amount = invoices_and_amount
        if write_off:
            values |= {"payment_difference_handling": "reconcile", "writeoff_account_id": write_off, "writeoff_label": "Rest"}
        if currency != "EUR":
            values["currency_id"] = self.currency(currency)
        day = (on or self.today).isoformat()
        values |= {"amount": float(amount), "payment_date": day, "group_payment": True}
        self.wizard("account.payment.register", "action_create_payments", MOVE, invoices, **values)

    def discounted(self, invoice, language):
        """Pay what Odoo itself proposes within the days of a discount, as a user of a language; returns the proposal."""
        context = {"active_model": MOVE, "active_ids": [invoice], "lang": language}
        made = self.create("account.payment.register", context, payment_date=self.today.isoformat())
        proposal = self.search("account.payment.register", [["id", "=", made]], "amount")
        self.call("account.payment.register", "action_create_payments", [made], context)
        return proposal

    def payment(self, invoice):
        """The receivable line of an invoice's latest payment."""
        not_in(self.system, 17, UNTOLD)
        theirs = [["payment_id.invoice_ids", "in", [invoice]], ["account_type", "=", "asset_receivable"]]
        return self.search(LINE, theirs, "id")[-1]["id"]

    def receipt(self, party, amount, on=None, *, post=True):
        """Book money from a customer as a payment; below nothing it goes back."""
        value = Decimal(amount)
        made = self.create(
            PAYMENT, partner_id=party, payment_type="inbound" if value > 0 else "outbound", partner_type="customer",
            amount=float(abs(value)), date=(on or self.today).isoformat(), journal_id=self.journal("bank"),
        )  # fmt: skip
        if post:
            self.call(PAYMENT, "action_post", [made])
        mine = [["payment_id", "=", made], ["account_type", "=", "asset_receivable"]]
        return [row["id"] for row in self.search(LINE, mine, "id")]

    def unbooked(self, invoice, amount):
        """Register a payment without a journal entry, as Odoo does where the accounting app is installed."""
        not_in(self.system, 17, "every payment has an entry")
        party = self.search(MOVE, [["id", "=", invoice]], "partner_id")[0]["partner_id"][0]
        made = self.create(
            PAYMENT, partner_id=party, payment_type="inbound", partner_type="customer", amount=float(amount),
            date=self.today.isoformat(), journal_id=self.journal("bank"), invoice_ids=[[6, 0, [invoice]]],
        )  # fmt: skip
        self.call(PAYMENT, "write", [made], vals={"outstanding_account_id": False})
        self.call(PAYMENT, "action_post", [made])
        return made

    def transaction(self, party, amount, text="Überweisung", on=None):
        """Book a transaction of the bank for a customer; returns its receivable line."""
        made = self.create(
            "account.bank.statement.line", journal_id=self.journal("bank"), date=(on or self.today).isoformat(),
            payment_ref=text, amount=float(amount), partner_id=party,
        )  # fmt: skip
        rows = self.search(LINE, [["statement_line_id", "=", made]], "account_type")
        (other,) = [row["id"] for row in rows if row["account_type"] != "asset_cash"]
        self.call(LINE, "write", [other], vals={"account_id": self.receivable(party)})
        return other

    def receivable(self, party):
        return self.search("res.partner", [["id", "=", party]], "property_account_receivable_id")[0][
            "property_account_receivable_id"
        ][0]

    def entry(self, *lines):
        """Post an entry of (account, amount, party) lines, debit above nothing; returns its receivable lines."""
        rows = [
            {
                "account_id": self.receivable(party) if name == "receivable" else self.account(name),
                "partner_id": party or False,
                "debit": max(float(amount), 0), "credit": max(-float(amount), 0), "tax_ids": [[6, 0, []]],
            }
            for name, amount, party in lines
        ]  # fmt: skip
        made = self.create(
            MOVE, move_type="entry", journal_id=self.journal("general"), date=self.today.isoformat(),
            line_ids=[[0, 0, row] for row in rows],
        )  # fmt: skip
        self.call(MOVE, "action_post", [made])
        return self.due_lines(made)

    def reconcile(self, *lines):
        self.call(LINE, "reconcile", list(lines))

    def unreconcile(self, line):
        self.call(LINE, "remove_move_reconcile", [line])

    def reverse(self, move, reason):
        """Reverse an entry or credit an invoice, whole, in the wizard; returns what it made."""
        journal = self.search(MOVE, [["id", "=", move]], "journal_id")[0]["journal_id"][0]
        values = {"reason": reason, "date": self.today.isoformat(), "journal_id": journal}
        return self.wizard("account.move.reversal", "refund_moves", MOVE, [move], **values)["res_id"]

    def credit(self, invoice):
        """Credit the whole invoice; returns the credit note."""
        note = self.reverse(invoice, "Storno")
        self.call(MOVE, "action_post", [note])
        return note

    def loose_credit(self, party):
        domain = [["partner_id", "=", party], ["balance", "<", 0], ["reconciled", "=", False]]
        return self.id_of(LINE, ["account_type", "=", "asset_receivable"], *domain)

    def block(self, invoice):
        """Block an invoice, in 17 the lines that are to be paid of it."""
        if self.rpc.major == 17:
            self.call(LINE, "write", self.due_lines(invoice), vals={"blocked": True})
        else:
            self.call(MOVE, "action_toggle_block_payment", [invoice])

    def move_due_date(self, line, on):
        self.call(LINE, "write", [line], vals={"date_maturity": on.isoformat()})

    def other_company(self):
        """Return the books of a company of its own, in which nothing was booked yet."""
        made = self.create("res.company", name=f"Zweite {self.at.run} GmbH", currency_id=self.currency("EUR"))
        self.call("account.chart.template", "try_loading", [], template_code="generic_coa", company=made, install_demo=False)
        return Books(self.at, str(made))

    def term(self, *days):
        """Make a payment term of equal instalments."""
        rows = [{"value": "percent", "value_amount": 100 / len(days), "nb_days": day} for day in days]
        name = f"Raten {self.at.run} {next(self.at.numbers)}"
        self.create("account.payment.term", name=name, line_ids=[[0, 0, row] for row in rows])
        return name


def live_books():
    """Return the books of the Odoo that ODOO_URL and so on name."""
    own = {name: os.environ[f"ODOO_{name}"] for name in ("URL", "DB", "LOGIN", "KEY", "ADMIN_PASSWORD")}
    tape = Tape(live=True, url=own["URL"].rstrip("/"), now=datetime.now(UTC))
    return Books(SimpleNamespace(tape=tape, own=own, run=f"r{os.urandom(5).hex()}", numbers=itertools.count(1)))
