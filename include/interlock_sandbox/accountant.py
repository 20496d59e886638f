"""What an accountant does in a real Tryton, through the same windows and wizards that its own client calls."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

from interlock.config import Endpoint, ErpSettings
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.wire import amount as wired
from interlock.connectors.tryton.wire import day as wired_day
from interlock.connectors.tryton.wire import read_day
from interlock.errors import Refused

NUMBERS = itertools.count(1)
STOCK = 12
ACCOUNTS = {"receivable": "1.2.1", "payable": "2.1.1", "revenue": "4.2.2", "bank": "1.1.1", "tax": "2.2.3", "expense": "5.1.3"}
TODAY = date.today()  # noqa: DTZ011 - the ERP's own day, within its open years


class Books:
    """The books of the demo company as its administrator keeps them."""

    def __init__(self, erp):
        endpoint = Endpoint(url=erp.url, login="admin", password=erp.admin_password, database=erp.database)
        self.rpc = Rpc(endpoint, ErpSettings().http, "")
        self.company = self.rpc.context["company"]
        found = self.rpc.search("account.account", [["code", "in", list(ACCOUNTS.values())]], ["code"])
        by_code = {row["code"]: row["id"] for row in found}
        self.accounts = {name: by_code[code] for name, code in ACCOUNTS.items()}
        self.journals = {row["code"]: row["id"] for row in self.rpc.search("account.journal", [], ["code"])}
        self.currencies = {row["code"]: row["id"] for row in self.rpc.search("currency.currency", [], ["code"])}
        self.taxes = {row["name"]: row["id"] for row in self.rpc.search("account.tax", [], ["name"])}
        self.terms = {row["name"]: row["id"] for row in self.rpc.search("account.invoice.payment_term", [], ["name"])}
        self.stock = {}
        self.methods = {row["name"]: row["id"] for row in self.rpc.search("account.invoice.payment.method", [], ["name"])}

    def call(self, method, *arguments, **context):
        return self.warned(f"model.{method}", *arguments, context=context)

    def warned(self, method, *arguments, context):
        """Call a method; where the ERP asks whether one is sure, one is."""
        try:
            return self.rpc.call(method, *arguments, safe=False, context=context)
        except Refused as error:
            if error.code != "warned_by_erp":
                raise
            self.create("res.user.warning", user=1, name=error.detail.split()[0], always=False)
            return self.warned(method, *arguments, context=context)

    def create(self, model, **values):
        (made,) = self.call(f"{model}.create", [values])
        return made

    def wizard(self, name, model, ids, data, *states):
        """Run a wizard on records through the given states; returns what the last one answered."""
        context = {"active_model": model, "active_id": ids[0], "active_ids": list(ids)}
        session = self.rpc.call(f"wizard.{name}.create", safe=False, context=context)[0]
        answer = None
        for state in states:
            answer = self.warned(f"wizard.{name}.execute", session, data, state, context=context)
        return answer

    # -- documents

    def party(self, *, fresh=True):
        """Make a customer; one that is not `fresh` has an invoice of 119 euro already, posted with others to save time."""
        if fresh:
            return self.parties(1)[0]
        if not self.stock:
            parties = self.parties(STOCK)
            made = self.call("account.invoice.create", [self.document(party, "100") for party in parties])
            self.call("account.invoice.post", made)
            self.stock = dict(zip(parties, made, strict=True))
        return next(iter(self.stock))

    def parties(self, count):
        rows = [{"name": f"Schuldner {next(NUMBERS)} GmbH", "addresses": [["create", [{"city": "Bonn"}]]]} for _ in range(count)]
        return self.call("party.party.create", rows)

    def document(self, party, *nets, currency="EUR", term="30 days", tax="19 %", **values):
        (address,) = self.rpc.search("party.address", [["party", "=", party]], ["id"])
        lines = [
            {
                "type": "line", "account": self.accounts["revenue"], "quantity": -1.0 if Decimal(net) < 0 else 1.0,
                "unit_price": wired(abs(Decimal(net))), "taxes": [["add", [self.taxes[tax]]]] if tax else [], "description": "x",
                "currency": self.currencies[currency], "company": self.company,
            }
            for net in nets
        ]  # fmt: skip
        return {
            "type": "out", "party": party, "invoice_address": address["id"], "currency": self.currencies[currency],
            "account": self.accounts["receivable"], "journal": self.journals["REV"], "payment_term": self.terms[term],
            "lines": [["create", lines]], **values,
        }  # fmt: skip

    def draft(self, party, *nets, **values):
        return self.create("account.invoice", **self.document(party, *nets, **values))

    def invoice(self, party, *nets, **values):
        """Return a posted invoice, of 119 euro due in 30 days unless told otherwise."""
        if not nets and not values and party in self.stock:
            return self.stock.pop(party)
        made = self.draft(party, *(nets or ["100"]), **values)
        self.call("account.invoice.post", [made])
        return made

    def row(self, invoice, *fields):
        return self.rpc.search("account.invoice", [["id", "=", invoice]], list(fields))[0]

    def due_lines(self, *invoices):
        """The lines to be paid of some invoices, the earliest due first."""
        return [line for invoice in invoices for line in self.row(invoice, "lines_to_pay")["lines_to_pay"]]

    def move_of(self, *lines):
        return self.rpc.search("account.move.line", [["id", "in", list(lines)]], ["move"])[0]["move"]

    # -- payments

    def pay(self, invoice, amount, *, kind="partial", write_off=None, on=TODAY):
        """Pay in the invoice's own wizard; `kind` answers what it asks where the amount is not what is open."""
        row = self.row(invoice, "party", "currency", "account")
        start = {
            "payee": row["party"], "payees": [row["party"]], "amount": wired(Decimal(amount)), "currency": row["currency"],
            "company": self.company, "invoice_account": row["account"], "payment_method": self.methods["Bank transfer"],
            "date": wired_day(on), "description": None,
        }  # fmt: skip
        context = {"active_model": "account.invoice", "active_id": invoice, "active_ids": [invoice]}
        session = self.rpc.call("wizard.account.invoice.pay.create", safe=False, context=context)[0]
        answer = self.rpc.call(
            "wizard.account.invoice.pay.execute", session, {"start": start}, "choice", safe=False, context=context
        )
        if view := answer.get("view"):
            defaults = {name: value for name, value in view["defaults"].items() if not name.endswith(".")}
            ask = {**defaults, "type": kind, "writeoff": write_off, "amount_writeoff": wired(Decimal(0))}
            data = {"start": start, "ask": ask}
            self.rpc.call("wizard.account.invoice.pay.execute", session, data, "pay", safe=False, context=context)

    def move(self, *lines, journal="CASH", on=TODAY, post=True, description=""):
        """Book a move of (account, amount, party) lines, debit above nothing; returns its receivable lines' ids in order."""
        rows = [
            {
                "account": self.accounts.get(account, account), "party": party, "description": description,
                "debit": wired(max(Decimal(amount), Decimal(0))), "credit": wired(max(-Decimal(amount), Decimal(0))),
            }
            for account, amount, party in lines
        ]  # fmt: skip
        (period,) = self.rpc.search(
            "account.period",
            [["start_date", "<=", wired_day(on)], ["end_date", ">=", wired_day(on)], ["type", "=", "standard"]],
            ["id"],
        )
        made = self.create(
            "account.move", company=self.company, journal=self.journals[journal], period=period["id"], date=wired_day(on),
            lines=[["create", rows]], description=description,
        )  # fmt: skip
        if post:
            self.call("account.move.post", [made])
        domain = [["move", "=", made], ["account", "=", self.accounts["receivable"]]]
        return [row["id"] for row in self.rpc.search("account.move.line", domain, ["id"])]

    def receipt(self, party, *amounts, on=TODAY, **more):
        """Book money from a customer, a receivable line for each amount; below nothing it goes back."""
        total = sum(map(Decimal, amounts))
        return self.move(("bank", total, None), *(("receivable", -Decimal(a), party) for a in amounts), on=on, **more)

    def link(self, line, invoice):
        self.call("account.move.line.write", [line], {"invoice_payment": invoice})

    def reconcile(self, *lines, write_off=None, on=TODAY):
        data, states = {}, ["start"]
        if write_off:
            data = {"writeoff": {"writeoff": write_off, "date": wired_day(on), "description": None}}
            states = ["reconcile"]
        self.wizard("account.move.reconcile_lines", "account.move.line", lines, data, *states)

    def unreconcile(self, *lines):
        self.wizard("account.move.unreconcile_lines", "account.move.line", lines, {}, "unreconcile")

    def take_back(self, move, description="Rückgabe mangels Deckung"):
        data = {"default": {"description": description, "reversal": True}}
        self.wizard("account.move.cancel", "account.move", [move], data, "cancel")

    def credit(self, invoice, *, refund=True):
        """Credit the whole invoice in its wizard; returns the credit note."""
        data = {"start": {"with_refund": refund, "with_refund_allowed": True, "invoice_date": None}}
        self.wizard("account.invoice.credit", "account.invoice", [invoice], data, "credit")
        return self.rpc.search("account.invoice", [["id", ">", invoice]], ["id"])[-1]["id"]

    def move_due_date(self, line, on):
        self.call("account.move.line.write", [line], {"maturity_date": on and wired_day(on)})

    def reschedule(self, invoice, *terms):
        """Make the instalments of an invoice anew, each an (amount, day)."""
        lines = self.due_lines(invoice)
        rows = [
            {"date": wired_day(on), "amount": wired(Decimal(amount)), "currency": self.currencies["EUR"]} for amount, on in terms
        ]
        preview = {"journal": self.journals["MISC"], "terms": rows, "description": None, "currency": self.currencies["EUR"]}
        self.wizard("account.move.line.reschedule", "account.move.line", lines, {"preview": preview}, "reschedule")

    def group(self, *lines):
        """Replace lines by one that stands in for them; returns that one."""
        data = {"start": {"journal": self.journals["MISC"], "description": None}}
        self.wizard("account.move.line.group", "account.move.line", lines, data, "group")
        return self.rpc.search("account.move.line", [["reconciliations_delegated.lines", "in", list(lines)]], ["id"])[-1]["id"]

    def delegate(self, line, party):
        """Let another party pay a line; returns the line that stands in for it."""
        data = {"start": {"journal": self.journals["MISC"], "party": party, "description": None}}
        self.wizard("account.move.line.delegate", "account.move.line", [line], data, "delegate")
        return self.rpc.search("account.move.line", [["reconciliations_delegated.lines", "in", [line]]], ["id"])[-1]["id"]

    def collect(self, line):
        """Ask the bank to collect what a line asks for."""
        journal = self.create(
            "account.payment.journal", name="SEPA", currency=self.currencies["EUR"], company=self.company, process_method="manual"
        )
        row = self.rpc.search("account.move.line", [["id", "=", line]], ["party", "debit"])[0]
        payment = self.create(
            "account.payment", kind="receivable", line=line, party=row["party"], amount=row["debit"], journal=journal,
            company=self.company, date=wired_day(TODAY),
        )  # fmt: skip
        self.call("account.payment.submit", [payment])

    # -- set-up that the demo company lacks

    def write_off_method(self, name, account="expense"):
        journal = self.create("account.journal", name=name, code=name[:4].upper(), type="write-off")
        chosen = self.accounts[account]
        values = {"name": name, "journal": journal, "debit_account": chosen, "credit_account": chosen}
        return self.create("account.move.reconcile.write_off", company=self.company, **values)

    def term(self, name, *shares):
        """Make a payment term of (percent, days) instalments, the last one the remainder."""
        lines = [
            {
                "type": "percent_on_total",
                "ratio": wired(Decimal(share) / 100),
                "divisor": wired(100 / Decimal(share)),
                "relativedeltas": [["create", [{"days": days}]]],
            }
            for share, days in shares[:-1]
        ]
        lines.append({"type": "remainder", "relativedeltas": [["create", [{"days": shares[-1][1]}]]]})
        for number, line in enumerate(lines):
            line["sequence"] = number
        self.terms[name] = self.create("account.invoice.payment_term", name=name, lines=[["create", lines]])

    def statement(self, *lines, on=TODAY, post=True):
        """Import a bank statement of (party, amount, invoice) lines, validate it, and post it."""
        known = self.rpc.search("account.statement.journal", [["name", "=", "Bank"]], ["id"])
        journal = known[0]["id"] if known else self.create(
            "account.statement.journal", name="Bank", journal=self.journals["STA"], currency=self.currencies["EUR"],
            company=self.company, validation="number_of_lines", account=self.accounts["bank"],
        )  # fmt: skip
        rows = [
            {
                "number": str(n), "date": wired_day(on), "amount": wired(Decimal(amount)), "party": party,
                "account": self.accounts["receivable"], "related_to": f"account.invoice,{invoice}" if invoice else None,
            }
            for n, (party, amount, invoice) in enumerate(lines, 1)
        ]  # fmt: skip
        made = self.create(
            "account.statement", name=f"S{next(NUMBERS)}", journal=journal, date=wired_day(on), company=self.company,
            number_of_lines=len(rows), lines=[["create", rows]],
        )  # fmt: skip
        self.call("account.statement.validate_statement", [made])
        if post:
            self.call("account.statement.post", [made])
        return made

    def latest_statement(self):
        rows = self.rpc.search("account.statement", [["state", "in", ["validated", "posted"]]], ["date"])
        return max((read_day(row["date"]) for row in rows), default=None)

    def account(self, name, like):
        (made,) = self.call("account.account.copy", [self.accounts[like]], {"name": name, "code": f"9.{next(NUMBERS)}"})
        return made

    def foreign(self, code, *rates):
        """Know another currency with its rates by day, and where differences are booked."""
        rows = [{"date": wired_day(on), "rate": wired(Decimal(rate))} for on, rate in rates]
        values = {"name": code, "code": code, "symbol": code, "rounding": wired(Decimal("0.01")), "digits": 2}
        self.currencies[code] = self.create("currency.currency", rates=[["create", rows]], **values)
        account = self.account("Kursdifferenzen", like="expense")
        names = ("currency_exchange_debit_account", "currency_exchange_credit_account")
        self.call("account.configuration.write", [1], dict.fromkeys(names, account))

    def user(self, login, password):
        """Add a user without any group."""
        values = {"name": login, "login": login, "password": password, "company": self.company}
        self.create("res.user", companies=[["add", [self.company]]], **values)
