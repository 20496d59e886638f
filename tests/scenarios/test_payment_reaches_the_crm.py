"""What customers pay in a real Tryton, and what they do not, is what sales sees in the CRM."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from interlock.engine.context import Scope
from interlock.engine.payments import PAYMENTS
from interlock.engine.run import run
from interlock_sandbox.accountant import TODAY, Books
from tests.scenarios.test_contract_becomes_invoices import Company
from tests.scenarios.test_lead_becomes_customer import notes_of, win

BALANCES = "[crm]\nbalances = true\n"
NIGHT = timedelta(days=1)


class Paid(Company):
    """A company whose contracts were invoiced, with an accountant and nights."""

    def __init__(self, systems, database, sandbox):
        super().__init__(systems, database, BALANCES)
        self.books, self.sandbox = self.accountant(), sandbox
        self.following = self.engine(PAYMENTS)
        self.account = self.wins()
        self.contract_id, self.number = self.contract(self.account)
        self.makes_customers(self.account)
        self.invoices(self.contract_id)
        (record,) = self.invoicing.erp.invoices_of([self.number])[self.number]
        self.invoice, self.said = int(record.ref.id), record.values

    def accountant(self):
        return Books(self.systems["erp"])

    def wins(self):
        return win(self.sandbox)

    def night(self, later=0, **scope):
        named = {"crm_ids": (self.account,)} | scope
        if later:
            named["as_of"] = TODAY + later * NIGHT
        counts = run(self.following, Scope(f"pay-{uuid.uuid4()}", **named))
        with self.following.database.begin() as tx:
            row = tx.execute("SELECT body FROM interlock.run_report ORDER BY written_at DESC LIMIT 1").fetchone()
        self.report = row["body"]
        return counts

    def status(self):
        return self.following.crm.read("contract_payment", [self.contract_id])[self.contract_id].values

    def balance(self):
        return self.following.crm.read("account_balance", [self.account])[self.account].values

    def told(self):
        return notes_of(self.sandbox, self.account)

    def tasks(self):
        with self.following.database.begin() as tx:
            rows = tx.execute("SELECT ref FROM interlock.snapshot WHERE kind = 'task' AND NOT archived ORDER BY ref").fetchall()
        found = self.following.crm.read("task", [row["ref"].rsplit("/", 1)[1] for row in rows])
        return [(record.values["title"], record.values["state"]) for record in found.values()]


@pytest.fixture
def company(systems, database, sandbox):
    company = Paid(systems, database, sandbox)
    company.books.statement((company.books.party(), "1", None))  # the bank is up to date
    yield company
    for engine in (company.invoicing, company.following):
        engine.database.close()


def test_an_invoice_is_part_paid_paid_returned_and_paid_again(company):
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("open", "1428")
    told = len(company.told())

    company.books.pay(company.invoice, "428")
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("partly_paid", "1000")
    assert company.balance()["last_payment"] == "428"

    company.books.statement((company.books.row(company.invoice, "party")["party"], "1000", company.invoice))
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("paid", "0")
    assert company.status()["invoices"].endswith(f"1428.00 EUR, paid {TODAY}")
    assert len(company.told()) == told + 2

    lines = company.books.row(company.invoice, "payment_lines")["payment_lines"]
    company.books.unreconcile(lines[0])
    company.books.take_back(company.books.move_of(lines[0]), "Konto nicht gedeckt")
    company.night()
    status = company.status()
    assert (status["payment_status"], status["returned_on"], status["return_reason"]) == (
        "returned", TODAY.isoformat(), "Konto nicht gedeckt"
    )  # fmt: skip
    assert [state for _, state in company.tasks()] == ["open"]

    company.books.receipt(company.books.row(company.invoice, "party")["party"], status["open"])
    company.night()
    assert company.balance()["unallocated"] == status["open"]
    assert company.status()["payment_status"] == "returned"
    counts = company.night()
    assert (counts["created"], counts["updated"], company.report["changes"]) == (0, 0, [])


def test_an_invoice_that_is_forgotten_becomes_overdue_by_time_alone(company):
    company.night()
    company.books.move_due_date(company.books.due_lines(company.invoice)[0], TODAY - 17 * NIGHT)
    company.night()
    assert (company.status()["payment_status"], company.balance()["overdue"]) == ("overdue", "1428")
    assert company.balance()["oldest_due"] == (TODAY - 17 * NIGHT).isoformat()
    assert [title for title, _ in company.tasks()] == [f"Invoice {company.said['number']} is overdue (level 1): 1428.00 EUR"]
    counts = company.night(later=4)
    assert counts["created"] == 1
    assert [change["after"]["title"] for change in company.report["changes"] if change["operation"] == "create"] == [
        f"Invoice {company.said['number']} is overdue (level 2): 1428.00 EUR"
    ]
    company.books.pay(company.invoice, "1428")
    company.night()
    assert [state for _, state in company.tasks()] == ["closed"]


def test_a_run_for_an_invoice_number_and_one_for_everything_say_the_same(company):
    company.night(crm_ids=(), invoice_numbers=(company.said["number"],))
    assert company.balance()["open"] == "1428"
    assert {row["difference"] for row in company.report["balances"]["currencies"]} == {"0.00"}
    counts = company.night(crm_ids=())
    assert (counts["rejected"], counts["failed"]) == (0, 0)
    assert company.night(crm_ids=(), full=True)["updated"] == 0


def test_money_is_allocated_later_and_a_draft_receipt_deleted_again(company):
    """Neither moves a timestamp of the party or the invoice forward; what is read by id counts all the same."""
    party = company.books.row(company.invoice, "party")["party"]
    (line,) = company.books.receipt(party, "428", post=False)
    company.books.link(line, company.invoice)
    company.night()
    assert (company.status()["payment_status"], company.balance()["open"]) == ("partly_paid", "1000")
    company.books.call("account.move.delete", [company.books.move_of(line)])
    company.night(crm_ids=())
    assert (company.status()["payment_status"], company.balance()["open"]) == ("open", "1428")
    (line,) = company.books.receipt(party, "1428")
    company.night()
    assert (company.balance()["open"], company.balance()["unallocated"]) == ("1428", "1428")
    company.books.reconcile(line, company.books.due_lines(company.invoice)[0])
    company.night(crm_ids=())
    assert (company.balance()["open"], company.balance()["unallocated"]) == ("0", "0")
    assert company.status()["payment_status"] == "paid"
