"""The HubSpot connector against the sandbox CRM."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from interlock.config import CrmSettings, CustomerSettings, Endpoint
from interlock.connectors.fields import moment
from interlock.connectors.hubspot import reading
from interlock.connectors.hubspot.client import HubSpot
from interlock.connectors.hubspot.objects import COMPANY, DEAL, milliseconds, note_html, note_key, note_text
from interlock.connectors.registry import connect
from interlock.domain.change import Unknown, Write
from interlock.domain.maps import ValueMaps
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, Refused
from interlock.http import Throttle
from interlock_sandbox.demo.seed import Crm
from tests.connectors.contract import NUMBERS, PARTY, SystemContract

NAMES = CrmSettings().account_properties


def hubspot(at, **settings):
    return connect("hubspot", Endpoint(url=at.url, token=at.token), CrmSettings(**settings), CustomerSettings())


class TestHubSpot(SystemContract):
    main = "account"

    @pytest.fixture(scope="class", params=["v3", "2026-03"])
    @classmethod
    def system(cls, crm, request):
        cls.crm, cls.sandbox = crm, Crm(crm.url, crm.token)
        return hubspot(crm, api_version=request.param)

    def another(self, system):
        return hubspot(self.crm)

    def http(self, system):
        return system._api._http

    def small_pages(self, monkeypatch):
        monkeypatch.setattr(reading, "PAGE", 10)
        monkeypatch.setattr(reading, "SEARCH_PAGE", 10)
        monkeypatch.setattr(Throttle, "wait", lambda _: None)  # more searches than its quota allows

    def made(self, system, *rows):
        return self.sandbox.create("companies", [{"properties": {NAMES[n]: v for n, v in row.items()}} for row in rows])

    def edit(self, system, record_id, field, value):
        self.sandbox.call("PATCH", f"/crm/v3/objects/companies/{record_id}", {"properties": {NAMES[field]: value}})

    def merge(self, system, survivor, gone):
        self.sandbox.call("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": survivor, "objectIdToMerge": gone})

    def creates(self, system, count):
        (account,) = self.made(system, PARTY)
        parent, values = system.ref("account", account), {"body": "a < b & c\nd", "time": "2026-03-01T10:00:00+00:00"}
        return [Write(f"note/{next(NUMBERS)}/{parent}", "create", "note", values, None, parent, parent) for _ in range(count)]

    def spoiled(self, system, write):
        return replace(write, values=write.values | {"time": "not a time"})

    def deal(self, *accounts, **properties):
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        row = {
            "properties": {"dealname": "D"} | properties,
            "associations": [{"to": {"id": a}, "types": [link]} for a in accounts],
        }
        return self.sandbox.create("deals", [row])[0]

    def test_a_note_reads_back_as_it_was_written(self, system):
        (write,) = writes = self.creates(system, 1)
        (done,) = system.write(writes)
        record = system.read("note", [done.ref.id])[done.ref.id]
        assert record.values == {**write.values, "key": write.key}
        assert record.parent == write.parent

    def test_a_key_within_a_key_is_not_mistaken(self, system):
        short, long = self.creates(system, 2)
        long = Write(short.key + "0", "create", "note", long.values, None, short.parent, short.subject)
        system.write([long])
        assert set(system.find([short, long])) == {long.key}

    def test_a_deal_is_won_while_it_stands_in_a_won_stage(self, system):
        account, other = self.made(system, PARTY, PARTY)
        won, open_ = self.deal(account, dealstage="closedwon"), self.deal(other, dealstage="qualifiedtobuy")
        deals = {r.ref.id: r for r in system.children("deal", [system.ref("account", account), system.ref("account", other)])}
        assert abs(datetime.now(UTC) - datetime.fromisoformat(deals[won].values["won_at"])) < timedelta(minutes=1)
        assert deals[open_].values["won_at"] == ""
        assert deals[won].parent == system.ref("account", account)
        self.sandbox.call("PATCH", f"/crm/v3/objects/deals/{won}", {"properties": {"dealstage": "closedlost"}})
        assert system.read("deal", [won])[won].values["won_at"] == ""

    @pytest.mark.parametrize("answer", [None, [], {}, {"results": None}, {"results": []}])
    def test_an_odd_answer_to_a_write_leaves_its_fate_unknown(self, system, monkeypatch, answer):
        writes = self.creates(system, 2)
        monkeypatch.setattr(self.http(system), "call", lambda *_, **__: answer)
        assert {type(o) for o in system.write(writes)} == {Unknown}

    def test_an_odd_answer_to_a_read_breaks_the_contract(self, system, monkeypatch):
        monkeypatch.setattr(self.http(system), "call", lambda *_, **__: {"rows": []})
        with pytest.raises(ContractBroken):
            system.read("account", ["1"])

    def test_a_new_note_is_found_although_the_search_lags(self, system):
        writes = self.creates(system, 2)
        self.sandbox.call("POST", "/sandbox/settings", {"index_delay": 3600})
        try:
            refs = {o.key: o.ref for o in system.write(writes)}
            assert {key: [r.ref for r in records] for key, records in system.find(writes).items()} == {
                k: [r] for k, r in refs.items()
            }
            assert set(system.read("note", [ref.id for ref in refs.values()])) == {ref.id for ref in refs.values()}
        finally:
            self.sandbox.call("POST", "/sandbox/settings", {"index_delay": 0})

    def test_a_note_is_found_after_its_account_was_merged(self, system):
        (write,) = writes = self.creates(system, 1)
        (done,) = system.write(writes)
        (survivor,) = self.made(system, PARTY)
        self.merge(system, survivor, write.parent.id)
        assert [r.ref for r in system.find(writes)[write.key]] == [done.ref]

    def test_merges_are_followed_where_batches_do_not(self, system, monkeypatch):
        """The sandbox follows merges everywhere; this answers as strictly as HubSpot may."""
        (write,) = writes = self.creates(system, 1)
        (done,) = system.write(writes)
        gone, middle, survivor = write.parent.id, *self.made(system, PARTY, PARTY)
        self.merge(system, middle, gone)
        self.merge(system, survivor, middle)
        real = self.http(system).call

        def call(method, path, **rest):
            answer = real(method, path, **rest)
            if path.endswith("/companies/batch/read") and "/objects/" in path:
                asked = {item["id"] for item in rest["json"]["inputs"]}
                answer["results"] = [row for row in answer["results"] if row["id"] in asked]
            if "/associations/companies/" in path:
                answer["results"] = [row for row in answer["results"] if row["from"]["id"] not in {gone, middle}]
            return answer

        monkeypatch.setattr(self.http(system), "call", call)
        assert {i: r.ref.id for i, r in system.read("account", [gone, middle]).items()} == dict.fromkeys([gone, middle], survivor)
        assert [r.ref for r in system.find(writes)[write.key]] == [done.ref]

    @pytest.mark.parametrize(
        ("method", "path", "name", "cure"),
        [
            ("GET", "companies", "crm rights on companies", "crm.objects.companies.read"),
            ("POST", "companies/batch/update", "crm rights on companies", "crm.objects.companies.write"),
            ("POST", "notes/batch/create", "crm rights on notes", "crm.objects.contacts.write"),
            ("GET", "deals", "crm rights on deals", "crm.objects.deals.read"),
            ("GET", "properties/companies", "crm properties", "crm.schemas.companies.read"),
            ("GET", "pipelines/deals", "crm won stages", "crm.schemas.deals.read"),
        ],
    )
    def test_doctor_names_the_scope_that_is_missing(self, system, monkeypatch, method, path, name, cure):
        real = self.http(system).call

        def call(verb, where, **rest):
            if verb == method and where.endswith(f"/{path}") and ("objects" in where) == ("crm rights" in name):
                raise LoginRefused("x")
            return real(verb, where, **rest)

        monkeypatch.setattr(self.http(system), "call", call)
        assert [(c.name, c.level, cure in c.cure) for c in system.checks() if c.level != "ok"] == [(name, "error", True)]

    @pytest.mark.parametrize(
        ("settings", "name", "words"),
        [
            ({"account": {"sync_state": "state_of_erp"}}, "crm properties", "missing: state_of_erp (for sync_state)"),
            ({"account": {"sync_state": "hs_lastmodifieddate"}}, "crm properties", "read only: hs_lastmodifieddate"),
            ({"won_stages": ("closedwon", "won2")}, "crm won stages", "missing: won2"),
        ],
    )
    def test_doctor_names_what_is_missing(self, crm, settings, name, words):
        found = [(c.name, c.level, c.message) for c in hubspot(crm, **settings).checks() if c.level != "ok"]
        assert found == [(name, "error", words)]

    @pytest.mark.parametrize("read", [lambda s: next(s.changed("account", None)), lambda s: s.read("account", ["1"])])
    def test_a_run_names_a_property_that_is_missing_rather_than_read_it_as_empty(self, crm, read):
        with pytest.raises(ConfigurationError, match=r"no property ust_id \(for vat_id\); create it in HubSpot, or map another"):
            read(hubspot(crm, account={"vat_id": "ust_id"}))

    def test_a_run_that_may_not_see_properties_names_the_scope(self, crm, monkeypatch):
        system = hubspot(crm)
        real = self.http(system).call

        def call(verb, where, **rest):
            if "/properties/" in where:
                raise LoginRefused("x")
            return real(verb, where, **rest)

        monkeypatch.setattr(self.http(system), "call", call)
        with pytest.raises(LoginRefused, match=r"scope crm\.schemas\.companies\.read"):
            system.read("account", ["1"])

    def test_doctor_names_a_version_that_is_not_offered(self, system, monkeypatch):
        def call(*_, **__):
            raise Refused("http_404", status=404)

        monkeypatch.setattr(self.http(system), "call", call)
        assert [(c.name, c.level) for c in system.checks()] == [("crm version", "error")]

    def test_a_wrong_token_stops(self, crm):
        with pytest.raises(LoginRefused):
            hubspot(SimpleNamespace(url=crm.url, token="no")).instance()


class Searching:
    """A search index in memory, as large as a test needs, that may change while it is read."""

    def __init__(self, rows):
        self.rows, self.between = dict(rows), []

    def __call__(self, method, path, *, safe, json=None, **_):
        if not path.endswith("/search"):
            return {"portalId": 1, "results": [{"name": name} for name in NAMES.values()]}
        if self.between:
            self.rows.update(self.between.pop(0))
        filters = {(f["propertyName"], f["operator"]): int(f["value"]) for f in json["filterGroups"][0]["filters"]}
        start, end = filters["hs_lastmodifieddate", "GTE"], filters.get(("hs_lastmodifieddate", "LTE"), 1 << 60)
        beyond, order = filters.get(("hs_object_id", "GT"), 0), json["sorts"][0]["propertyName"]
        hits = [(int(i), at) for i, at in self.rows.items() if start <= at <= end and int(i) > beyond]
        hits.sort(key=lambda hit: hit if order == "hs_object_id" else (hit[1], hit[0]))
        assert json["after"] == "0"
        rows = [{"id": str(i), "properties": {"hs_lastmodifieddate": str(at)}} for i, at in hits[: json["limit"]]]
        return {"results": rows} | ({"paging": {"next": {"after": "1"}}} if len(rows) < len(hits) else {})


def searched(rows, between=()):
    settings = CrmSettings()
    system = HubSpot(Endpoint(url="http://127.0.0.1:9"), settings)
    system._api._searches = type("Free", (), {"wait": lambda self: None})()
    system._api._http.call = index = Searching(rows)
    index.between = list(between)
    return [r for page in system.changed("account", datetime(1970, 1, 1, tzinfo=UTC)) for r in page.records]


def test_more_than_ten_thousand_changes_are_all_read():
    rows = {str(i): 1000 + i // 3 for i in range(1, 11_000)}
    assert [r.ref.id for r in searched(rows)] == list(rows)


def test_more_than_ten_thousand_changes_of_one_instant_are_all_read():
    rows = {str(i): 1000 for i in range(1, 10_500)} | {str(i): 1001 for i in range(10_500, 10_900)}
    assert [r.ref.id for r in searched(rows)] == list(rows)


def test_records_that_change_while_they_are_read_hide_no_others():
    rows = {str(i): 1000 + i for i in range(1, 1_000)}
    moved = [{}, {str(i): 9000 + i for i in range(1, 150)}]
    found = searched(rows, moved)
    assert {r.ref.id for r in found} == set(rows)
    assert [milliseconds(r.modified_at) for r in found if r.ref.id == "7"] == [1007, 9007]


@pytest.mark.parametrize("wrap", ["{}", "<div>{}</div>", '<div dir="auto">{}<br/></div>\n', "{}&nbsp;"])
def test_a_note_keeps_its_key_when_the_crm_wraps_its_html(wrap):
    body = wrap.format(note_html("x [il:other]\ny", "note/a&b"))
    assert (note_key(body), note_text(body)) == ("note/a&b", "x [il:other]\ny")


def test_a_key_in_the_middle_is_none():
    assert note_key("<p>[il:a]</p><p>and more</p>") == ""


@pytest.mark.parametrize("value", ["1767225600000", "2026-01-01T00:00:00Z", "2026-01-01", "2026-01-01T01:00:00+01:00"])
def test_times_are_read_in_every_form(value):
    assert moment(value) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-02-30", "soon", "", "9" * 30, "²", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused_as_such(value):
    with pytest.raises(ValueError, match=r"\w"):
        moment(value)


@pytest.mark.parametrize(
    ("times", "won_at"),
    [
        (["2026-02-02", "1769904000000"], "2026-02-01T00:00:00+00:00"),
        (["2026-02-30", "2026-02-02"], "2026-02-02T00:00:00+00:00"),
        (["2026-02-30"], "2026-02-30"),
        (["so\x00on"], "so on"),
        ([""], ""),
    ],
)
def test_a_deal_is_won_since_the_earliest_time_or_at_what_is_no_time(times, won_at):
    settings = CrmSettings(won_stages=tuple(f"s{n}" for n in range(len(times))))
    row = {"dealname": "A\x00\ud800B", "dealstage": "s0"} | {f"hs_v2_date_entered_s{n}": at for n, at in enumerate(times)}
    assert DEAL.values(row, settings) == ({"name": "A B", "won_at": won_at}, ())
    assert DEAL.values(row | {"dealstage": "lost"}, settings)[0]["won_at"] == ""


def test_values_are_mapped_where_accounts_are_read():
    settings = CrmSettings().with_maps(ValueMaps(countries={"Bundesrepublik": "DE"}))
    assert COMPANY.values({"name": "A", "country": "BUNDESREPUBLIK"}, settings)[0]["country"] == "DE"
    assert COMPANY.values({"name": "A", "country": "BUNDESREPUBLIK"}, CrmSettings())[1][0].code == "country_unknown"
