"""What an EspoCRM may be that a fresh one is not: older, renamed, limited, copied, locked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlock.config import CrmSettings
from interlock.connectors.espocrm import objects, tasks
from interlock.connectors.espocrm.objects import ACCOUNTS, CONTACTS, NOTES, Deals
from interlock.connectors.espocrm.people import Calls
from interlock.connectors.espocrm.reading import Reader
from interlock.connectors.espocrm.rights import Rights
from interlock.domain.change import Done
from interlock.domain.identity import Ref
from interlock.errors import ConfigurationError, LoginRefused, Refused
from tests.connectors.contract import PARTY, SystemContract
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture

SETTINGS = CrmSettings(system="espocrm", balances=True)


class TestOdd(Hands):
    update, updates, one = SystemContract.update, SystemContract.updates, SystemContract.one

    def test_numbers_are_of_the_most_exact_type_that_the_version_shows(self, system):
        """Before 9.3 EspoCRM takes a field of type decimal, which it does not know, and shows it to nobody."""
        types = {row["type"] for name, row in system._api.fields("Account").items() if name.endswith("Amount")}
        assert types == {"decimal" if system._api.has_decimal else "float"}

    def test_a_field_of_a_type_that_this_version_lacks_is_named(self, system):
        self.call("POST", "Admin/fieldManager/Account", {"name": "odd", "type": "decimal", "label": "Odd"})
        try:
            other = self.connected(account_balance={"open": "cOdd"})
            (need,) = [one for one in other.survey() if one.name == "cOdd"]
            told = "decimal, a type that this version lacks" in need.message
            assert (need.state, told) == (("there", False) if other._api.has_decimal else ("differs", True))
        finally:
            self.call("DELETE", "Admin/fieldManager/Account/cOdd")

    def test_a_name_that_something_else_has_is_not_told_as_made(self, monkeypatch, system):
        admin = self.administrator(account={"register_number": "cTaken"})
        taken = Refused("http_409", status=409)
        monkeypatch.setattr(type(admin._api), "make", lambda *_: (_ for _ in ()).throw(taken))
        (need,) = admin.make_missing()
        assert (need.state, "taken" in need.message) == ("refused", True)

    def test_a_page_is_as_long_as_an_administrator_lets_it_be(self, system):
        ids = self.made(system, *[PARTY | {"legal_name": f"Seite {i}"} for i in range(7)])
        before = self.call("GET", "Settings").get("recordListMaxSizeLimit", 200)
        self.call("PUT", "Settings", {"recordListMaxSizeLimit": 3})
        try:
            pages = list(self.connected().changed("account", None))
            assert [len(page.records) for page in pages] == [3, 3, 1]
            assert {record.ref.id for page in pages for record in page.records} == set(ids)
        finally:
            self.call("PUT", "Settings", {"recordListMaxSizeLimit": before})

    def test_a_copy_that_goes_by_the_address_of_the_original_is_named(self, system):
        system._api.me["settings"]["siteUrl"] = "https://crm.example"
        (check,) = [check for check in system.checks() if check.name == "crm address"]
        assert (check.level, "a copy" in check.cure) == ("warning", True)

    def test_an_address_that_is_locked_out_stops_the_run(self, system, monkeypatch):
        (write,) = self.updates(system, 1)
        reason = "Max failed login attempts exceeded for IP address 192.0.2.1."
        door = self.http(system)
        assert system._api.me
        monkeypatch.setattr(door, "call", lambda *_, **__: (_ for _ in ()).throw(Refused("http_403", reason, status=403)))
        with pytest.raises(LoginRefused, match="locked out"):
            system.write([write])

    def test_an_update_that_makes_a_namesake_is_no_conflict(self, system):
        switch = {"name": "Account", "optimisticConcurrencyControl": True, "updateDuplicateCheck": True}
        self.call("POST", "EntityManager/action/updateEntity", switch)
        try:
            self.made(system, PARTY | {"legal_name": "Namensvetter"})
            (account,) = self.made(system, PARTY)
            (outcome,) = system.write([self.update(system, self.one(system, account), legal_name="Namensvetter")])
            assert isinstance(outcome, Done), outcome
            assert self.one(system, account).values["legal_name"] == "Namensvetter"
        finally:
            self.call("POST", "EntityManager/action/updateEntity", dict.fromkeys(switch, False) | {"name": "Account"})


def ref(kind, record_id):
    return Ref("espocrm:test", "", kind, record_id)


@pytest.mark.parametrize(
    ("row", "year"),
    [
        ({}, 1970), ({"createdAt": "2026-01-01 00:00:00"}, 2026), ({"createdAt": "0000-00-00 00:00:00"}, 1970),
        ({"createdAt": "2025-01-01 00:00:00", "modifiedAt": "x"}, 2025), ({"modifiedAt": None, "createdAt": None}, 1970),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [ACCOUNTS, NOTES, Deals(), Calls()])
def test_a_row_without_readable_times_is_read_all_the_same(kind, row, year):
    record = kind.record(ref, {"id": "1", "name": "A", "post": "x", **row}, SETTINGS)
    assert record.modified_at.year == year


@pytest.mark.parametrize(
    ("row", "won_at"),
    [
        ({"closeDate": "2026-02-03"}, "2026-02-03T00:00:00+00:00"), ({"closeDate": "soon"}, "soon"), ({}, ""),
        ({"entered": objects.UNSEEN, "closeDate": "2026-02-03"}, "unseen"),
        ({"entered": "2026-01-02 10:00:00", "closeDate": "2026-02-03"}, "2026-01-02T10:00:00+00:00"),
    ],
)  # fmt: skip
def test_when_a_deal_was_won_is_told_or_left_as_what_it_is(row, won_at):
    assert Deals().values({"stage": "Closed Won", **row}, SETTINGS)[0]["won_at"] == won_at


@pytest.mark.parametrize("record_id", ["6b0bdc303eb0e072c", "CUST_0001", "K-1.2", "1", "a" * 36])
def test_ids_that_an_import_brought_are_asked_for(record_id):
    rights = Rights({"table": {"Contact": {"read": "all"}}})
    api = SimpleNamespace(rights=rights, of_ids=lambda *_: iter([{"id": record_id, "accountId": "1"}]))
    reader = Reader(api, SETTINGS, ref, str)
    assert set(reader.read(CONTACTS, [record_id])) == {record_id}


def installation(options, default="", completed=("Done",), priorities=("High",)):
    fields = {"status": {"options": options, "default": default}, "priority": {"options": list(priorities)}}
    scope = {"completedStatusList": list(completed), "canceledStatusList": ["Dropped"]}
    return SimpleNamespace(fields=lambda _: fields, metadata=lambda _: scope)


@pytest.mark.parametrize(
    ("options", "default", "new", "done"),
    [
        (["Open", "Done", "Dropped"], "Open", "Open", "Done"), (["Done", "Dropped", "Open"], "", "Open", "Done"),
        (["Done", "Open"], "Done", "Open", "Done"), (["Done", "Open"], "Gone", "Open", "Done"),
    ],
)  # fmt: skip
def test_tasks_are_made_and_closed_in_the_words_of_the_installation(options, default, new, done):
    words = tasks.words(installation(options, default))
    assert (words.new, words.done, words.over) == (new, done, {"Done", "Dropped"})


@pytest.mark.parametrize(
    ("options", "message"), [(["Done", "Dropped"], "their beginning"), (["Open"], "completed"), ([], "completed")]
)
def test_an_installation_where_tasks_cannot_begin_or_end_is_named(options, message):
    with pytest.raises(ConfigurationError, match=f"no status of tasks is {message}"):
        tasks.words(installation(options))
