"""A contract that sales renewed in the CRM becomes invoices in a real Tryton, and the CRM learns of them."""

from __future__ import annotations

import uuid
from datetime import date
from types import SimpleNamespace

import pytest

from interlock.engine.context import Scope
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from interlock.engine.run import run
from tests.connectors.test_hubspot_contracts import Hands
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import notes_of, win

BILLING = """
[customers]
payment_term = "30 days"
[billing]
go_live = 2026-01-01
[seller]
name = "Deichwerk AG"
street = "Hafen 1"
postal_code = "26382"
city = "Wilhelmshaven"
vat_id = "DE136695976"
contact_name = "Buchhaltung"
contact_phone = "+494421100"
contact_email = "rechnung@deichwerk.example"
payment_means = "58"
"""
YEARLY = {
    "customer_kind": "business", "public_buyer": "false", "start": "2026-01-01", "initial_term": "12", "renewal_mode": "fixed",
    "renewal_term": "12", "renewed_through": "", "renewed_by": "", "cancellation_received_on": "",
    "cancellation_effective_on": "", "cancellation_kind": "", "interval": "year", "billed": "advance", "uplift": "none",
    "uplift_percent": "", "uplift_from": "", "billed_through": "", "buyer_reference": "",
}  # fmt: skip
SERVICE = {
    "product": "WARTUNG", "quantity": "1", "unit_price": "1200", "discount": "0", "valid_from": "", "valid_to": "",
    "new_unit_price": "", "new_price_from": "",
}  # fmt: skip


JUNE = date(2026, 6, 1)


class Company:
    """A company with both systems, its processes, and people who work in the CRM."""

    def __init__(self, systems, database, more=""):
        self.systems, self.database, self.more = systems, database, BILLING + more
        self.invoicing = self.engine(INVOICES)
        self.hands = Hands(SimpleNamespace(**systems["crm"]))

    def engine(self, flow):
        return connected(self.systems, self.database, self.more, flow)

    def makes_customers(self, *accounts):
        engine = self.engine(LEADS)
        counts = run(engine, Scope(f"lead-{uuid.uuid4()}", crm_ids=accounts))
        engine.database.close()
        return counts

    def invoices(self, *contracts, as_of=JUNE, **scope):
        counts = run(self.invoicing, Scope(f"bill-{uuid.uuid4()}", contract_ids=contracts, as_of=as_of, **scope))
        with self.invoicing.database.begin() as tx:
            row = tx.execute("SELECT body FROM interlock.run_report ORDER BY written_at DESC LIMIT 1").fetchone()
        return counts, row["body"]

    def contract(self, account, *lines, **values):
        number = f"SC-{uuid.uuid4().hex[:8]}"
        lines = [SERVICE | line for line in lines] or [SERVICE]
        return self.hands.contract(account, lines=lines, **(YEARLY | {"number": number} | values)), number

    def billed(self, number):
        found = self.invoicing.erp.invoices_of([number]).get(number, ())
        return [record.values for record in found]

    def said_of(self, contract):
        return self.invoicing.crm.read("contract", [contract])[contract].values

    def held(self):
        with self.invoicing.database.begin() as tx:
            return [
                (r["code"], r["field"]) for r in tx.execute("SELECT * FROM interlock.quarantine WHERE state = 'open'").fetchall()
            ]


@pytest.fixture
def company(systems, database):
    company = Company(systems, database)
    yield company
    company.invoicing.database.close()


def test_a_renewed_contract_is_invoiced_once_and_the_crm_learns_of_it(company, sandbox):
    account = win(sandbox)
    contract, number = company.contract(account)
    company.makes_customers(account)
    counts, report = company.invoices(contract)
    assert (counts["created"], counts["read"]) == (1, 1), report
    (invoice,) = company.billed(number)
    assert (invoice["reference"], invoice["state"]) == (f"{number}/2026-01-01", "posted")
    assert (invoice["net"], invoice["tax"], invoice["gross"]) == ("1200", "228", "1428")
    said = company.said_of(contract)
    assert {name: said[name] for name in ("term_number", "term_from", "term_to", "invoice_from", "invoice_to")} == {
        "term_number": "1", "term_from": "2026-01-01", "term_to": "2026-12-31", "invoice_from": "2026-01-01",
        "invoice_to": "2026-12-31",
    }  # fmt: skip
    assert {name: said[f"invoice_{name}"] for name in ("number", "net", "tax", "gross", "state")} == {
        name: invoice[name] for name in ("number", "net", "tax", "gross", "state")
    }
    assert said["invoice_due"] == invoice["due_date"] > invoice["invoice_date"]
    assert len(notes_of(sandbox, account)) == 2  # the customer number, the invoice

    counts, report = company.invoices(contract)
    assert (counts["unchanged"], report["changes"]) == (1, [])
    assert len(company.billed(number)) == 1
