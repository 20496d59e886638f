"""What is special of EspoCRM 9: exact numbers, changes of a stage that do not name it, several assigned users."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from interlock.connectors.espocrm import contracts
from interlock.domain.change import Done, Write
from interlock.errors import ConfigurationError, LoginRefused
from tests.connectors.contract import PARTY, SystemContract, kinds
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture

SERVER = "espocrm9"
DEAL = {"closeDate": "2026-05-01", "amount": 1, "amountCurrency": "EUR"}


class TestEspoCrm9(Hands):
    update, updates, one = SystemContract.update, SystemContract.updates, SystemContract.one

    @pytest.fixture
    def account(self, system):
        return system.ref("account", self.made(system, PARTY)[0])

    @pytest.fixture
    def several(self, system):
        """Switch `Multiple assigned users` on for accounts and tasks, for the time of the test."""
        yield [self._switched(scope, on=True) for scope in ("Account", "Task")]
        for scope in ("Account", "Task"):
            self._switched(scope, on=False)

    def _switched(self, scope, *, on):
        self.call("POST", "EntityManager/action/updateEntity", {"name": scope, "assignedUsers": on})

    def test_it_is_known_and_doctor_finds_nothing_wrong(self, system):
        assert system.instance().version.startswith("9.")
        assert [check for check in system.checks() if check.level != "ok"] == []

    def test_what_is_set_up_is_there_and_nothing_is_made_twice(self, system):
        assert {need.state for need in system.survey()} == {"there"}
        assert self.administrator().make_missing() == []

    def test_what_changed_is_listed(self, system):
        first, second = self.made(system, PARTY, PARTY)
        since = self.one(system, first).modified_at
        self.edit(system, first, "city", "Kiel")
        records = [record for page in system.changed("account", since) for record in page.records]
        assert [record.ref.id for record in records][-2:] == [second, first]
        assert records[-1].values["city"] == "Kiel"

    def test_an_account_is_updated(self, system):
        writes = self.updates(system, 2)
        assert kinds(system.write(writes)) == {write.key: Done for write in writes}
        for write in writes:
            after = self.one(system, write.ref.id).values
            assert {name: after[name] for name in write.values} == write.values

    def test_a_note_is_written_once_and_found(self, system):
        (write,) = self.creates(system, 1)
        (done,) = system.write([write])
        assert [record.ref for record in system.find([write])[write.key]] == [done.ref]
        assert system.read("note", [done.ref.id])[done.ref.id].values["body"] == "a < b & c\nd"

    def test_a_deal_is_won_since_it_came_into_the_stage(self, system, account):
        deal = self.make("Opportunity", name="D", accountId=account.id, stage="Negotiation", **DEAL)
        self.call("PUT", f"Opportunity/{deal}", {"stage": "Closed Won"})
        self.call("PUT", f"Opportunity/{deal}", {"amount": 2})
        (record,) = system.children("deal", [account])
        assert abs(datetime.fromisoformat(record.values["won_at"]) - self.now()) < timedelta(minutes=1)

    def test_a_price_far_below_a_cent_and_a_large_amount_are_kept_to_the_digit(self, system, account):
        contract = self.contract(account.id)
        self.line(contract, price="0.000125", quantity="123456789012.5")
        (line,) = system.read(contracts.KIND, [contract])[contract].values["lines"]
        assert (line["unit_price"], line["quantity"]) == ("0.000125", "123456789012.5")
        record = system.read("account_balance", [account.id])[account.id]
        write = Write("u", "update", "account_balance", {"open": "12345678901.23"}, record.ref, None, record.ref, record)
        assert kinds(system.write([write])) == {"u": Done}
        assert system.read("account_balance", [account.id])[account.id].values["open"] == "12345678901.23"

    def test_a_changed_line_is_a_change_of_its_contract(self, system, account):
        contract = self.contract(account.id)
        line = self.line(contract, price="10")
        since = system.read(contracts.KIND, [contract])[contract].modified_at
        self.tape.wait(2.1)
        self.call("PUT", f"CContractLine/{line}", {"price": "0"})
        found = [record for page in system.changed(contracts.KIND, since) for record in page.records if record.ref.id == contract]
        assert found[-1].values["lines"][0]["unit_price"] == "0"

    @pytest.mark.usefixtures("several")
    def test_a_task_for_several_is_given_to_somebody(self, system, account):
        given = {"title": "Call", "text": "a", "due": "2026-12-24", "owner": "", "state": "open", "priority": "HIGH"}
        (done,) = system.write([Write("task/1", "create", "task", given, None, account, account)])
        assert self.call("GET", f"Task/{done.ref.id}")["assignedUsersIds"] == [system._api.me["user"]["id"]]

    @pytest.mark.usefixtures("several")
    def test_an_owner_that_is_switched_off_is_not_read_as_nobody(self, system):
        with pytest.raises(ConfigurationError, match=r"assignedUserId \(for owner: switched off"):
            system.changed("account", None)
        (need,) = [need for need in system.survey() if need.state != "there"]
        assert (need.name, "switched off" in need.message) == ("assignedUserId", True)
        assert [page.records for page in self.connected(account={"owner": ""}).changed("account", None)] == [[]]

    def test_a_wrong_key_is_refused(self, system):
        with pytest.raises(LoginRefused, match="EspoCRM"):
            self.connected(secret="0" * 32).instance()
