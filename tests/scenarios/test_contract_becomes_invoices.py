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
from interlock.errors import NotAllowed
from interlock.store import approvals, decisions
from tests.companies import BILLING as SELLER
from tests.connectors.test_hubspot_contracts import Hands
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import notes_of, win

BILLING = '[customers]\npayment_term = "30 days"\n' + SELLER
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


ADDRESS = {"address": "Weg 1", "zip": "10115", "city": "Berlin", "country": "DE"}
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

    def release(self, code, *, create=False):
        with self.invoicing.database.begin() as tx:
            query = "SELECT id FROM interlock.quarantine WHERE state = 'open' AND code = %s"
            (entry,) = tx.execute(query, [code]).fetchall()
            decide = decisions.decide_match if create else decisions.decide_entry
            decide(tx, entry["id"], None if create else "release", "ada")

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


def test_three_missed_months_are_caught_up_and_the_crm_has_the_latest(company, sandbox):
    account = win(sandbox)
    contract, number = company.contract(account, interval="month", billed="arrears", billed_through="2026-02-28")
    company.makes_customers(account)
    _, report = company.invoices(contract)
    periods = [(i["service_from"], i["service_to"], i["state"]) for i in company.billed(number)]
    assert periods == [("2026-03-01", "2026-03-31", "posted"), ("2026-04-01", "2026-04-30", "posted"),
                       ("2026-05-01", "2026-05-31", "posted")]  # fmt: skip
    said = company.said_of(contract)
    assert (said["invoice_from"], said["next_billing_on"]) == ("2026-05-01", "2026-07-01")
    assert said["invoice_number"] == company.billed(number)[-1]["number"]
    assert len(notes_of(sandbox, account)) == 4
    (total,) = report["money"]["invoiced"]["sums"]
    assert (total["invoices"], total["net"], total["gross"]) == (3, "3600", "4284")
    assert report["money"]["fiscal_years"][0]["net"] == "3600"


def test_a_contract_without_a_customer_waits_and_has_its_account_made_one(company, sandbox):
    account = company.hands.account(f"Noch kein Kunde {uuid.uuid4()}")
    sandbox.call("PATCH", f"/crm/v3/objects/companies/{account}", {"properties": {**ADDRESS, "name": f"Neu {uuid.uuid4()}"}})
    contract, number = company.contract(account)
    counts, report = company.invoices(contract)
    assert (counts["waiting"], company.billed(number)) == (1, [])
    assert report["money"]["held"]["sums"][0]["gross"] == "1428"
    with company.invoicing.database.begin() as tx:
        asked = [row["ref"] for row in tx.execute("SELECT ref FROM interlock.woken").fetchall()]
    assert asked == [str(company.invoicing.crm.ref("account", account))]
    assert company.makes_customers(account)["rejected"] == 1
    assert company.held() == [("match_contract_due", "")]
    company.release("match_contract_due", create=True)
    assert company.makes_customers(account)["created"] == 1
    assert company.invoices(contract)[0]["created"] == 1
    assert [i["state"] for i in company.billed(number)] == ["posted"]
    company.invoices(contract)
    with company.invoicing.database.begin() as tx:
        assert tx.execute("SELECT count(*) AS n FROM interlock.woken").fetchone() == {"n": 1}


def test_an_invoice_above_the_limit_waits_for_an_answer_and_is_asked_about_once(systems, database, sandbox):
    company = Company(systems, database, "[approval]\ninvoice_gross_above = 5000\nusers = ['ada', 'ben']\nfour_eyes = true\n")
    account = win(sandbox)
    small, _ = company.contract(account)
    large, number = company.contract(account, {"unit_price": "9000"}, renewed_through="2027-12-31", renewed_by="Ada")
    company.makes_customers(account)
    counts, report = company.invoices(small, large)
    assert (counts["created"], counts["held"]) == (1, 1)
    assert report["money"]["awaiting_approval"]["sums"][0]["gross"] == "10710"
    assert company.billed(number) == []
    assert company.invoices(small, large)[0]["held"] == 1
    with company.invoicing.database.begin() as tx:
        (request,) = approvals.open_requests(tx, company.invoicing.process)
        with pytest.raises(NotAllowed, match="had a hand"):
            approvals.decide(tx, request["id"], "approve", "ada", "", company.invoicing.settings.approval)
    with company.invoicing.database.begin() as tx:
        approvals.decide(tx, request["id"], "approve", "ben", "as ordered", company.invoicing.settings.approval)
    assert company.invoices(small, large)[0]["created"] == 1
    assert [(i["state"], i["gross"]) for i in company.billed(number)] == [("posted", "10710")]
    company.invoicing.database.close()


