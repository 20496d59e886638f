"""What an account owes and how a contract is paid, kept in HubSpot apart from the account and the contract themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.config import CrmSettings, parse
from interlock.config.balances import ACCOUNT_BALANCE, BALANCE, CONTRACT_PAYMENT
from interlock.connectors.hubspot import reading
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown, Write
from interlock.errors import ConfigurationError, LoginRefused, SystemUnavailable
from interlock.http import Throttle
from tests.connectors.contract import NO_RECORD, NUMBERS, Door, kinds
from tests.connectors.test_hubspot import hubspot
from tests.connectors.test_hubspot_contracts import NAMES, Hands
from tests.connectors.test_hubspot_setup import not_there, states

OWED = {
    "open": "1190", "overdue": "595.5", "oldest_due": "2026-02-28", "last_payment_on": "2026-03-02", "last_payment": "357",
    "unallocated": "-0.01", "credit_hold": "true", "other_currencies": "CHF 100.00 open, 0.00 overdue",
}  # fmt: skip
PAID = {
    "payment_status": "returned", "open": "119", "overdue": "119", "oldest_due": "2026-01-31", "returned_on": "2026-02-10",
    "return_reason": "AC04 account closed", "invoices": "RE-1: open 119.00, due 2026-01-31\nRE-2: paid 2026-02-01",
}  # fmt: skip
WRITTEN = {"account_balance": OWED, "contract_payment": PAID}
OTHER = {
    "account_balance": {name: "2026-12-24" if ACCOUNT_BALANCE[name].holds == "date" else "7" for name in OWED},
    "contract_payment": {name: "2026-12-24" if CONTRACT_PAYMENT[name].holds == "date" else "7" for name in PAID},
}
OTHER["account_balance"] |= {"credit_hold": "false"}
OTHER["contract_payment"] |= {"payment_status": "none", "invoices": "RE-3"}
WHOLE = {"account_balance": "account", "contract_payment": "contract"}
PLACES = {"account_balance": "companies", "contract_payment": "service_contracts"}


@pytest.fixture
def people(crm):
    return Hands(crm)


@pytest.fixture(params=["v3", "2026-03"])
def system(crm, request):
    return hubspot(crm, api_version=request.param, balances=True)


@pytest.fixture(params=list(WRITTEN))
def kind(request):
    return request.param


def made(people, kind):
    account = people.account()
    return account if kind == "account_balance" else people.contract(account)


def one(system, kind, record_id):
    return system.read(kind, [record_id])[record_id]


def update(record, **values):
    return Write(f"u{next(NUMBERS)}", "update", record.ref.kind, values, record.ref, None, record.ref, record)


def read(pages):
    return {record.ref.id: record for page in pages for record in page.records}


def written(record):
    return {name: record.values[name] for name in WRITTEN[record.ref.kind]}


# -- reading


def test_a_balance_belongs_to_the_account_of_the_same_id(system, people):
    owner = people.crm.call("POST", "/sandbox/owners", {"email": f"b{next(NUMBERS)}@example.de", "firstName": "Olga"})["id"]
    account = people.account("Käse & Söhne")
    people.edit("companies", account, hubspot_owner_id=owner)
    record = one(system, "account_balance", account)
    assert (record.ref, record.parent) == (system.ref("account_balance", account), system.ref("account", account))
    assert record.values == {**dict.fromkeys(OWED, ""), "owner": owner, "name": "Käse & Söhne"}
    assert record.problems == ()


def test_a_payment_belongs_to_the_account_that_the_contract_serves(system, people):
    account, payer = people.account(), people.account()
    contract = people.contract(account, invoice_account=payer)
    record = one(system, "contract_payment", contract)
    assert record.parent == system.ref("account", account) == one(system, "contract", contract).parent
    named = {"number": "SC-7/a", "account": account, "invoice_account": payer}
    assert record.values == {**dict.fromkeys(PAID, ""), **named}
    people.link(contract, "companies", account, "DELETE")
    homeless = one(system, "contract_payment", contract)
    assert (homeless.parent, homeless.values["account"]) == (None, "")


def test_facets_of_an_account_are_its_children(system, people):
    account, other = people.account(), people.account()
    contract = people.contract(account)
    parents = [system.ref("account", account), system.ref("account", other)]
    assert {r.ref.id for r in system.children("account_balance", parents)} == {account, other}
    assert {r.ref.id for r in system.children("contract_payment", parents)} == {contract}


def test_no_record_is_lost_over_pages_and_absent_ids_are_absent(system, people, kind, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 10)
    monkeypatch.setattr(reading, "SEARCH_PAGE", 10)
    monkeypatch.setattr(Throttle, "wait", lambda _: None)
    ids = [made(people, kind) for _ in range(12)]
    since = one(system, kind, ids[0]).modified_at
    for start in (None, since):
        pages = list(system.changed(kind, start))
        listed = [record.ref.id for page in pages for record in page.records]
        assert len(listed) == len(set(listed))
        assert set(ids) <= set(listed)
        assert pages[-1].watermark is not None
    assert set(system.read(kind, [*ids, NO_RECORD, "x1", ""])) == set(ids)


def test_changes_come_oldest_first_from_the_watermark_on(crm, people, kind):
    system = hubspot(crm, balances=True, contract_links="full_run")
    old, new = made(people, kind), made(people, kind)
    since = one(system, kind, new).modified_at + timedelta(milliseconds=1)
    system.write([update(one(system, kind, old), **WRITTEN[kind])])
    pages = list(system.changed(kind, since))
    assert written(read(pages)[old]) == WRITTEN[kind]
    assert new not in read(pages)
    assert not list(system.changed(kind, datetime.now(UTC) + timedelta(hours=1)))


def test_merged_ids_lead_to_the_survivor(system, people):
    gone, kept = people.account(), people.account()
    system.write([update(one(system, "account_balance", gone), **OWED)])
    people.crm.call("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": kept, "objectIdToMerge": gone})
    found = one(system, "account_balance", gone)
    assert (found.ref.id, found.parent) == (kept, system.ref("account", kept))
    assert gone in found.merged_from


# -- writing


def test_what_is_written_reads_as_it_was_written_and_is_no_news_of_the_whole(system, people, kind):
    record_id = made(people, kind)
    before, whole = one(system, kind, record_id), one(system, WHOLE[kind], record_id)
    (outcome,) = system.write([write := update(before, **WRITTEN[kind])])
    assert outcome == Done(write.key, before.ref, WRITTEN[kind])
    after = one(system, kind, record_id)
    assert written(after) == WRITTEN[kind]
    assert after.revision != before.revision
    assert {name for name in after.values if after.values[name] != before.values[name]} == set(WRITTEN[kind])
    still = one(system, WHOLE[kind], record_id)
    assert still.revision == whole.revision
    assert still.modified_at > whole.modified_at


def test_each_field_is_emptied_and_changed_alone(system, people, kind):
    names = list(WRITTEN[kind])
    ids = dict(zip(names, (made(people, kind) for _ in names), strict=True))
    for wanted in (WRITTEN[kind], dict.fromkeys(names, ""), OTHER[kind]):
        records = system.read(kind, list(ids.values()))
        if wanted is WRITTEN[kind]:
            writes = [update(records[i], **wanted) for i in ids.values()]
        else:
            writes = [update(records[ids[name]], **{name: wanted[name]}) for name in names]
        assert kinds(system.write(writes)) == {write.key: Done for write in writes}
        after = system.read(kind, list(ids.values()))
        for name, record_id in ids.items():
            rest = {} if wanted is WRITTEN[kind] else {name: wanted[name]}
            assert written(after[record_id]) == WRITTEN[kind] | rest


def test_values_read_in_one_canonical_form(system, people):
    account = people.account()
    given = {"open": "01190.50", "credit_hold": True, "oldest_due": "2026-02-28T00:00:00Z", "last_payment": None}
    assert isinstance(system.write([update(one(system, "account_balance", account), **given)])[0], Done)
    found = one(system, "account_balance", account).values
    assert [found[name] for name in given] == ["1190.5", "true", "2026-02-28", ""]


def test_a_batch_of_a_hundred_is_one_call(system, people, monkeypatch):
    ids = people.crm.create("companies", [{"properties": {"name": f"N{n}"}} for n in range(100)])
    writes = [update(record, open=str(n)) for n, record in enumerate(system.read("account_balance", ids).values())]
    door = Door(system._api._http.call)
    monkeypatch.setattr(system._api._http, "call", door)
    assert set(kinds(system.write(writes)).values()) == {Done}
    assert (door.writes, system.traits("account_balance").batch) == (1, 100)


def test_what_is_only_read_is_never_written(system, people, kind):
    record = one(system, kind, made(people, kind))
    only_read = set(record.values) - set(WRITTEN[kind])
    assert only_read >= ({"owner", "name"} if kind == "account_balance" else {"number", "account", "invoice_account"})
    writes = [update(record, **{field: "x"}) for field in (*only_read, "colour")]
    writes += [replace(update(record, open="1"), ref=None), replace(update(record, open="1"), operation="create")]
    codes = [outcome.code for write in writes for outcome in system.write([write])]
    assert codes == ["unknown_field"] * (len(only_read) + 1) + ["no_record", "unknown_write"]
    assert one(system, kind, record.ref.id).values == record.values


@pytest.mark.parametrize(
    ("kind", "field", "code"),
    [
        ("account_balance", "open", "account_refused"),
        ("account_balance", "oldest_due", "account_refused"),
        ("account_balance", "credit_hold", "account_refused"),
        ("contract_payment", "payment_status", "contract_refused"),
        ("contract_payment", "overdue", "contract_refused"),
    ],
)
def test_a_refused_value_stops_no_other(system, people, kind, field, code):
    first, second = (one(system, kind, made(people, kind)) for _ in range(2))
    bad, good = update(first, **{field: "much"}), update(second, **WRITTEN[kind])
    outcomes = {outcome.key: outcome for outcome in system.write([bad, good])}
    assert (type(outcomes[bad.key]), type(outcomes[good.key])) == (Rejected, Done)
    gone, there = replace(update(first), ref=system.ref(kind, NO_RECORD), values={"open": "1"}), update(second, open="1")
    outcomes = {outcome.key: outcome for outcome in system.write([gone, there])}
    assert isinstance(outcomes[gone.key], Rejected | Conflict)
    assert (outcomes[gone.key].code, type(outcomes[there.key])) == (code, Done)


@pytest.mark.parametrize(("fault", "outcome"), [(SystemUnavailable("x", sent=False), NotSent), (SystemUnavailable("x"), Unknown)])
def test_a_lost_answer_is_never_sent_again_by_itself(system, people, kind, monkeypatch, fault, outcome):
    record = one(system, kind, made(people, kind))
    write = update(record, **WRITTEN[kind])
    door = Door(system._api._http.call, fault=fault, reach=outcome is Unknown)
    with monkeypatch.context() as patch:
        patch.setattr(system._api._http, "call", door)
        assert kinds(system.write([write])) == {write.key: outcome}
    assert door.writes == 1
    assert one(system, kind, record.ref.id).values["open"] == (WRITTEN[kind]["open"] if outcome is Unknown else "")


# -- what must be there


def test_who_keeps_no_balances_is_told_how_to(crm, kind):
    system = hubspot(crm)
    for look in (lambda: system.read(kind, ["1"]), lambda: system.changed(kind, None), lambda: list(system.children(kind, []))):
        with pytest.raises(ConfigurationError, match=r"crm\.balances is false.*set it to true, then `interlock setup hubspot"):
            look()
    assert not [check for check in system.checks() if "balance" in check.name or "payment" in check.name]


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (
            "account_balance",
            {"account_balance": {"open": "owed"}},
            r"crm\.account_balance: .*owed \(for open\); `interlock setup",
        ),
        ("account_balance", {"account_balance": {"owner": "keeper"}}, r"keeper \(for owner\)"),
        ("account_balance", {"account_balance": {"oldest_due": "industry"}}, r"industry \(for oldest_due\)"),
        ("contract_payment", {"contract_payment": {"invoices": "bills"}}, r"crm\.contract_payment: .*bills \(for invoices\)"),
        ("contract_payment", {"contract_payment": {"payment_status": "erp_payment_open"}}, r"for payment_status|two fields"),
        ("contract_payment", {"contract_object": ""}, "crm.contract_object is empty"),
    ],
)
def test_a_run_names_what_is_missing_rather_than_read_it_as_empty(crm, kind, settings, words):
    with pytest.raises((ConfigurationError, ValueError), match=words):
        hubspot(crm, balances=True, **settings).read(kind, ["1"])


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"account_balance": {"open": "owed"}}, ("crm account balance properties", "error")),
        ({"contract_payment": {"invoices": "bills"}}, ("crm contract payment properties", "error")),
        ({"contract_object": ""}, None),
        ({}, None),
    ],
)
def test_doctor_names_what_is_missing_where_balances_are_kept(crm, settings, found):
    unwell = [(check.name, check.level) for check in hubspot(crm, balances=True, **settings).checks() if check.level != "ok"]
    assert unwell == ([found] if found else [])
    assert not [check for check in hubspot(crm, **settings).checks() if check.level != "ok"]


@pytest.mark.parametrize(("place", "scope"), [("companies", "crm.schemas.companies.read"), ("2-1", "crm.schemas.custom.read")])
def test_doctor_names_the_scope_that_is_missing(crm, monkeypatch, place, scope):
    system = hubspot(crm, balances=True)
    real = system._api._http.call

    def call(verb, where, **rest):
        if verb == "GET" and where == f"/crm/v3/properties/{place}":
            raise LoginRefused("x")
        return real(verb, where, **rest)

    monkeypatch.setattr(system._api._http, "call", call)
    unwell = {check.name: check.cure for check in system.checks() if check.level != "ok"}
    name = f"crm {'account balance' if place == 'companies' else 'contract payment'} properties"
    assert scope in unwell[name]


# -- setup


def own_names(mark):
    return {
        "account_balance": {field: f"b{mark}_{field}" for field in BALANCE},
        "contract_payment": {field: f"p{mark}_{field}" for field in CONTRACT_PAYMENT},
    }


def test_setup_makes_what_balances_need_once(crm, people):
    names = own_names(next(NUMBERS))
    assert not_there(hubspot(crm, **names).survey()) == {}
    system = hubspot(crm, balances=True, **names)
    missing = not_there(system.survey())
    assert missing == dict.fromkeys(
        [(PLACES[kind], "property", name) for kind, fields in names.items() for name in fields.values()], "missing"
    )
    assert states(system.make_missing()) == dict.fromkeys(missing, "made")
    assert not_there(system.survey()) == {}
    assert list(system.make_missing()) == []
    rows = {
        field: people.crm.call("GET", f"/crm/v3/properties/{PLACES[kind]}/{name}")
        for kind, fields in names.items()
        for field, name in fields.items()
    }
    types = {field: (row["type"], row["fieldType"]) for field, row in rows.items()}
    assert (types["credit_hold"], types["invoices"]) == (("bool", "booleancheckbox"), ("string", "textarea"))
    assert [option["value"] for option in rows["payment_status"]["options"]] == list(CONTRACT_PAYMENT["payment_status"].values)
    for kind in names:
        record = one(system, kind, made(people, kind))
        assert isinstance(system.write([update(record, **WRITTEN[kind])])[0], Done)
        assert written(one(system, kind, record.ref.id)) == WRITTEN[kind]


def test_setup_makes_payments_with_a_new_object_of_contracts(crm):
    name = f"agreements_{next(NUMBERS)}s"
    system = hubspot(crm, balances=True, contract_object=name)
    made_now = states(system.make_missing())
    assert made_now[name, "property", "erp_payment_status"] == "made"
    assert not_there(system.survey()) == {}
    assert [check for check in system.checks() if check.level != "ok"] == []


@pytest.mark.parametrize(
    ("of", "options", "state", "words"),
    [
        ("string", None, "there", ""),
        ("enumeration", ["open", "paid"], "differs", "has no option returned, overdue, partly_paid, overpaid, credited, none"),
        ("enumeration", [*CONTRACT_PAYMENT["payment_status"].values, "extra"], "there", ""),
        ("number", None, "differs", "holds number, payment_status needs enumeration; map another"),
    ],
)
def test_a_status_of_ones_own_is_a_text_or_has_all_options(crm, people, of, options, state, words):
    name = f"status_{next(NUMBERS)}"
    field = {"string": "text", "enumeration": "select", "number": "number"}[of]
    body = {"name": name, "label": "S", "type": of, "fieldType": field}
    if options:
        body["options"] = [{"label": word, "value": word} for word in options]
    people.crm.call("POST", "/crm/v3/properties/service_contracts", body)
    system = hubspot(crm, balances=True, contract_payment={"payment_status": name})
    (need,) = [need for need in system.survey() if need.name == name]
    assert need.state == state
    assert words in need.message
    assert (not [check for check in system.checks() if check.level != "ok"]) is (state == "there")


# -- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"account_balance": {"colour": "x"}}, "unknown field colour"),
        ({"account_balance": {"open": ""}}, "open needs the name of a property"),
        ({"account_balance": {"open": "erp_overdue_amount"}}, "erp_overdue_amount stands for two fields"),
        ({"contract_payment": {"number": "x"}}, "unknown field number"),
        ({"contract_payment": {"invoices": ""}}, "invoices needs the name of a property"),
        ({"balances": True, "account_balance": {"open": "vat_id"}}, "vat_id stands in two tables"),
        ({"balances": True, "contract_payment": {"open": NAMES["invoice_gross"]}}, "erp_invoice_gross stands in two tables"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        CrmSettings(**settings)


def test_an_owner_may_be_left_out(crm, people):
    settings = {"account_balance": {"owner": ""}, "balances": True}
    assert "owner" not in CrmSettings(**settings).account_balance_properties
    assert one(hubspot(crm, **settings), "account_balance", people.account()).values["owner"] == ""


def test_only_who_keeps_balances_reads_anew_and_nobody_decides_anew():
    usual, *others = (
        parse(f"[lead_to_customer]\ngo_live = 2026-01-01\n[crm]\n{more}")
        for more in (
            "",
            'account_balance = {open = "owed"}',
            "balances = true",
            'balances = true\naccount_balance = {open = "owed"}',
        )
    )
    assert [other.reading == usual.reading for other in others] == [True, False, False]
    assert others[1].reading != others[2].reading
    assert {(one_.leads_hash, one_.invoices_hash) for one_ in (usual, *others)} == {(usual.leads_hash, usual.invoices_hash)}
