"""The prepared Tryton is complete enough to invoice a customer, by the API user with its few rights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from interlock.config import Endpoint, HttpSettings
from interlock.connectors.tryton.api import Rpc
from interlock.errors import InterlockError
from interlock_sandbox.stack import erp
from interlock_sandbox.stack.processes import Processes


@pytest.fixture(scope="module")
def rpc(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    processes = Processes(folder)
    try:
        there = erp.start(cluster, processes, folder, "prepared")
        endpoint = Endpoint(url=there.url, login=there.login, password=there.password, database=there.database)
        yield Rpc(endpoint, HttpSettings(), "")
    finally:
        processes.stop_all()


def search(rpc, model, domain, *fields):
    return rpc.call(f"model.{model}.search_read", domain, 0, None, None, ["id", *fields], safe=True)


def one(rpc, model, domain, *fields):
    (row,) = search(rpc, model, domain, *fields)
    return row


def wire(value):
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    return {"__class__": "Decimal", "decimal": str(value)}


def amount(value):
    return Decimal(value["decimal"])


def test_the_books_are_german_in_euro_for_three_years(rpc):
    assert one(rpc, "company.company", [], "currency.code", "party.name")["currency."]["code"] == "EUR"
    assert one(rpc, "account.account", [["code", "=", "1.2.1"]], "name")["name"].startswith("Forderungen aus Lieferungen")
    this = datetime.now(UTC).date().year
    years = search(rpc, "account.fiscalyear", [], "name")
    assert sorted(row["name"] for row in years) == [str(this - 1), str(this), str(this + 1)]
    assert len(search(rpc, "account.period", [])) == 36
    rates = {row["name"]: amount(row["rate"]) for row in search(rpc, "account.tax", [], "name", "rate")}
    shares = {f"{percent} %": Decimal(percent) / 100 for percent in (19, 16, 7, 5)}
    assert rates == shares | dict.fromkeys(("AE", "K", "G", "O"), 0)
    assert one(rpc, "account.invoice.payment.method", [], "name")["name"] == "Bank transfer"
    assert one(rpc, "ir.lang", [["code", "=", "de"]], "translatable")["translatable"]


def test_the_api_user_posts_an_invoice_with_19_percent(rpc):
    germany = one(rpc, "country.country", [["code", "=", "DE"]])["id"]
    place = {"street": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": germany, "invoice": True}
    (party,) = rpc.call(
        "model.party.party.create", [{"name": "Käse & Söhne GmbH", "addresses": [["create", [place]]]}], safe=False
    )
    product = one(rpc, "product.product", [["template.name", "=", "Wartungsvertrag"]], "default_uom")
    line = {
        "type": "line", "product": product["id"], "unit": product["default_uom"], "quantity": 2.0,
        "unit_price": wire(Decimal("149.50")),
        "account": one(rpc, "account.account", [["code", "=", "4.2.2"]])["id"],
        "taxes": [["add", [one(rpc, "account.tax", [["name", "=", "19 %"]])["id"]]]],
    }  # fmt: skip
    today = datetime.now(UTC).date()
    invoice = {
        "type": "out", "party": party, "invoice_date": wire(today), "reference": "V-0001/2026-01-01",
        "invoice_address": one(rpc, "party.address", [["party", "=", party]])["id"],
        "account": one(rpc, "account.account", [["code", "=", "1.2.1"]])["id"],
        "journal": one(rpc, "account.journal", [["type", "=", "revenue"]])["id"],
        "payment_term": one(rpc, "account.invoice.payment_term", [["name", "=", "30 days"]])["id"],
        "lines": [["create", [line]]],
    }  # fmt: skip
    (made,) = rpc.call("model.account.invoice.create", [invoice], safe=False)
    rpc.call("model.account.invoice.post", [made], safe=False)

    fields = ("number", "state", "untaxed_amount", "tax_amount", "total_amount", "lines_to_pay")
    posted = one(rpc, "account.invoice", [["id", "=", made]], *fields)
    assert posted["state"] == "posted"
    assert posted["number"] == f"RE{today.year}-00001"
    assert [amount(posted[name]) for name in fields[2:5]] == [Decimal("299.00"), Decimal("56.81"), Decimal("355.81")]
    due = one(rpc, "account.move.line", [["id", "in", posted["lines_to_pay"]]], "maturity_date")["maturity_date"]
    assert date(due["year"], due["month"], due["day"]) == today + timedelta(days=30)


def test_the_api_user_administers_nothing(rpc):
    for call, row in {
        "model.res.user.create": {"name": "Intruder", "login": "intruder"},
        "model.account.tax.create": {"name": "Mine", "description": "Mine", "type": "percentage", "rate": wire(Decimal(0))},
    }.items():
        with pytest.raises(InterlockError):
            rpc.call(call, [row], safe=False)
    assert search(rpc, "res.user", [["login", "=", "intruder"]]) == []
