"""What a role hides in EspoCRM stops the run before it reads as empty, or is made twice."""

from __future__ import annotations

import pytest

from interlock.connectors.espocrm.rights import Rights
from interlock.domain.change import Done, Rejected, Write
from interlock.errors import ConfigurationError, LoginRefused
from tests.connectors.contract import PARTY, SystemContract
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture

DEAL = {"closeDate": "2026-05-01", "amount": 1, "amountCurrency": "EUR"}
HIDDEN, LOCKED = {"read": "no", "edit": "no"}, {"read": "yes", "edit": "no"}


class TestRights(Hands):
    update, updates, one = SystemContract.update, SystemContract.updates, SystemContract.one

    @pytest.fixture
    def role(self, system):
        """Change the role of Interlock's user, for the time of the test."""
        me = self.connected()._api.me["user"]["id"]
        (name,) = self.call("GET", f"User/{me}")["rolesIds"]
        before = self.call("GET", f"Role/{name}")
        kept = {key: before[key] for key in ("data", "fieldData", "assignmentPermission")}

        def change(scope="", fields=None, assignment="all", **levels):
            data = {**before["data"], scope: {**before["data"].get(scope, {}), **levels}} if levels else before["data"]
            body = {"data": data, "fieldData": {scope: fields} if fields else {}, "assignmentPermission": assignment}
            self.call("PUT", f"Role/{name}", body)
            return self.connected()

        yield change
        self.call("PUT", f"Role/{name}", kept)

    def task(self, system, **values):
        (account,) = self.made(system, PARTY)
        on = system.ref("account", account)
        given = {"title": "Call", "text": "a", "due": "2026-12-24", "owner": "", "state": "open", "priority": "HIGH"} | values
        return Write("task/1", "create", "task", given, None, on, on)

    @pytest.mark.parametrize(
        ("kind", "scope", "field"),
        [("account", "Account", "cVatId"), ("account", "Account", "billingAddress"), ("contract", "CContractLine", "price")],
    )
    def test_a_field_that_the_role_hides_stops_before_it_reads_as_empty(self, role, kind, scope, field):
        other = role(scope, {field: HIDDEN})
        with pytest.raises((ConfigurationError, LoginRefused), match=field):
            list(other.changed(kind, None))
        assert any(field in check.message for check in other.checks() if check.level == "error")

    def test_a_deals_stage_that_the_role_hides_stops_the_run(self, role):
        with pytest.raises(LoginRefused, match="no right to read stage of Opportunity"):
            list(role("Opportunity", {"stage": HIDDEN}).changed("deal", None))

    def test_a_field_that_the_role_locks_stops_before_anything_is_written(self, role, system):
        (write,) = self.updates(system, 1)
        (field,) = write.values
        other = role("Account", {system.settings.account_properties[field]: LOCKED})
        with pytest.raises(LoginRefused, match="no right to edit"):
            other.write([write])

    def test_a_value_that_espocrm_does_not_keep_is_no_success(self, system):
        account = system.ref("account", self.made(system, PARTY)[0])
        seen = self.one(system, account.id)
        place = "Admin/fieldManager/Account/cErpCustomerNumber"
        before = self.call("GET", place)
        self.call("PUT", place, before | {"readOnly": True})
        try:
            values = {"customer_number": "K-1"}
            (outcome,) = system.write([Write("w", "update", "account", values, account, None, account, seen)])
            assert (type(outcome), outcome.code) == (Rejected, "account_refused")
            assert "did not keep cErpCustomerNumber" in outcome.detail
            assert any("read only" in check.message for check in self.connected().checks() if check.level == "error")
        finally:
            self.call("PUT", place, before | {"readOnly": False})

    @pytest.mark.parametrize("level", ["own", "team"])
    @pytest.mark.parametrize(
        ("kind", "scope"),
        [("account", "Account"), ("contact", "Contact"), ("deal", "Opportunity"), ("contract", "CContractLine")],
    )
    def test_rights_to_ones_own_records_only_stop_before_others_are_missed(self, role, system, kind, scope, level):
        (account,) = self.made(system, PARTY)
        self.line(self.contract(account))
        other = role(scope, read=level, edit=level)
        with pytest.raises(LoginRefused, match=f"read of {scope} is of level {level}"):
            list(other.changed(kind, None))
        (check,) = [check for check in other.checks() if check.name == f"crm rights on {scope}"]
        assert check.level == "error"

    def test_tasks_that_could_not_be_found_again_are_not_made(self, role, system):
        write, other = self.task(system), role("Task", read="own", edit="own", delete="own")
        for door in (other.find, other.write):
            with pytest.raises(LoginRefused, match="read of Task is of level own"):
                door([write])

    def test_without_the_right_to_assign_no_task_is_made(self, role, system):
        write, other = self.task(system), role(assignment="no")
        with pytest.raises(LoginRefused, match="assignment permission"):
            other.write([write])
        (check,) = [check for check in other.checks() if check.name == "crm tasks"]
        assert (check.level, "assignment" in check.cure) == ("error", True)

    @pytest.mark.parametrize("known", [True, False])
    def test_a_task_of_an_owner_who_has_left_is_the_api_users(self, system, known):
        owner = self.person("left", type="regular", isActive=False)["id"] if known else "nobody"
        (done,) = system.write([self.task(system, owner=owner)])
        assert isinstance(done, Done), done
        assert system.read("task", [done.ref.id])[done.ref.id].values["owner"] == system._api.me["user"]["id"]

    def test_a_stream_that_is_hidden_is_a_problem_of_its_deal_alone(self, role, system):
        (account,) = self.made(system, PARTY)
        assert system.instance()  # what it may do is known from now on
        self.make("Opportunity", name="D", accountId=account, stage="Closed Won", **DEAL)
        role("Opportunity", stream="own")
        (record,) = system.children("deal", [system.ref("account", account)])
        assert record.values["won_at"] == "unseen"

    def test_streams_of_ones_own_records_only_stop_the_run(self, role):
        with pytest.raises(LoginRefused, match="stream of Opportunity is of level own"):
            list(role("Opportunity", stream="own").changed("deal", None))


ACL = {
    "table": {"Account": {"read": "team", "edit": "all"}, "Note": True, "Task": False},
    "fieldTable": {"Account": {"billingAddress": HIDDEN, "assignedUser": LOCKED}, "Contact": {"name": HIDDEN}, "Task": []},
}


@pytest.mark.parametrize(
    ("scope", "attribute", "action", "kept"),
    [
        ("Account", "billingAddressStreet", "read", True), ("Account", "billingAddress", "read", True),
        ("Account", "assignedUserId", "edit", True), ("Account", "assignedUserName", "read", False),
        ("Account", "name", "read", False), ("Contact", "firstName", "read", True), ("Contact", "description", "read", False),
        ("Task", "name", "read", False), ("Opportunity", "stage", "read", False),
    ],
)  # fmt: skip
def test_an_attribute_is_kept_with_the_field_that_it_is_part_of(scope, attribute, action, kept):
    assert Rights(ACL).kept(scope, [attribute], action) == ([attribute] if kept else [])


@pytest.mark.parametrize(
    ("scope", "action", "level"),
    [
        ("Account", "read", "team"),
        ("Account", "delete", "no"),
        ("Note", "create", "all"),
        ("Task", "read", "no"),
        ("X", "read", "no"),
    ],
)
def test_a_level_is_told_of_every_form_in_which_espocrm_tells_it(scope, action, level):
    assert Rights(ACL).level(scope, action) == level
