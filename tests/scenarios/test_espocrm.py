"""A lead, its contract and its payments between a real EspoCRM and a real Tryton or Odoo, where there are (CONTRIBUTING.md)."""

from __future__ import annotations

import itertools
import os
import uuid

import pytest
from pydantic import SecretStr

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.engine.context import Engine, Scope
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from interlock.engine.payments import PAYMENTS
from interlock.engine.run import run
from interlock.store import people
from interlock.store.database import Database
from interlock_sandbox.accountant import TODAY, Books
from tests.companies import company
from tests.connectors.espocrm_hands import Hands
from tests.connectors.odoo_books import live_books
from tests.connectors.recording import Tape
from tests.scenarios.test_contract_becomes_invoices import BILLING, JUNE
from tests.scenarios.test_payment_reaches_the_crm import NIGHT

pytestmark = pytest.mark.skipif("ESPOCRM_URL" not in os.environ, reason="needs a real EspoCRM (CONTRIBUTING.md, Recordings)")
SETTINGS = '[lead_to_customer]\ngo_live = 2026-01-01\n[crm]\nsystem = "espocrm"\nbalances = true\n' + BILLING
TAX = """
[erp]
system = "odoo"
[[tax.rows]]
tax_class = "standard"
zone = "domestic"
rate = "19"
code = "19%"
valid_from = 2021-01-01
"""
ODOO = SETTINGS.replace('"30 days"', '"30 Days"') + TAX
RUNS = itertools.count(1)


class Sales(Hands):
    """People who work in EspoCRM, and Interlock between it and Tryton."""

    def __init__(self, systems, database, settings=SETTINGS):
        self.tape = Tape(live=True, url=os.environ["ESPOCRM_URL"].rstrip("/"), now=None)
        self.admin = self.as_administrator()
        self.systems, self.database, self.settings, self.engines = systems, database, parse(settings), []
        self.leads, self.invoicing, self.following = map(self.engine, (LEADS, INVOICES, PAYMENTS))
        self.account = self.win()

    def engine(self, flow):
        settings, key = self.settings, SecretStr(os.environ["ESPOCRM_KEY"])
        ours = connect("espocrm", Endpoint(url=self.tape.url, token=key), settings.crm, settings.customers)
        erp = connect(settings.erp.system, self.there(), settings.erp, settings.customers)
        self.engines.append(Engine(Database(self.database), ours, erp, settings, flow))
        return self.engines[-1]

    def there(self):
        if self.settings.erp.system == "odoo":
            own = {name: os.environ[f"ODOO_{name}"] for name in ("URL", "DB", "LOGIN", "KEY")}
            return Endpoint(url=own["URL"], login=own["LOGIN"], token=own["KEY"], database=own["DB"])
        theirs = self.systems["erp"]
        return Endpoint(url=theirs.url, login=theirs.login, password=theirs.password, database=theirs.database)

    def win(self):
        names = self.leads.crm.settings.account_properties
        account = self.make("Account", **{names[name]: value for name, value in company(uuid.uuid4()).items() if name in names})
        person = {"firstName": "Erika", "lastName": "Muster", "emailAddress": f"{uuid.uuid4()}@example.de"}
        self.make("Contact", accountId=account, cRole=["invoice"], **person)
        deal = {"accountId": account, "closeDate": "2026-05-01", "amount": 1, "amountCurrency": "EUR"}
        self.make("Opportunity", name="D", stage="Closed Won", **deal)
        return account

    def run(self, engine, **scope):
        name = f"run-{next(RUNS)}-{uuid.uuid4()}"
        counts = run(engine, Scope(name, **scope))
        with engine.database.begin() as tx:
            self.report = people.report(tx, name)
        return counts

    def leave(self):
        for engine in self.engines:
            engine.database.close()

    def written(self, counts):
        return counts["created"] + counts["updated"]

    def shown(self, kind, record_id):
        return self.leads.crm.read(kind, [record_id])[record_id].values

    def notes(self):
        return [note["post"] for note in self.call("GET", f"Account/{self.account}/stream?filter=posts&maxSize=100")["list"]]


@pytest.fixture
def sales(systems, database):
    sales = Sales(systems, database)
    yield sales
    sales.leave()


