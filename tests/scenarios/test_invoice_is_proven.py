"""Where an invoice came from: the command and the queries of the documentation tell it of a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlock.cli import main as cli
from interlock.cli import trace
from interlock.config import Endpoint
from interlock.connectors.vies.api import PATIENCE
from interlock.connectors.vies.client import Vies
from interlock.domain.identity import Ref
from interlock.store import approvals, audit
from tests.connectors.test_tryton_invoices import reverse
from tests.scenarios.conftest import SETTINGS
from tests.scenarios.test_contract_becomes_invoices import BILLING, Company
from tests.scenarios.test_lead_becomes_customer import win

NUMBERS = (f"NL123456782B{number}" for number in range(71, 99))
LIMITS = "[approval]\ninvoice_gross_above = 5000\nusers = ['ada', 'ben']\nfour_eyes = true\n"
QUERIES = re.findall(r"```sql(.*?)```", Path("docs/renewal-to-invoice.md").read_text(), re.DOTALL)
REGISTER = re.search(r"```sql(.*?)```", Path("docs/billing.md").read_text(), re.DOTALL)[1]


@pytest.fixture
def company(systems, database, sandbox):
    company = Company(systems, database, LIMITS)
    company.buyer = next(NUMBERS)
    sandbox.call(
        "POST", "/sandbox/vat-register", {"entered": [company.buyer, company.invoicing.settings.seller.vat_id], "faults": {}}
    )
    there = Endpoint(url=f"{systems['crm']['url']}/vies/rest-api")
    company.invoicing.register = Vies(lambda: there, PATIENCE.model_copy(update={"requests": 1_000}), lambda _: None)
    yield company
    company.invoicing.database.close()


@pytest.fixture
def invoiced(company, sandbox):
    """The contract's number: a large one, renewed by Ada, for a customer in the Netherlands, that Ben approved."""
    account = win(sandbox, country="NL", vat_id=company.buyer)
    contract, number = company.contract(
        account, {"unit_price": "9000"}, renewed_through="2027-12-31", renewed_by="Ada", start="2025-01-01"
    )
    company.makes_customers(account)
    assert company.invoices(contract, actor="manual")[0]["held"] == 1
    with company.invoicing.database.begin() as tx:
        (request,) = approvals.open_requests(tx, company.invoicing.process)
        approvals.decide(tx, request["id"], "approve", "ben", "as ordered", company.invoicing.settings.approval)
    assert company.invoices(contract, actor="manual")[0]["created"] == 1
    return number


def test_the_command_tells_the_whole_story_of_an_invoice(company, invoiced, monkeypatch, capsys, tmp_path):
    (tmp_path / "interlock.toml").write_text(SETTINGS + BILLING + LIMITS)
    monkeypatch.setattr(trace, "look_up", lambda _: Endpoint(url=company.database))
    monkeypatch.setattr(trace.console, "width", 220)
    (posted,) = company.billed(invoiced)
    command = ["--config", str(tmp_path / "interlock.toml"), "invoice"]
    assert cli.main([*command, f"{invoiced}/2026-01-01"]) == 0
    told = capsys.readouterr().out
    assert cli.main([*command, posted["number"]]) == 0
    assert capsys.readouterr().out == told
    with company.invoicing.database.begin() as tx:
        answer = tx.execute("SELECT subject FROM interlock.audit WHERE action = 'ask VAT register'").fetchone()["subject"]
        proof = tx.execute("SELECT hash FROM interlock.audit WHERE why LIKE '%%invoice%%' ORDER BY seq").fetchall()
    for words in (
        f"{invoiced}/2026-01-01", "confirmed through 2027-12-31 by Ada", "2: 2026-01-01 to 2026-12-31, each year in advance",
        "frozen 20", "started by manual", "2026-01-01 to 2026-12-31", "1 x 9000 EUR", "0 on 9000, AE. Steuerschuldnerschaft",
        "tax table, as it is now: standard, eu, valid from 2010-01-01", "net 9000, tax 0, gross 9000 EUR", f"valid, {answer}",
        "exceeds approval.invoice_gross_above", "by ben", "could not answer: Ada", f"number {posted['number']}", "posted",
        f"Invoice {posted['number']} of {posted['invoice_date']}", "create invoice_posting", "as ordered", "audit verify",
    ):  # fmt: skip
        assert words in told
    assert proof
    assert all(row["hash"] in told for row in proof)


