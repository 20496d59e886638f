"""The EspoCRM connector against a real EspoCRM, or against what one answered (see `recording`)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from interlock.connectors.espocrm import objects
from interlock.domain.change import Conflict, Done, NotSent, Unknown, Write
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused
from tests.connectors.contract import PARTY, LockContract, SystemContract, kinds
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture


class TestEspoCrm(Hands, SystemContract):
    def test_merged_ids_lead_to_the_last_survivor(self, system):
        """EspoCRM keeps no trace of a merge: the others are gone, as if they were deleted."""
        first, second = self.made(system, PARTY, PARTY)
        since = self.one(system, first).modified_at
        self.merge(system, second, first)
        assert set(system.read("account", [first, second])) == {second}
        listed = [record.ref.id for page in system.changed("account", since) for record in page.records]
        assert first not in listed

    def test_a_note_reads_back_as_it_was_written(self, system):
        (write,) = self.creates(system, 1)
        (done,) = system.write([write])
        record = system.read("note", [done.ref.id])[done.ref.id]
        assert (record.values["body"], record.values["key"], record.parent) == ("a < b & c\nd", write.key, write.parent)
        assert abs(datetime.fromisoformat(record.values["time"]) - self.now()) < timedelta(minutes=1)

    def test_neither_a_note_nor_a_link_is_news_of_the_account(self, system):
        (write,) = self.creates(system, 1)
        account = write.parent.id
        before = self.one(system, account)
        self.tape.wait(1.1)
        system.write([write])
        self.make("Contact", firstName="A", lastName="B", accountId=account)
        assert self.one(system, account) == before

    def test_an_answer_that_ignores_the_filter_stops_the_run(self, system, monkeypatch):
        self.made(system, PARTY)
        monkeypatch.setattr(system._api, "list", lambda *_, **__: [{"id": "1", "modifiedAt": "2020-01-01 00:00:00"}])
        with pytest.raises(ContractBroken, match="ignores the filter"):
            list(system.changed("account", self.now()))

    def test_a_filter_of_an_attribute_that_is_not_there_is_refused_not_ignored(self, system):
        with pytest.raises(ContractBroken, match="refuses to answer Account"):
            system._api.list("Account", [{"type": "equals", "attribute": "cColour", "value": "red"}], ["id"])

    def test_a_wrong_key_is_refused_and_asked_once(self, system, monkeypatch):
        calls = []
        wrong = self.connected(secret="0" * 32)
        door = self.http(wrong)._session.request
        monkeypatch.setattr(self.http(wrong)._session, "request", lambda *a, **k: (calls.append(a), door(*a, **k))[1])
        with pytest.raises(LoginRefused, match="EspoCRM"):
            wrong.instance()
        assert len(calls) == 1

    def test_a_signed_call_is_taken_and_its_secret_stays_here(self, system, monkeypatch):
        me = system._api.me["user"]["id"]
        roles = self.call("GET", f"User/{me}")["rolesIds"]
        user = self.person("signing", type="api", authMethod="Hmac", isActive=True, rolesIds=roles)
        user = self.call("GET", f"User/{user['id']}")
        other, sent = self.connected(user["apiKey"], user["secretKey"]), []
        door = self.http(other)._session.request
        monkeypatch.setattr(self.http(other)._session, "request", lambda *a, **k: (sent.append(k["headers"]), door(*a, **k))[1])
        (account,) = self.made(system, PARTY)
        record = self.one(other, account)
        (outcome,) = other.write([self.update(other, record, city="Bonn")])
        assert isinstance(outcome, Done), outcome
        assert len(sent) > 1
        assert all("X-Hmac-Authorization" in headers and user["secretKey"] not in str(headers) for headers in sent)

    def test_a_right_that_is_missing_stops_before_anything_is_written(self, system):
        (write,) = self.updates(system, 1)
        system._api.me["acl"]["table"]["Account"]["edit"] = "no"
        with pytest.raises(LoginRefused, match="no right to edit Account"):
            system.write([write])
        assert [check.message for check in system.checks() if check.name == "crm rights on Account"] == ["no right to edit"]

    def test_a_name_that_espocrm_refuses_is_rejected_with_its_words(self, system):
        write, other = self.updates(system, 2)
        write = Write(write.key, "update", "account", {"legal_name": "a < b"}, write.ref, None, write.ref, write.seen)
        outcomes = {outcome.key: outcome for outcome in system.write([write, other])}
        assert outcomes[write.key].code == "account_refused"
        assert "pattern" in outcomes[write.key].detail
        assert isinstance(outcomes[other.key], Done)

    @pytest.mark.parametrize("answer", [None, [], {}, "x"])
    def test_an_odd_answer_to_a_write_leaves_its_fate_unknown(self, system, monkeypatch, answer):
        writes = self.creates(system, 2)
        assert system.instance()
        monkeypatch.setattr(self.http(system), "call", lambda *_, **__: answer)
        assert {type(outcome) for outcome in system.write(writes)} == {Unknown, NotSent}

    def test_a_missing_field_is_named_before_accounts_are_read(self, system):
        other = self.connected(account={"register_number": "cNope"})
        with pytest.raises(ConfigurationError, match=r"crm\.account: missing, .*: cNope \(for register_number\)"):
            other.changed("account", None)
        (check,) = [check for check in other.checks() if check.level != "ok"]
        assert (check.name, check.level) == ("crm account fields", "error")

    def test_what_is_set_up_is_there_and_nothing_is_made_twice(self, system):
        assert {need.state for need in system.survey()} == {"there"}
        assert self.administrator().make_missing() == []

    def test_an_api_user_may_not_make_fields_and_is_told_who_may(self, system):
        other = self.connected(account={"register_number": "cNotYetThere"})
        (need,) = other.make_missing()
        assert (need.name, need.state) == ("cNotYetThere", "refused")
        assert "administrator" in need.message

    def test_a_field_is_made_under_the_name_that_the_file_gives(self, system):
        admin = self.administrator(account={"register_number": "cTryOut"})
        try:
            (made,) = admin.make_missing()
            assert (made.place, made.name, made.state) == ("Account", "cTryOut", "made")
            assert {need.state for need in admin.survey()} == {"there"}
        finally:
            self.call("DELETE", "Admin/fieldManager/Account/cTryOut")

    @pytest.mark.parametrize(("name", "words"), [("colour", "puts a c before"), ("createdAt", "holds datetime")])
    def test_a_field_that_cannot_be_is_named_with_the_cure(self, system, name, words):
        (need,) = [need for need in self.connected(account={"register_number": name}).survey() if need.state != "there"]
        assert need.state == "differs"
        assert words in need.message

    def test_an_object_is_never_made_under_another_name_than_the_file_gives(self, system):
        (need, lines) = [need for need in self.connected(contract_object="Contracts").survey() if need.what == "object"]
        assert (need.state, lines.state) == ("differs", "differs")
        assert "puts a C before" in need.message


class TestVersions(Hands, LockContract):
    """Where an administrator has switched optimistic concurrency control on."""

    update, updates, one = SystemContract.update, SystemContract.updates, SystemContract.one

    @pytest.fixture(autouse=True)
    def _switched_on(self, system):
        switch = {"name": "Account", "optimisticConcurrencyControl": True}
        self.call("POST", "EntityManager/action/updateEntity", switch)
        yield
        self.call("POST", "EntityManager/action/updateEntity", switch | {"optimisticConcurrencyControl": False})

    def test_a_record_that_is_gone_is_a_conflict(self, system):
        (write,) = self.updates(system, 1)
        self.call("DELETE", f"Account/{write.ref.id}")
        assert kinds(system.write([write])) == {write.key: Conflict}


NOTES = [
    {"createdAt": "2026-03-03 10:00:00", "data": {"field": "stage", "value": "Closed Won"}},
    {"createdAt": "2026-03-02 10:00:00", "data": {"fields": ["amount"], "attributes": {"was": {}, "became": {"amount": 1}}}},
    {"createdAt": "2026-03-01 10:00:00", "data": {"attributes": {"was": {}, "became": {"stage": "Won Too"}}}},
    {"createdAt": "2026-02-01 10:00:00", "data": {"statusField": "stage", "statusValue": "Negotiation"}},
    {"createdAt": "2026-01-01 10:00:00", "data": {"field": "stage", "value": "Closed Won"}},
]
NINE = [
    {"createdAt": "2026-03-03 10:00:00", "data": {"fields": [], "attributes": {"was": {}, "became": {}}, "value": "Closed Won"}},
    {"createdAt": "2026-03-02 12:00:00", "data": {"value": "Completed"}, "parentType": "Task"},
    {"createdAt": "2026-03-02 10:00:00", "data": {"fields": ["amount"], "attributes": {"was": {}, "became": {"amount": 1}}}},
    {"createdAt": "2026-03-01 10:00:00", "data": {"fields": [], "attributes": {}, "value": "Negotiation"}},
    {"createdAt": "2026-01-01 10:00:00", "data": {"statusField": "stage", "statusValue": "Closed Won"}},
]


@pytest.mark.parametrize(
    ("notes", "since"),
    [
        (NINE, "2026-03-03 10:00:00"),
        (NINE[2:], ""),
        (NINE[4:], "2026-01-01 10:00:00"),
        (NOTES, "2026-03-01 10:00:00"),
        (NOTES[3:], ""),
        ([], ""),
        (NOTES[:1], "2026-03-03 10:00:00"),
        (NOTES[1:2], ""),
    ],
)
def test_the_stream_tells_since_when_a_deal_is_won(notes, since):
    assert objects.entered(notes, ("Closed Won", "Won Too")) == since


@pytest.mark.parametrize("body", ["", "x", "a\n\nb", "[il:a]\nrest", "ends [il:x] here"])
def test_a_text_and_its_key_are_told_apart(body):
    written = objects.marked(body, "note/1/x:y")
    assert (objects.unmarked(written), objects.key_in(written)) == (body, "note/1/x:y")
    assert objects.key_in(body) == ""