@pytest.fixture
def sales_with_odoo(database):
    sales = Sales(None, database, ODOO)
    yield sales
    sales.leave()


def wins_a_customer(sales):
    counts = sales.run(sales.leads, crm_ids=(sales.account,))
    assert counts["created"] >= 1, sales.report
    account = sales.shown("account", sales.account)
    assert account["sync_state"] == "synced"
    assert account["customer_number"] != ""
    assert [account["customer_number"] in note for note in sales.notes()] == [True]
    assert sales.written(sales.run(sales.leads, crm_ids=(sales.account,))) == 0


def is_invoiced(sales):
    """Invoice a contract of 1,200 a year; returns the contract's id and the invoice."""
    said = {"customerKind": "business", "initialTermMonths": 12, "renewalMode": "fixed", "renewalTermMonths": 12}
    number = f"SC-{uuid.uuid4().hex[:8]}"
    contract = sales.contract(sales.account, number=number, billingInterval="year", billed="advance", uplift="none", **said)
    line = {"price": "1200", "taxClass": "standard", "supply": "service", "recurrence": "recurring"}
    sales.line(contract, product="WARTUNG", **line)
    sales.run(sales.invoicing, contract_ids=(contract,), as_of=JUNE)
    (invoice,) = sales.invoicing.erp.invoices_of([number]).get(number, ()) or [pytest.fail(str(sales.report))]
    shown = sales.shown("contract", contract)
    assert (shown["invoice_number"], shown["invoice_gross"], shown["invoice_state"]) == (
        invoice.values["number"],
        "1428",
        "posted",
    )
    assert sales.written(sales.run(sales.invoicing, contract_ids=(contract,), as_of=JUNE)) == 0
    return contract, int(invoice.ref.id)


def pays_in_part_forgets_and_pays(sales, contract, pay, move_due_date):
    """Pay an invoice of 1,428 in two parts, the second 17 days late; each night the CRM shows it."""
    pay("428")
    sales.run(sales.following, crm_ids=(sales.account,))
    assert sales.shown("contract_payment", contract)["payment_status"] == "partly_paid"
    assert sales.shown("account_balance", sales.account)["open"] == "1000"
    move_due_date(TODAY - 17 * NIGHT)
    sales.run(sales.following, crm_ids=(sales.account,))
    assert sales.shown("contract_payment", contract)["payment_status"] == "overdue"
    (task,) = sales.following.crm.children("task", [sales.following.crm.ref("account", sales.account)])
    assert (task.values["state"], "overdue (level 1)" in task.values["title"]) == ("open", True)
    pay("1000")
    sales.run(sales.following, crm_ids=(sales.account,))
    assert sales.shown("account_balance", sales.account)["open"] == "0"
    assert sales.following.crm.read("task", [task.ref.id])[task.ref.id].values["state"] == "closed"
    assert not sales.report["balances"]["differing"]
    assert sales.written(sales.run(sales.following, crm_ids=(sales.account,))) == 0


@pytest.mark.skipif("ODOO_URL" not in os.environ, reason="needs a real Odoo too (docs/odoo.md, Tests)")
def test_a_lead_becomes_a_customer_is_invoiced_in_odoo_and_what_it_pays_is_seen(sales_with_odoo):
    wins_a_customer(sales_with_odoo)
    contract, invoice = is_invoiced(sales_with_odoo)

    books = live_books()
    books.write(invoice, is_move_sent=True)
    books.transaction(books.party(), "1")
    (line,) = books.due_lines(invoice)
    pays_in_part_forgets_and_pays(
        sales_with_odoo, contract, lambda amount: books.pay(invoice, amount), lambda on: books.move_due_date(line, on)
    )


def test_a_lead_becomes_a_customer_is_invoiced_and_what_it_pays_is_seen(sales):
    wins_a_customer(sales)
    contract, invoice = is_invoiced(sales)

    books = Books(sales.systems["erp"])
    books.statement((books.party(), "1", None))
    (line,) = books.due_lines(invoice)
    pays_in_part_forgets_and_pays(
        sales, contract, lambda amount: books.pay(invoice, amount), lambda on: books.move_due_date(line, on)
    )