def test_the_story_of_a_second_generation_names_who_had_the_period_invoiced_anew(company, sandbox, monkeypatch, capsys, tmp_path):
    account = win(sandbox)
    contract, number = company.contract(account)
    company.makes_customers(account)
    company.invoices(contract)
    with company.invoicing.database.begin() as tx:
        first = tx.execute("SELECT result_ref FROM interlock.change WHERE kind = 'invoice'").fetchone()["result_ref"]
    reverse(company.invoicing.erp, Ref.parse(first))
    assert company.invoices(contract)[0]["rejected"] == 1
    assert company.held() == [("invoice_reversed", f"{number}/2026-01-01")]
    company.release("invoice_reversed")
    company.invoices(contract)
    (tmp_path / "interlock.toml").write_text(SETTINGS + BILLING)
    monkeypatch.setattr(trace, "look_up", lambda _: Endpoint(url=company.database))
    monkeypatch.setattr(trace.console, "width", 220)
    assert cli.main(["--config", str(tmp_path / "interlock.toml"), "invoice", f"{number}/2026-01-01/2"]) == 0
    told = capsys.readouterr().out
    for words in ("invoice_reversed", "released by ada", "ada: quarantine release", "228 on 1200", "posted"):
        assert words in told
    assert cli.main(["--config", str(tmp_path / "interlock.toml"), "invoice", f"{number}/2026-01-01"]) == 0
    assert "cancelled, gross 1428 EUR" in capsys.readouterr().out


def test_an_unknown_reference_is_said_with_the_form_of_one(company, monkeypatch, capsys, tmp_path):
    (tmp_path / "interlock.toml").write_text(SETTINGS + BILLING)
    monkeypatch.setattr(trace, "look_up", lambda _: Endpoint(url=company.database))
    for given, said in (("SC-0/2026-01-01", "nothing is on record"), ("RE-404", "such as SC-7/2026-01-01")):
        assert cli.main(["--config", str(tmp_path / "interlock.toml"), "invoice", given]) == 1
        assert said in capsys.readouterr().err


def test_the_queries_of_the_documentation_prove_the_same(company, invoiced):
    (posted,) = company.billed(invoiced)
    with company.invoicing.database.begin() as tx:
        run = tx.execute("SELECT run_id FROM interlock.batch ORDER BY started_at DESC LIMIT 1").fetchone()["run_id"]
        books, terms, lines, steps, asked, told, log = (
            tx.execute(query.replace("SC-7", invoiced).replace("'RUN'", f"'{run}'")).fetchall() for query in QUERIES
        )
        answers = tx.execute(REGISTER.replace("NL123456782B01", company.buyer)).fetchall()
        assert audit.verify(tx) >= len(log)
    assert [tuple(row[name] for name in ("number", "dated", "gross")) for row in books] == [
        (posted["number"], posted["invoice_date"], "9000")
    ]
    assert [tuple(row[name] for name in ("term", "first_day", "renewed_by")) for row in terms] == [
        (number, f"{2024 + number}-01-01", "Ada") for number in (1, 2, 3)
    ]
    assert [tuple(row[name] for name in ("net", "category", "tax_class", "vat_id")) for row in lines] == [
        ("9000", "AE", "standard", company.buyer)
    ]
    assert [(row["kind"], row["state"]) for row in steps] == [
        ("invoice", "done"), ("invoice_confirmation", "done"), ("invoice_posting", "done"),
    ]  # fmt: skip
    assert [tuple(row[name] for name in ("state", "decided_by", "excluded", "gross")) for row in asked] == [
        ("approved", "ben", ["Ada"], "9000")
    ]
    assert sorted(row["kind"] for row in told) == ["contract", "note"]
    actions = [row["action"] for row in log]
    assert [actions.count(name) for name in ("approved", "create invoice", "create invoice_posting", "create note")] == [
        1,
        1,
        1,
        1,
    ]
    assert [row["why"] for row in answers] == ["valid"]
