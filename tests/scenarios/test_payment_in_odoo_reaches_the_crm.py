"""What customers pay in a real Odoo, and what they do not, is what sales sees in the CRM; docs/odoo.md says which one."""

from __future__ import annotations

import os
import uuid

import pytest

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.domain.change import Write
from interlock.engine.context import Engine
from interlock.engine.diagnose import diagnose
from interlock.store.database import Database
from tests.companies import company as made_up
from tests.connectors.odoo_books import live_books
from tests.scenarios.conftest import SETTINGS
from tests.scenarios.test_contract_becomes_invoices import BILLING
from tests.scenarios.test_espocrm import TAX
from tests.scenarios.test_lead_becomes_customer import win
from tests.scenarios.test_payment_reaches_the_crm import BALANCES, NIGHT, Paid

pytestmark = pytest.mark.skipif(not os.environ.get("ODOO_URL"), reason="needs a real Odoo: docs/odoo.md, Tests")
REASON = "Konto nicht gedeckt"


class PaidInOdoo(Paid):
    """A company whose books are in Odoo."""

    def engine(self, flow):
        settings, crm = parse(SETTINGS + BILLING.replace("30 days", "30 Days") + BALANCES + TAX), self.systems["crm"]
        own = {name: os.environ[f"ODOO_{name}"] for name in ("URL", "DB", "LOGIN", "KEY")}
        there = Endpoint(url=own["URL"], login=own["LOGIN"], token=own["KEY"], database=own["DB"])
        here = connect("hubspot", Endpoint(url=crm["url"], token=crm["token"]), settings.crm, settings.customers)
        return Engine(Database(self.database), here, connect("odoo", there, settings.erp, settings.customers), settings, flow)

    def accountant(self):
        return live_books()

    def wins(self):
        """Win an account that Odoo has no customer of from an earlier run of these tests, which began with the same ids."""
        while True:
            values = made_up(uuid.uuid4())
            account = win(self.sandbox, vat_id=values["vat_id"], name=values["legal_name"])
            subject = self.following.crm.ref("account", account)
            if not self.following.erp.find([Write("x", "create", "customer", {}, subject=subject)]):
                return account

    def party(self):
        (row,) = self.books.search("account.move", [["id", "=", self.invoice]], "partner_id")
        return row["partner_id"][0]


@pytest.fixture
def company(systems, database, sandbox):
    company = PaidInOdoo(systems, database, sandbox)
    company.books.write(company.invoice, is_move_sent=True)
    company.books.transaction(company.books.party(), "1")  # the bank is up to date
    yield company
    for engine in (company.invoicing, company.following):
        engine.database.close()


def test_an_invoice_is_part_paid_overdue_paid_and_taken_back(company):
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("open", "1428")

    company.books.pay(company.invoice, "428")
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("partly_paid", "1000")
    assert company.balance()["last_payment"] == "428"

    company.books.move_due_date(company.books.due_lines(company.invoice)[0], company.books.today - 17 * NIGHT)
    company.night()
    assert (company.status()["payment_status"], company.balance()["overdue"]) == ("overdue", "1000")
    title = f"Invoice {company.said['number']} is overdue (level 1): 1000.00 EUR"
    assert company.tasks() == [(title, "open")]

    line = company.books.transaction(company.party(), "1000")
    company.books.reconcile(line, *company.books.due_lines(company.invoice))
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("paid", "0")
    assert company.tasks() == [(title, "closed")]
    assert not company.report["balances"]["differing"]
    counts = company.night()
    assert (counts["created"], counts["updated"], company.report["changes"]) == (0, 0, [])

    company.books.reverse(company.books.move_of(company.books.payment(company.invoice)), REASON)
    company.night()
    status = company.status()
    assert (status["payment_status"], status["return_reason"]) == ("returned", REASON)
    assert sorted(state for _, state in company.tasks()) == ["closed", "open"]
    counts = company.night()
    assert (counts["created"], counts["updated"], company.report["changes"]) == (0, 0, [])


def test_a_run_for_an_invoice_number_and_one_for_everything_say_the_same(company):
    company.night(crm_ids=(), invoice_numbers=(company.said["number"],))
    assert company.balance()["open"] == "1428"
    counts = company.night(crm_ids=())
    assert (counts["rejected"], counts["failed"]) == (0, 0)
    assert company.night(crm_ids=(), full=True)["updated"] == 0


def test_doctor_looks_at_the_ledger(company):
    levels = {check.name: check.level for check in diagnose(company.following)}
    assert (levels["erp rights on receivables"], levels["erp bank"]) == ("ok", "ok")
    assert "erp sent invoices" in levels
