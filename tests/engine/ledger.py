"""A company's ledger and CRM in memory, as `payment_to_crm_status` sees them, and what people do in both."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from interlock.config import parse
from interlock.domain.payment import Receivable, Reconciliation
from interlock.engine.context import Engine, Scope
from interlock.engine.payments import PAYMENTS
from interlock.engine.run import run
from interlock.store.database import Database
from tests.companies import company
from tests.engine.conftest import BACK, SETTINGS
from tests.engine.memory import Memory

TODAY = date(2026, 3, 2)
NOTHING = {"name": "", "owner": "owner-1"} | dict.fromkeys(
    ("open", "overdue", "oldest_due", "last_payment_on", "last_payment", "unallocated", "credit_hold", "other_currencies"), ""
)
UNSAID = dict.fromkeys(("payment_status", "open", "overdue", "oldest_due", "returned_on", "return_reason", "invoices"), "")


class Books(Memory):
    """An ERP that keeps a debtors' ledger."""

    booked = TODAY
    reads_dunning = True

    def numbered(self, numbers):
        found = {}
        for record in self.of("receivable"):
            if record.values["number"] in numbers:
                found.setdefault(record.values["number"], []).append(record)
        return found

    def bank_booked_on(self):
        return self.booked

    def receivable_checks(self):
        return iter(())


class Company:
    """Accounts that are customers, contracts, invoices and what is paid."""

    def __init__(self, dsn, more=""):
        self.crm, self.erp, self.today = Memory("m:crm"), Books("m:erp"), TODAY
        self.database, self.settings = Database(dsn), parse(SETTINGS + more)
        self.runs = 0

    def booked(self, days):
        """Book the bank's statements up to so many days after the first one."""
        self.erp.booked = TODAY + timedelta(days=days)

    def engine(self):
        engine = Engine(self.database, self.crm, self.erp, self.settings, PAYMENTS)
        engine.now = self.now
        return engine

    def now(self):
        from datetime import UTC, datetime, time

        return datetime.combine(self.today, time(12), UTC)

    def customer(self, key, **debtor):
        account = self.crm.put("account", key, **(company(key) | BACK))
        self.crm.put("account_balance", key, parent=account, **NOTHING)
        customer = self.erp.put(
            "customer", key, **(company(key) | {"number": f"K{key}", "references": [str(account)], "active": True})
        )
        self.erp.put("debtor", key, parent=customer, account=key, credit_hold=False, unallocated=[], **debtor)
        return account

    def contract(self, account, number):
        return self.crm.put("contract_payment", number, parent=account, number=number, **UNSAID)

    def invoice(self, key, number, gross="119", due=TODAY + timedelta(days=14), contract="", **more):
        reference = f"{contract}/2026-01-01" if contract else ""
        one = Receivable(
            id=number, number=number, contract=contract, reference=reference, recipient=key, sent=True,
            **({"currency": "EUR", "state": "posted", "gross": gross, "open": gross, "due": due} | more),
        )  # fmt: skip
        self.erp.put("receivable", number, parent=self.erp.ref("customer", key), values=one.model_dump(mode="json"))
        return number

    def book(self, number, kind, amount, day=None, **more):
        """Book money or anything else against an invoice."""
        old = self.document(number)
        row = Reconciliation(
            id=f"{kind}-{number}-{len(old.reconciliations)}", day=day or self.today, kind=kind, amount=amount, **more
        )
        left = old.open - row.amount
        self.change(number, open=left, reconciliations=(*old.reconciliations, row), state="posted" if left > 0 else "paid")

    def change(self, number, **values):
        one = Receivable.model_validate(self.document(number).model_dump() | values)
        self.erp.put("receivable", number, values=one.model_dump(mode="json"))

    def document(self, number):
        return Receivable.model_validate(self.erp.records[self.erp.ref("receivable", number)].values)

    def night(self, days=0, **scope):
        self.today += timedelta(days=days)
        self.runs += 1
        return run(self.engine(), Scope(f"night-{self.runs}", **scope))

    def report(self):
        with self.database.begin() as tx:
            row = tx.execute("SELECT body FROM interlock.run_report ORDER BY written_at DESC LIMIT 1").fetchone()
        return row["body"]

    def shows(self, key):
        return self.crm.records[self.crm.ref("account_balance", key)].values

    def status(self, number):
        return self.crm.records[self.crm.ref("contract_payment", number)].values

    def notes(self):
        return [record.values["body"] for record in self.crm.of("note")]

    def tasks(self, state="open"):
        return [record.values["title"] for record in self.crm.of("task") if record.values["state"] == state]

    def owed(self):
        return sum((Receivable.model_validate(r.values).open for r in self.erp.of("receivable")), Decimal(0))
