"""The money of a run, on its page and from the command: the same figures, foreign text escaped."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from interlock.cli import commands
from interlock.cli import main as cli
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, TaxTotal
from interlock.domain.record import Problem
from interlock.processes.billing.known import Held
from interlock.processes.billing.money import as_posted, money_of_run
from tests.plugins.test_pages import HOSTILE, Elements

KEY = InvoiceKey(contract="SC-7", period_start="2026-12-01")


def invoice(currency="EUR", net="1200", tax="228"):
    total = TaxTotal(category="S", rate="19", base=net, tax=tax, code="USt 19 %")
    line = InvoiceLine(line="1", net=net, service_from="2026-12-01", service_to="2027-01-31")
    return Invoice(key=KEY, currency=currency, lines=(line,), taxes=(total,), net=net, tax=tax, gross="1428")


@pytest.fixture
def money():
    planned = invoice()
    taxes = [planned.taxes[0].model_dump(mode="json") | {"tax": "227.99"}]
    posted = as_posted(planned, {"tax": "227.99", "gross": "1427.99", "taxes": taxes})
    return money_of_run(
        planned=[planned, invoice("JPY")],
        invoiced=[(planned, posted)],
        held=[Held((Problem("buyer_missing", "", ""),), KEY, "EUR", -planned.net)],
    ).model_dump(mode="json")


def test_a_run_s_page_shows_its_money(store, viewer, money):
    store.run("billed", money=money)
    page = viewer.get("/interlock/runs/lead_to_customer/billed").text
    text = page.replace("<bdi>", "").replace("</bdi>", "")
    for words in (
        "<td>invoiced</td><td></td><td>EUR</td>", ">1200.00</td>", ">227.99</td>", ">1427.99</td>", "<td>JPY</td>", ">1428</td>",
        "<td>held back</td><td>buyer_missing</td>", "not known", ">-1200.00</td>", "<td>rounded by the ERP</td>", ">-0.01</td>",
        "<td>2026</td><td>2026-01-01</td><td>2026-12-31</td>", ">600.00</td>",
    ):  # fmt: skip
        assert words in text
    assert page.count("fiscal year</h2>") + page.count("Invoiced by fiscal year") == 1


def test_a_run_without_money_says_nothing_of_it(store, viewer):
    store.run("customers")
    assert "<h2>Money</h2>" not in viewer.get("/interlock/runs/lead_to_customer/customers").text


def test_hostile_text_in_money_stays_text(store, viewer):
    row = {"currency": HOSTILE, "net": "1", "tax": "0", "reason": HOSTILE, "category": HOSTILE, "rate": "19"}
    year = {"first_day": "2026-01-01", "last_day": "2026-12-31", "currency": HOSTILE, "net": "1"}
    part = {"rows": [row], "sums": [{"currency": HOSTILE, "net": "1", "tax": "0", "invoices": 1}]}
    store.run("hostile", money={"held": part, "fiscal_years": [year]})
    page = Elements(viewer.get("/interlock/runs/lead_to_customer/hostile").text)
    assert page.tags.count("script") == 1
    assert not {"img", "iframe", "object", "style", "base"} & set(page.tags)
    assert [a for a in page.attributes if a[1].startswith("on")] == []
    assert sum("<script>" in data for data in page.data) == 5


def test_the_command_prints_the_same_figures(store, money, monkeypatch, capsys):
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": store.url}))
    monkeypatch.setattr(commands.console, "width", 200)
    batch = store.run("billed", money=money)
    about = {"process": "renewal_to_invoice", "run_id": "billed", "dry_run": False}
    store.sql("UPDATE interlock.run_report SET body = body || %s WHERE batch_id = %s", [Jsonb(about), batch])
    assert cli.main(["report", "billed"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["planned", "EUR", "S", "19", "%", "1200.00", "228.00", "1428.00"] in lines
    assert ["planned", "1", "invoice", "JPY", "all", "1200", "228", "1428"] in lines
    assert ["held", "buyer_missing", "EUR", "not", "known", "-1200.00", "0.00", "-1200.00"] in lines
    assert ["rounding", "EUR", "S", "19", "%", "0.00", "-0.01", "-0.01"] in lines
    assert ["fiscal", "year", "2027", "invoiced,", "by", "service", "days", "EUR", "600.00"] in lines