def test_what_changes_while_it_waits_for_approval_is_asked_about_anew(systems, database, sandbox):
    company = Company(systems, database, "[approval]\nrun_gross_above = 1000\n")
    account = win(sandbox)
    contract, number = company.contract(account)
    company.makes_customers(account)
    assert company.invoices(contract)[0]["held"] == 1
    company.hands.line(contract, **{**SERVICE, "unit_price": "300", "valid_from": "2026-01-01"})
    assert company.invoices(contract)[0]["held"] == 1
    with company.invoicing.database.begin() as tx:
        states = [row["state"] for row in tx.execute("SELECT state FROM interlock.approval ORDER BY id").fetchall()]
        (request,) = approvals.open_requests(tx, company.invoicing.process)
    assert states == ["void", "open"]
    with company.invoicing.database.begin() as tx:
        approvals.decide(tx, request["id"], "reject", "ben", "wrong price")
    counts, _ = company.invoices(contract)
    assert (counts["rejected"], company.billed(number), company.held()) == (1, [], [("rejected_by_approver", "")])
    company.invoicing.database.close()


def test_a_dry_run_and_a_later_day_show_what_would_be_invoiced_and_change_nothing(company, sandbox):
    account = win(sandbox)
    contract, number = company.contract(account, interval="quarter")
    company.makes_customers(account)
    counts, report = company.invoices(contract, dry_run=True)
    assert (counts["created"], report["money"]["planned"]["sums"][0]["invoices"]) == (1, 2)
    counts, report = company.invoices(contract, as_of=date(2999, 12, 31))
    assert report["dry_run"]
    assert report["money"]["planned"]["sums"][0]["invoices"] > 4
    assert company.billed(number) == []
    with company.invoicing.database.begin() as tx:
        assert tx.execute("SELECT count(*) AS n FROM interlock.contract_term").fetchone() == {"n": 0}


def test_contracts_that_cannot_be_invoiced_say_why_and_stop_nobody_else(company, sandbox):
    account = win(sandbox)
    good, number = company.contract(account)
    twin, _ = company.contract(account, number="SC-TWIN")
    other, _ = company.contract(account, number="SC-TWIN")
    astride, _ = company.contract(account, start="2025-10-01", initial_term="24", interval="half_year")
    consumer, _ = company.contract(account, customer_kind="consumer", start="2025-06-01", billed_through="2025-12-31")
    company.makes_customers(account)
    counts, report = company.invoices(good, twin, other, astride, consumer)
    assert (counts["created"], counts["rejected"]) == (1, 4)
    assert [i["state"] for i in company.billed(number)] == ["posted"]
    codes = sorted(code for code, _ in company.held())
    assert codes == ["consumer_auto_renewal", "contract_number_shared", "contract_number_shared", "period_straddles_go_live"]
    (straddling,) = [row for row in report["money"]["held"]["rows"] if row["reason"] == "period_straddles_go_live"]
    assert (straddling["net"], straddling["tax"]) == ("1200", "228")


def test_a_contract_cancelled_after_its_invoice_is_held_with_the_amounts_to_correct(company, sandbox):
    account = win(sandbox)
    contract, number = company.contract(account)
    company.makes_customers(account)
    company.invoices(contract)
    names = company.invoicing.settings.crm.contract_properties
    said = {
        "cancellation_kind": "by_agreement", "cancellation_received_on": "2026-05-01", "cancellation_effective_on": "2026-06-30",
    }  # fmt: skip
    company.hands.edit("service_contracts", contract, **{names[field]: value for field, value in said.items()})
    counts, report = company.invoices(contract)
    assert (counts["rejected"], company.held()) == (1, [("correction_needed", f"{number}/2026-01-01")])
    assert report["money"]["corrected"]["sums"][0]["net"] == "-604.93"
    assert company.said_of(contract)["sync_state"] == "held back"
    assert len(company.billed(number)) == 1


def test_a_line_added_later_brings_a_supplement(company, sandbox):
    account = win(sandbox)
    contract, number = company.contract(account)
    company.makes_customers(account)
    company.invoices(contract)
    company.hands.line(contract, **{**SERVICE, "unit_price": "365", "valid_from": "2026-07-01"})
    company.invoices(contract)
    assert [(i["reference"], i["net"], i["state"]) for i in company.billed(number)] == [
        (f"{number}/2026-01-01", "1200", "posted"), (f"{number}/2026-01-01/S1", "184", "posted"),
    ]  # fmt: skip
    assert company.invoices(contract)[1]["changes"] == []


def test_a_value_edited_by_hand_in_the_crm_is_put_right(company, sandbox):
    account = win(sandbox)
    contract, _ = company.contract(account)
    company.makes_customers(account)
    company.invoices(contract)
    company.hands.edit("service_contracts", contract, erp_invoice_gross="1", erp_term_number="7")
    company.invoices(contract)
    said = company.said_of(contract)
    assert (said["invoice_gross"], said["term_number"]) == ("1428", "1")
    assert len(notes_of(sandbox, account)) == 2
