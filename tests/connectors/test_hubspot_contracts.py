"""Service contracts read from the sandbox CRM with their lines and companies, and written back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.config import CrmSettings
from interlock.config.contracts import WRITTEN
from interlock.connectors.hubspot import reading
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown, Write
from interlock.domain.contract import Contract
from interlock.errors import ConfigurationError, LoginRefused, SystemUnavailable
from interlock.http import Throttle
from interlock_sandbox.demo.seed import Crm
from tests.connectors.contract import NO_RECORD, NUMBERS, Door, kinds
from tests.connectors.test_hubspot import hubspot

NAMES, LINE_NAMES = CrmSettings().contract_properties, CrmSettings().contract_line_properties
SAID = {
    "number": "SC-7/a", "status": "active", "customer_kind": "business", "public_buyer": "true", "start": "2026-01-31",
    "initial_term": "12", "renewal_mode": "fixed", "renewal_term": "6", "renewed_through": "2027-07-30", "renewed_by": "b.sommer",
    "notice_value": "3", "notice_unit": "month", "cancellation_received_on": "2026-04-01",
    "cancellation_effective_on": "2026-12-31", "cancellation_kind": "by_agreement", "interval": "half_year",
    "billed": "arrears", "currency": "EUR", "uplift": "percent",
    "uplift_percent": "2.50", "uplift_from": "2027-01-31", "uplift_agreed": "true", "buyer_reference": "04011000-12345-34",
    "contract_reference": "V 12", "purchase_order": "PO 9", "billed_through": "2026-03-31",
}  # fmt: skip
LINE = {
    "product": "MNT", "description": "Wartung", "unit": "u", "quantity": "2", "unit_price": "149.50", "discount": "10",
    "tax_class": "standard", "supply": "service", "recurrence": "recurring", "usage": "false", "valid_from": "2026-01-31",
    "valid_to": "2026-06-30", "new_unit_price": "155", "new_price_from": "2027-01-31",
}  # fmt: skip
BACK = {
    "term_number": "2", "term_from": "2027-01-31", "term_to": "2027-07-30", "next_billing_on": "2027-02-01",
    "invoice_number": "RE2026-00001", "invoice_date": "2026-08-01", "invoice_due": "2026-08-31", "invoice_from": "2026-01-31",
    "invoice_to": "2026-07-30", "invoice_net": "299", "invoice_tax": "56.81", "invoice_gross": "355.81",
    "invoice_state": "posted", "sync_state": "ok", "synced_at": "2026-08-01T02:00:00+00:00",
}  # fmt: skip


class Hands:
    """Acts in the CRM as people do."""

    def __init__(self, crm):
        self.crm = Crm(crm.url, crm.token)

    def account(self, name="A"):
        return self.crm.create("companies", [{"properties": {"name": name}}])[0]

    def line(self, contract, **values):
        names = {LINE_NAMES.get(field, field): value for field, value in (LINE | values).items()}
        (line,) = self.crm.create("line_items", [{"properties": names}])
        self.link(contract, "line_items", line)
        return line

    def contract(self, *accounts, lines=(), **values):
        properties = {NAMES[field]: value for field, value in (SAID | values).items()}
        (contract,) = self.crm.create("service_contracts", [{"properties": properties}])
        for account in accounts:
            self.link(contract, "companies", account)
        for line in lines:
            self.line(contract, **line)
        return contract

    def link(self, contract, place, other, method="PUT"):
        default = "default/" if method == "PUT" else ""
        self.crm.call(method, f"/crm/v4/objects/service_contracts/{contract}/associations/{default}{place}/{other}")

    def edit(self, kind, record, **properties):
        self.crm.call("PATCH", f"/crm/v3/objects/{kind}/{record}", {"properties": properties})


@pytest.fixture
def people(crm):
    return Hands(crm)


@pytest.fixture(params=["v3", "2026-03"])
def system(crm, request):
    return hubspot(crm, api_version=request.param)


@pytest.fixture
def incremental(crm):
    return hubspot(crm, contract_links="full_run")


def one(system, contract):
    return system.read("contract", [contract])[contract]


def read(pages):
    return {record.ref.id: record for page in pages for record in page.records}


def test_a_contract_reads_as_one_record_that_the_model_takes(system, people):
    account = people.account()
    contract = people.contract(account, lines=[{}, {"product": "USE", "usage": "true", "quantity": ""}])
    record = one(system, contract)
    assert (record.problems, record.parent) == ((), system.ref("account", account))
    said = Contract.model_validate(record.values)
    assert said.model_dump(mode="json").items() <= record.values.items()
    assert (said.number, said.start.isoformat(), said.initial_term, said.interval) == ("SC-7/a", "2026-01-31", 12, "half_year")
    assert (said.account, said.uplift_agreed, str(said.uplift_percent)) == (account, True, "2.5")
    assert [(line.product, line.quantity, line.usage) for line in said.lines] == [("MNT", 2, False), ("USE", None, True)]
    assert record.values["lines"][0]["unit_price"] == "149.5"
    assert set(WRITTEN) <= record.values.keys()


@pytest.mark.parametrize("field", SAID)
def test_every_field_that_is_empty_is_read_as_not_known(system, people, field):
    record = one(system, people.contract(people.account(), **{field: ""}))
    assert record.values[field] == Contract().model_dump(mode="json")[field]
    missing = [(p.code, p.field) for p in record.problems]
    assert missing == ([("contract_field_missing", field)] if field in {"interval", "currency"} else [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interval", "weekly"),
        ("renewal_mode", "maybe"),
        ("initial_term", "-1"),
        ("initial_term", "1.5"),
        ("customer_kind", "gmbh"),
    ],
)
def test_a_field_that_is_unfit_is_named_and_the_rest_is_read(system, people, field, value):
    record = one(system, people.contract(people.account(), lines=[{}], **{field: value}))
    unfit = [p for p in record.problems if p.code == "contract_field_unfit"]
    assert [(p.field, p.detail) for p in unfit] == [(field, value)]
    assert value not in unfit[0].message
    assert record.values["number"] == SAID["number"]
    assert len(record.values["lines"]) == 1


def test_a_line_that_is_unfit_is_named_and_the_others_are_read(system, people):
    account = people.account()
    contract = people.contract(account, lines=[{}])
    bad = people.line(contract, discount="120", supply="air")
    record = one(system, contract)
    assert [(p.code, f"of line {bad}" in p.message) for p in record.problems] == [("contract_line_unfit", True)] * 2
    assert [line["id"] for line in record.values["lines"]][-1] == bad
    assert record.values["lines"][0]["discount"] == "10"


def test_a_discount_as_an_amount_is_never_left_out_unseen(system, people):
    contract = people.contract(people.account(), lines=[{}])
    people.crm.call("PATCH", f"/crm/v3/objects/line_items/{people.line(contract)}", {"properties": {"discount": "5"}})
    assert [p.code for p in one(system, contract).problems] == ["contract_line_discount"]
    free = people.contract(people.account())
    people.crm.call("PATCH", f"/crm/v3/objects/line_items/{people.line(free)}", {"properties": {"discount": "0.00"}})
    assert one(system, free).problems == ()


@pytest.mark.parametrize(("count", "code"), [(0, "contract_without_account"), (2, "contract_several_accounts")])
def test_it_is_told_whom_a_contract_serves_only_where_that_is_certain(system, people, count, code):
    contract = people.contract(*[people.account() for _ in range(count)])
    assert [p.code for p in one(system, contract).problems] == [code]


@pytest.mark.parametrize("mode", ["system", "incremental"])
def test_a_changed_line_and_a_new_one_change_the_contract(request, people, mode):
    system = request.getfixturevalue(mode) if mode == "incremental" else hubspot(people.crm)
    contract = people.contract(people.account(), lines=[{}])
    before = one(system, contract)
    since = datetime.now(UTC)
    people.edit("line_items", before.values["lines"][0]["id"], price="200")
    added = people.line(contract)
    after = read(system.changed("contract", since))[contract]
    assert after.revision != before.revision
    assert [line["unit_price"] for line in after.values["lines"]] == ["200", "149.5"]
    assert after.values["lines"][1]["id"] == added
    assert after.modified_at == before.modified_at


def test_a_line_or_company_that_was_taken_off_is_seen(system, people):
    first, second = people.account(), people.account()
    contract = people.contract(first, lines=[{}, {}])
    before = one(system, contract)
    gone, kept = (line["id"] for line in before.values["lines"])
    people.crm.call("DELETE", f"/crm/v3/objects/line_items/{gone}")
    people.link(contract, "companies", first, "DELETE")
    people.link(contract, "companies", second)
    after = read(system.changed("contract", datetime.now(UTC)))[contract]
    assert ([line["id"] for line in after.values["lines"]], after.values["account"]) == ([kept], second)
    assert after.modified_at == before.modified_at


def test_only_what_changed_is_read_where_links_wait_for_a_full_run(incremental, people):
    old, new = people.contract(people.account(), lines=[{}]), people.contract(people.account(), lines=[{}])
    since = one(incremental, new).modified_at + timedelta(milliseconds=1)
    people.edit("service_contracts", old, number="SC-8")
    pages = list(incremental.changed("contract", since))
    assert read(pages)[old].values["number"] == "SC-8"
    assert {page.watermark for page in pages[:-1]} <= {None}
    assert list(incremental.changed("contract", datetime.now(UTC) + timedelta(hours=1))) == []


def test_a_watermark_never_passes_what_both_searches_have_read(incremental, people, monkeypatch):
    """A line that changes while contracts are searched may be newer than a contract that the search had passed already."""
    contract = people.contract(people.account(), lines=[{}])
    since, begun = one(incremental, contract).modified_at, incremental.instance().now
    pages = list(incremental.changed("contract", since))
    assert all(page.watermark is None or page.watermark <= begun + timedelta(seconds=1) for page in pages)
    later = hubspot(people.crm, contract_links="full_run")
    later.instance()
    monkeypatch.setattr(type(later._api), "server_time", since - timedelta(days=1))
    assert [page.watermark for page in later.changed("contract", since)][-1] is None


def test_no_contract_is_lost_over_pages(system, people, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 10)
    monkeypatch.setattr("interlock.connectors.hubspot.contracts.PAGE", 10)
    monkeypatch.setattr(reading, "SEARCH_PAGE", 10)
    monkeypatch.setattr(Throttle, "wait", lambda _: None)
    account = people.account()
    made = [people.contract(account, lines=[{}] * (n % 3)) for n in range(12)]
    listed = [record.ref.id for page in system.changed("contract", None) for record in page.records]
    assert len(listed) == len(set(listed))
    assert set(made) <= set(listed)
    found = system.read("contract", [*made, NO_RECORD])
    assert [len(found[contract].values["lines"]) for contract in made] == [n % 3 for n in range(12)]
    assert {record.ref.id for record in system.children("contract", [system.ref("account", account)])} == set(made)


# -- writing back


def back(record, **values):
    return Write(f"u{next(NUMBERS)}", "update", "contract", values, record.ref, None, record.ref, record)


def test_what_is_written_back_reads_as_it_was_written(system, people):
    contract = people.contract(people.account())
    before = one(system, contract)
    assert kinds(system.write([(write := back(before, **BACK))])) == {write.key: Done}
    after = one(system, contract)
    assert {name: after.values[name] for name in BACK} == BACK
    assert {name for name in after.values if after.values[name] != before.values[name]} == set(BACK)
    assert isinstance(system.write([back(after, next_billing_on="", invoice_net=None)])[0], Done)
    emptied = one(system, contract).values
    assert (emptied["next_billing_on"], emptied["invoice_net"], emptied["invoice_tax"]) == ("", "", "56.81")


def test_what_people_say_of_a_contract_is_never_written(system, people):
    record = one(system, people.contract(people.account()))
    writes = [back(record, **{field: "x"}) for field in itertools.chain(SAID, ["lines", "account", "colour"])]
    writes += [replace(back(record, **BACK), ref=None), replace(back(record, **BACK), operation="create")]
    outcomes = [outcome for write in writes for outcome in system.write([write])]
    assert {type(outcome) for outcome in outcomes} == {Rejected}
    assert [outcome.code for outcome in outcomes[-2:]] == ["no_record", "unknown_write"]
    assert {outcome.code for outcome in outcomes[:-2]} == {"unknown_field"}
    assert one(system, record.ref.id).values == record.values


def test_a_refused_value_stops_no_other_contract(system, people):
    first, second = (one(system, people.contract(people.account())) for _ in range(2))
    bad, good = back(first, invoice_net="much"), back(second, **BACK)
    outcomes = {outcome.key: outcome for outcome in system.write([bad, good])}
    assert (type(outcomes[bad.key]), type(outcomes[good.key])) == (Rejected, Done)
    gone = replace(back(first, **BACK), ref=system.ref("contract", NO_RECORD))
    (lost,) = system.write([gone])
    assert isinstance(lost, Rejected | Conflict)


@pytest.mark.parametrize(("fault", "outcome"), [(SystemUnavailable("x", sent=False), NotSent), (SystemUnavailable("x"), Unknown)])
def test_a_lost_answer_is_never_sent_again_by_itself(system, people, monkeypatch, fault, outcome):
    write = back(one(system, people.contract(people.account())), **BACK)
    door = Door(system._api._http.call, fault=fault, reach=outcome is Unknown)
    with monkeypatch.context() as patch:
        patch.setattr(system._api._http, "call", door)
        assert kinds(system.write([write])) == {write.key: outcome}
    assert door.writes == 1
    assert one(system, write.ref.id).values["invoice_number"] == (BACK["invoice_number"] if outcome is Unknown else "")


# -- what must be there


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"contract_object": "nothing"}, "no custom object nothing"),
        ({"contract_object": ""}, "crm.contract_object is empty"),
        ({"contract": {"start": "begin"}}, r"crm\.contract: missing or of another type: begin \(for start\)"),
        ({"contract": {"start": "erp_payment_state"}}, r"erp_payment_state \(for start\)"),
        ({"contract_line": {"unit_price": "description"}}, r"crm\.contract_line: .*description \(for unit_price\)"),
    ],
)
def test_a_run_names_what_is_missing_rather_than_read_it_as_empty(crm, settings, words):
    with pytest.raises(ConfigurationError, match=words):
        next(hubspot(crm, **settings).changed("contract", None))


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"contract_object": "nothing"}, ("crm contracts", "warning")),
        ({"contract": {"start": "begin"}}, ("crm contract properties", "error")),
        ({"contract_line": {"unit_price": "description"}}, ("crm contract line properties", "error")),
        ({"contract_object": ""}, None),
        ({}, None),
    ],
)
def test_doctor_names_what_is_missing(crm, settings, found):
    unwell = [(check.name, check.level) for check in hubspot(crm, **settings).checks() if check.level != "ok"]
    assert unwell == ([found] if found else [])


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/crm-object-schemas/v3/schemas", "crm.schemas.custom.read"),
        ("GET", "/crm/v3/objects/2-1", "crm.objects.custom.read"),
        ("POST", "/crm/v3/objects/2-1/batch/update", "crm.objects.custom.write"),
        ("GET", "/crm/v3/objects/line_items", "crm.objects.line_items.read"),
        ("GET", "/crm/v3/properties/2-1", "crm.schemas.custom.read"),
        ("GET", "/crm/v3/properties/line_items", "crm.schemas.line_items.read"),
    ],
)  # fmt: skip
def test_doctor_names_the_scope_that_is_missing(crm, monkeypatch, method, path, scope):
    system = hubspot(crm)
    real = system._api._http.call

    def call(verb, where, **rest):
        if (verb, where) == (method, path):
            raise LoginRefused("x")
        return real(verb, where, **rest)

    monkeypatch.setattr(system._api._http, "call", call)
    assert [scope in check.cure for check in system.checks() if check.level != "ok"] == [True]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"contract": {"colour": "x"}}, "unknown field colour"),
        ({"contract": {"start": ""}}, "start needs the name of a property"),
        ({"contract": {"invoice_net": ""}}, "invoice_net needs the name of a property"),
        ({"contract": {"start": "number"}}, "number stands for two fields"),
        ({"contract_line": {"quantity": "price"}}, "price stands for two fields"),
        ({"contract_object": "Service Contracts"}, "pattern"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        CrmSettings(**settings)


def test_a_field_that_the_crm_has_not_is_left_out():
    settings = CrmSettings(contract={"purchase_order": "", "start": "begin"}, contract_line={"unit": ""})
    assert "purchase_order" not in settings.contract_properties
    assert settings.contract_properties["start"] == "begin"
    assert "unit" not in settings.contract_line_properties
