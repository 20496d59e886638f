"""What the EspoCRM connector reads of an account's people and past, and the tasks that it writes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from interlock.domain.change import Done, Rejected, Write
from tests.connectors.contract import PARTY
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture

CALL = {"status": "Held", "dateStart": "2026-01-02 10:00:00", "dateEnd": "2026-01-02 10:10:00"}
DEAL = {"closeDate": "2026-05-01", "amount": 1, "amountCurrency": "EUR"}


class TestPeople(Hands):
    @pytest.fixture
    def account(self, system):
        return system.ref("account", self.made(system, PARTY)[0])

    @pytest.fixture
    def me(self, system):
        return self.call("GET", "App/user")["user"]["id"]

    def children(self, system, kind, account):
        return list(system.children(kind, [account]))

    def test_a_contact_with_roles_reads_in_canonical_form(self, system, account):
        given = {"salutationName": "Ms.", "firstName": " Eva ", "lastName": "Muster", "emailAddress": "eva@Example.DE"}
        self.make("Contact", accountId=account.id, cRole=["invoice", "delivery"], addressCountry="Deutschland", **given)
        (record,) = self.children(system, "contact", account)
        assert record.parent == account
        assert set(record.values["roles"]) == {"invoice", "delivery"}
        named = ("first_name", "last_name", "email", "country")
        assert [record.values[name] for name in named] == ["Eva", "Muster", "eva@example.de", "DE"]

    def test_of_a_contact_without_a_role_nothing_is_kept(self, system, account):
        self.make("Contact", accountId=account.id, firstName="Eva", lastName="Muster", emailAddress="eva@example.de")
        assert [record.values for record in self.children(system, "contact", account)] == [{"roles": []}]

    def test_a_contact_who_is_inactive_at_the_account_has_no_role_there(self, system, account):
        contact = self.make("Contact", accountId=account.id, lastName="Muster", cRole=["invoice"])
        columns = {"accountsIds": [account.id], "accountsColumns": {account.id: {"isInactive": True}}}
        self.call("PUT", f"Contact/{contact}", columns)
        assert [record.values for record in self.children(system, "contact", account)] == [{"roles": []}]
        assert system.read("contact", [contact])[contact].values == {"roles": []}

    def test_a_deal_is_won_since_it_came_into_the_stage(self, system, account):
        deal = self.make("Opportunity", name="D", accountId=account.id, stage="Negotiation", **DEAL)
        assert [record.values["won_at"] for record in self.children(system, "deal", account)] == [""]
        self.call("PUT", f"Opportunity/{deal}", {"stage": "Closed Won"})
        (record,) = self.children(system, "deal", account)
        assert record.parent == account
        assert abs(datetime.fromisoformat(record.values["won_at"]) - self.now()) < timedelta(minutes=1)
        self.call("PUT", f"Opportunity/{deal}", {"stage": "Closed Lost"})
        assert system.read("deal", [deal])[deal].values["won_at"] == ""

    def test_a_deal_that_was_won_when_it_was_made_is_won_since_then(self, system, account):
        self.make("Opportunity", name="D", accountId=account.id, stage="Closed Won", **DEAL)
        (record,) = self.children(system, "deal", account)
        assert abs(datetime.fromisoformat(record.values["won_at"]) - self.now()) < timedelta(minutes=1)

    def test_activities_are_told_with_type_time_direction_and_owner(self, system, account, me):
        on = {"parentType": "Account", "parentId": account.id, "assignedUserId": me}
        self.make("Call", name="Call", direction="Inbound", description="said", **CALL, **on)
        deal = self.make("Opportunity", name="D", accountId=account.id, stage="Negotiation", **DEAL)
        self.make("Meeting", name="Meeting", **CALL, **on | {"parentType": "Opportunity", "parentId": deal})
        mail = {"status": "Archived", "dateSent": "2026-01-03 10:00:00", "from": "a@example.de", "to": "b@example.de"}
        self.make("Email", name="Mail", body="<p>a &amp; b</p>", **mail, **on)
        self.make("Task", name="Task", status="Completed", dateEndDate="2026-01-04", **on)
        self.make("Note", type="Post", post="written by sales", parentType="Account", parentId=account.id)
        self.make("Note", type="Post", post="for us alone", isInternal=True, parentType="Account", parentId=account.id)
        found = self.children(system, "activity", account)
        assert {(r.values["type"], r.values.get("direction", "")) for r in found} >= {
            ("call", "in"), ("email", "in"), ("meeting", ""), ("task", ""), ("note", ""),
        }  # fmt: skip
        assert {r.values["deal"] for r in found if r.values["type"] == "meeting"} == {deal}
        assert [r.values["time"] for r in found if r.values["type"] == "task"] == ["2026-01-04T00:00:00+00:00"]
        assert {r.values["owner"]["name"] for r in found if r.values["type"] == "call"} == {"Admin"}
        assert all("subject" not in r.values for r in found)
        texts = {r.values["type"]: r.values for r in self.children(system, "activity_text", account) if "body" in r.values}
        assert (texts["call"]["body"], texts["email"]["body"], texts["note"]["body"]) == ("said", "a & b", "written by sales")
        assert [r.values.keys() for r in found if r.values.get("private")] == [{"type", "time", "private"}]

    def test_our_own_notes_and_tasks_are_no_activity_of_people(self, system, account):
        note = Write("note/1", "create", "note", {"body": "x", "time": "2026-01-01T00:00:00+00:00"}, None, account, account)
        for write in (note, self.task(account)):
            assert isinstance(system.write([write])[0], Done)
        assert {record.archived for record in self.children(system, "activity", account)} == {True}

    # -- tasks

    def task(self, account, **values):
        given = {"title": "Call", "text": "a\nb", "due": "2026-12-24", "owner": "", "state": "open", "priority": "HIGH"} | values
        return Write("task/1", "create", "task", given, None, account, account)

    def done(self, system, write):
        (outcome,) = system.write([write])
        assert isinstance(outcome, Done), outcome
        return outcome.ref

    def test_a_task_reads_back_as_it_was_written_and_is_found_by_its_key(self, system, account, me):
        write = self.task(account, owner=me)
        ref = self.done(system, write)
        record = system.read("task", [ref.id])[ref.id]
        wanted = {name: value for name, value in write.values.items() if name != "priority"}
        assert (record.values, record.parent) == ({**wanted, "key": "task/1"}, account)
        assert [r.ref for r in system.find([write])["task/1"]] == [ref]
        assert [r.ref for r in self.children(system, "task", account)] == [ref]
        assert system.remove(ref)
        assert system.find([write]) == {}

    def test_a_task_of_an_account_without_an_owner_is_the_api_users(self, system, account):
        ref = self.done(system, self.task(account))
        assert system.read("task", [ref.id])[ref.id].values["owner"] == system._api.me["user"]["id"]

    def test_what_people_wrote_into_a_task_stays_when_it_is_closed_and_opened(self, system, account):
        ref = self.done(system, self.task(account))
        mark = "\n\n[il:task/1]"
        self.call("PUT", f"Task/{ref.id}", {"description": f"a\nb\ncalled, will pay{mark}", "status": "Started"})
        for state in ("closed", "open"):
            record = system.read("task", [ref.id])[ref.id]
            self.done(system, Write("u1", "update", "task", {"state": state}, ref, None, ref, record))
            after = system.read("task", [ref.id])[ref.id].values
            assert (after["state"], after["text"], after["key"]) == (state, "a\nb\ncalled, will pay", "task/1")

    @pytest.mark.parametrize("status", ["Completed", "Canceled"])
    def test_a_task_that_a_person_ended_is_done_not_closed(self, system, account, status):
        ref = self.done(system, self.task(account))
        self.call("PUT", f"Task/{ref.id}", {"status": status})
        assert system.read("task", [ref.id])[ref.id].values["state"] == "done"

    def test_a_task_that_cannot_be_is_rejected(self, system, account):
        (outcome,) = system.write([self.task(account, title="x" * 300)])
        assert (type(outcome), outcome.code) == (Rejected, "task_refused")
        assert "maxLength" in outcome.detail
