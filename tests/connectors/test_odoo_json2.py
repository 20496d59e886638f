"""What is special of Odoo 19, which is spoken to over `/json/2`: statuses instead of errors with HTTP 200, and a key alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.domain.change import Done, Rejected, Write
from interlock.errors import ConfigurationError, LoginRefused, Refused
from tests.connectors import odoo_hands
from tests.connectors.contract import NO_RECORD, PARTY, party
from tests.connectors.odoo_hands import Hands, customer, odoo, rpc

SERVER = "odoo19"
erp = odoo_hands.erp
ERIKA = {"id": "11", "roles": "invoice", "name": "Erika Muster", "email": "erika@example.de", "phone": ""}
LAGER = {"id": "account", "name": "", "street": "Lager 2", "postal_code": "1010", "city": "Wien", "country": "AT"}


def change(system, record_id, **values):
    record = system.read("customer", [record_id])[record_id]
    return Write(f"u{record_id}", "update", "customer", values, record.ref, None, record.ref, record)


class TestOdoo19(Hands):
    def test_it_is_detected_and_doctor_finds_nothing_wrong(self, system):
        assert system.instance().version.startswith("19")
        found = list(odoo(self.erp).checks())
        assert len(found) > 5
        assert not [check for check in found if check.level != "ok"]

    def test_a_customer_is_made_found_changed_and_removed(self, system):
        write = customer(self.erp, contacts=[ERIKA], delivery_addresses=[LAGER])
        assert system.find([write]) == {}
        (done,) = system.write([write])
        (record,) = system.find([write])[write.key]
        assert (record.ref, record.values["number"]) == (done.ref, done.results["number"])
        assert party(record.values) == PARTY
        assert (record.values["contacts"], record.values["delivery_addresses"]) == ([ERIKA], [LAGER])
        values = {"city": "Kiel", "contacts": [ERIKA | {"email": "neu@example.de"}], "delivery_addresses": []}
        (outcome,) = system.write([Write("u1", "update", "customer", values, record.ref, None, record.ref, record)])
        assert isinstance(outcome, Done)
        after = system.read("customer", [done.ref.id])[done.ref.id]
        assert {name: after.values[name] for name in values} == values
        (again,) = system.write([write])
        assert (again.ref, again.results) == (done.ref, done.results)
        assert system.remove(done.ref)
        assert system.read("customer", [done.ref.id]) == {}

    def test_what_changed_is_listed(self, system):
        first, second = self.made(system, PARTY, PARTY)
        since = system.read("customer", [first])[first].modified_at
        self.edit(system, first, "city", "Kiel")
        records = [record for page in system.changed("customer", since) for record in page.records]
        assert [record.ref.id for record in records][-2:] == [second, first]
        assert records[-1].values["city"] == "Kiel"

    def test_one_bad_record_does_not_stop_the_others(self, system):
        writes = self.creates(system, 3)
        writes[1] = self.spoiled(system, writes[1])
        outcomes = {outcome.key: outcome for outcome in system.write(writes)}
        assert [type(outcomes[write.key]) for write in writes] == [Done, Rejected, Done]
        assert (outcomes[writes[1].key].code, "VAT" in outcomes[writes[1].key].detail) == ("refused_by_erp", True)

    def test_a_record_that_the_user_may_not_write_stops_no_other(self, system):
        (good,) = self.made(system, PARTY)
        (user,) = system._rpc.search("res.users", [["login", "=", "admin"]], ["partner_id"])
        writes = [change(system, str(user["partner_id"][0]), phone="+493011111"), change(system, good, city="Bonn")]
        outcomes = system.write(writes)
        assert [getattr(outcome, "code", "done") for outcome in outcomes] == ["no_right", "done"]

    def test_a_merged_customer_leads_to_what_is_left(self, system):
        gone, left = self.made(system, PARTY, PARTY)
        self.merge(system, left, gone)
        assert system.read("customer", [gone])[gone].ref.id == left

    def test_a_company_below_another_does_not_change_its_address(self, system):
        above, below = self.made(system, PARTY, PARTY | {"legal_name": "Tochter GmbH", "vat_id": ""})
        rpc(system, "res.partner", "write", [int(below)], vals={"parent_id": int(above)})
        (shared,) = system.write([change(system, below, city="Bonn")])
        assert shared.code == "address_shared"
        (named,) = system.write([change(system, below, website="https://tochter.example")])
        assert isinstance(named, Done)
        rpc(system, "res.partner", "write", [int(below)], vals={"type": "other"})
        (own,) = system.write([change(system, below, city="Bonn")])
        assert isinstance(own, Done)
        assert [record.values["city"] for record in system.read("customer", [above, below]).values()] == [PARTY["city"], "Bonn"]

    def test_a_prehistory_is_one_note(self, system):
        (record_id,) = self.made(system, PARTY)
        parent = system.ref("customer", record_id)
        write = Write(f"prehistory/{self.erp.run}", "create", "prehistory", {"body": "a\n<b> & c"}, None, parent, parent)
        (done,), (again,) = system.write([write]), system.write([write])
        assert done.ref == again.ref
        assert [record.values["body"] for record in system.find([write])[write.key]] == ["a\n<b> & c"]
        (lost,) = system.write([replace(write, key="x", parent=system.ref("customer", NO_RECORD))])
        assert isinstance(lost, Rejected)
        assert system.remove(done.ref)

    def test_an_error_is_told_by_its_class_and_without_its_traceback(self, system):
        with pytest.raises(Refused) as caught:
            rpc(system, "res.partner", "write", [int(NO_RECORD)], vals={"city": "x"})
        assert (caught.value.code, "Traceback" in caught.value.detail) == ("record_missing", False)

    def test_a_403_of_something_before_odoo_stops(self, system, monkeypatch):
        def call(*_, **__):
            raise Refused("http_403", "<html>Forbidden</html>", status=403)

        monkeypatch.setattr(self.http(system), "call", call)
        with pytest.raises(LoginRefused, match="before Odoo"):
            system.instance()

    def test_a_wrong_key_stops_and_says_what_may_be_the_matter(self, erp):
        with pytest.raises(LoginRefused, match=r"expires.*two-factor"):
            odoo(erp, key="no").instance()

    def test_a_wrong_database_is_named(self, erp):
        with pytest.raises(ConfigurationError, match="'other'"):
            odoo(erp, database="other").instance()
