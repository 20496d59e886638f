"""Whatever accountants do in a real Odoo, in whichever order: what is read adds up to its books, and changes tell of all of it.

Live only, a minute each: ODOO_URL and so on as for `test_odoo_payments`.
"""

from __future__ import annotations

import contextlib
import os
import random
from decimal import Decimal

import pytest

from interlock.domain.money import ZERO
from interlock.domain.payment import Debtor, Receivable
from interlock.errors import Refused
from tests.connectors.odoo_books import LINE, MOVE, PAYMENT, live_books
from tests.connectors.odoo_hands import odoo
from tests.connectors.receivables_contract import DAY

pytestmark = pytest.mark.skipif(not os.environ.get("ODOO_URL"), reason="needs a real Odoo: docs/odoo.md, Tests")
DEEDS = (
    "invoice", "invoice", "dollars", "instalments", "pay", "pay", "pay", "pay_several", "note", "credit", "reverse", "take_off",
    "receipt", "refund", "match", "transaction", "write_off", "entry",
)  # fmt: skip
RECEIVABLE = ["account_type", "=", "asset_receivable"]


class Accountant:
    """Does things at random to a few customers, a seed's always the same."""

    def __init__(self, books, seed):
        self.books, self.random = books, random.Random(seed)
        self.parties = [books.party() for _ in range(3)]
        self.term, self.invoices = books.term(30, 60), []

    def euro(self, low, high):
        return str(self.random.randint(low, high))

    def open_ones(self, party):
        domain = [
            ["partner_id", "=", party],
            ["move_type", "=", "out_invoice"],
            ["amount_residual", ">", 0],
            ["state", "=", "posted"],
        ]
        return self.books.search(MOVE, domain, "amount_residual", "currency_id")

    def lines(self, party, *domain):
        mine = [["partner_id", "=", party], RECEIVABLE, ["parent_state", "=", "posted"]]
        return self.books.search(LINE, [*mine, *domain], "balance", "amount_residual_currency", "currency_id")

    def act(self):
        party, deed = self.random.choice(self.parties), self.random.choice(DEEDS)
        with contextlib.suppress(Refused):  # Odoo minds its books
            getattr(self, deed)(party)

    def invoice(self, party, **values):
        self.books.invoice(party, self.euro(10, 300), **values)

    def dollars(self, party):
        self.invoice(party, currency="USD")

    def instalments(self, party):
        self.invoice(party, term=self.term)

    def pay(self, party):
        for row in self.open_ones(party)[:1]:
            amount = str(round(row["amount_residual"] * self.random.choice([0.3, 0.5, 1, 1, 1.2]), 2))
            on = self.books.today + self.random.choice([0, 1]) * DAY
            self.books.pay(row["id"], amount, on=on, currency=row["currency_id"][1])

    def pay_several(self, party):
        rows = [row for row in self.open_ones(party) if row["currency_id"][1] == "EUR"][:3]
        if len(rows) > 1:
            whole = sum(row["amount_residual"] for row in rows)
            self.books.pay(*[row["id"] for row in rows], str(round(whole * self.random.choice([0.6, 1, 1.1]), 2)))

    def write_off(self, party):
        for row in self.open_ones(party)[:1]:
            if row["currency_id"][1] == "EUR":
                account = self.books.account(self.random.choice(["skonto", "write_off"]))
                self.books.pay(row["id"], str(round(row["amount_residual"] * 0.97, 2)), write_off=account)

    def note(self, party):
        self.books.invoice(party, f"-{self.euro(5, 60)}")

    def credit(self, party):
        for row in self.open_ones(party)[-1:]:
            self.books.credit(row["id"])

    def reverse(self, party):
        booked = [["partner_id", "=", party], ["move_id.state", "=", "posted"], ["payment_type", "=", "inbound"]]
        if rows := self.books.search(PAYMENT, booked, "move_id"):
            self.books.reverse(self.random.choice(rows)["move_id"][0], "zurück")

    def take_off(self, party):
        if rows := self.lines(party, ["payment_id", "!=", False], ["matched_debit_ids", "!=", False]):
            self.books.unreconcile(self.random.choice(rows)["id"])

    def receipt(self, party):
        self.books.receipt(party, self.euro(10, 200))

    def refund(self, party):
        self.books.receipt(party, f"-{self.euro(5, 50)}")

    def transaction(self, party):
        self.books.transaction(party, f"{self.random.choice(['', '', '-'])}{self.euro(10, 200)}")

    def entry(self, party):
        amount = self.random.choice([1, -1]) * self.random.randint(5, 80)
        against = self.random.choice(["revenue", "payable", "write_off"])
        self.books.entry(("receivable", str(amount), party), (against, str(-amount), None))

    def match(self, party):
        rows = self.lines(party, ["reconciled", "=", False])
        sides = [[row["id"] for row in rows if (row["balance"] > 0) is debit] for debit in (True, False)]
        if all(sides):
            self.books.reconcile(*(one for side in sides for one in self.random.sample(side, min(2, len(side)))))


@pytest.mark.parametrize("seed", range(int(os.environ.get("SEEDS", "2"))))
def test_what_is_read_adds_up_to_the_books(seed):
    books = live_books()
    system, accountant = odoo(books.at), Accountant(books, seed)
    told, since = {}, system.instance().now
    for _ in range(8):
        for _ in range(10):
            accountant.act()
        told |= {one.ref.id: one.values for page in system.changed("receivable", since) for one in page.records}
        since = system._rpc.server_time - DAY / 24 / 60
        customers = [system.ref("customer", str(party)) for party in accountant.parties]
        ours = {one.ref.id for one in system.children("receivable", customers)}
        read = {name: record.values for name, record in system.read("receivable", sorted(ours)).items()}
        found = {name: Receivable.model_validate(values) for name, values in read.items()}
        documents = {name: values for name, values in read.items() if found[name].kind != "item"}
        assert {name: told.get(name) for name in documents} == documents
        for one in found.values():
            if one.kind != "item" or one.reconciliations:
                assert one.gross - sum((row.amount for row in one.reconciliations), ZERO) == one.open, one
        for party in accountant.parties:
            for currency in ("EUR", "USD"):
                assert balance(system, found, party, currency) == booked(accountant, party, currency)


def balance(system, found, party, currency):
    debtor = Debtor.model_validate(system.read("debtor", [str(party)])[str(party)].values)
    loose = sum((row.amount for row in debtor.unallocated if row.currency == currency), ZERO)
    return sum((one.open for one in found.values() if one.recipient == str(party) and one.currency == currency), ZERO) - loose


def booked(accountant, party, currency):
    rows = [row for row in accountant.lines(party) if row["currency_id"][1] == currency]
    return sum((Decimal(str(row["amount_residual_currency"])) for row in rows), ZERO)
