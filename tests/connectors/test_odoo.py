"""The Odoo connector against a real Odoo, or against what one answered (see `recording`)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from interlock.connectors.odoo import checks
from interlock.connectors.odoo.api import FIRST_JSON2, Rpc
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable
from tests.connectors import odoo_hands
from tests.connectors.contract import PARTY, SystemContract, kinds, party
from tests.connectors.odoo_hands import Hands, administrator, customer, odoo, rpc

erp = odoo_hands.erp
SEQUENCE = [["code", "=", "res.partner"]]


def partner(system, record_id, *fields):
    return system._rpc.of_ids("res.partner", [int(record_id)], fields)[int(record_id)]


class TestOdoo(Hands, SystemContract):
    def test_a_new_customer_has_number_reference_and_term(self, erp):
        term = "30 Days"
        system, write = odoo(erp, payment_term=term), customer(erp)
        (done,) = system.write([write])
        record = self.one(system, done.ref.id)
        assert record.values["number"] == done.results["number"] != ""
        assert record.values["references"] == [str(write.subject)]
        assert record.values["active"] is True
        found = partner(system, done.ref.id, "property_payment_term_id", "is_company", "street", "street2", "lang")
        assert found["property_payment_term_id"][1] == term
        assert (found["street"], found["street2"], found["lang"], found["is_company"]) == ("Weg 1", "Hinterhaus", "de_DE", True)

    def test_the_numbers_are_the_erps_own_and_follow_each_other(self, system):
        writes = self.creates(system, 3)
        outcomes = {o.key: o for o in system.write(writes)}
        numbers = [outcomes[write.key].results["number"] for write in writes]
        assert {number[0] for number in numbers} == {"K"}
        assert [int(number[1:]) - int(numbers[0][1:]) for number in numbers] == [0, 1, 2]

    def test_a_sequence_out_of_use_numbers_nobody(self, system):
        admin = administrator(self.erp)
        (ours,) = admin._rpc.search("ir.sequence", SEQUENCE, ["company_id"])
        rpc(admin, "ir.sequence", "write", [ours["id"]], vals={"company_id": False})
        former = {"name": "Former", "code": "res.partner", "prefix": "X", "active": False, "company_id": 1}
        (made,) = admin._rpc.create("ir.sequence", [former])
        try:
            (done,) = system.write([customer(self.erp)])
            assert done.results["number"][0] == "K"
        finally:
            rpc(admin, "ir.sequence", "unlink", [made])
            company = ours["company_id"] and ours["company_id"][0]
            rpc(admin, "ir.sequence", "write", [ours["id"]], vals={"company_id": company})

    def test_a_repeated_create_changes_nothing(self, system):
        write = customer(self.erp)
        (first,) = system.write([write])
        self.edit(system, first.ref.id, "city", "Kiel")
        before = self.one(system, first.ref.id)
        (again,) = system.write([write])
        assert (again.ref, again.results) == (first.ref, first.results)
        after = self.one(system, first.ref.id)
        assert (after.revision, after.modified_at) == (before.revision, before.modified_at)
        assert system.traits("customer").enforces_key

    def test_a_customer_whose_link_was_deleted_is_found_again_by_a_create(self, system):
        write = customer(self.erp)
        (done,) = system.write([write])
        note = system._rpc.search(
            "mail.message", [["res_id", "=", int(done.ref.id)], ["message_id", "like", "interlock"]], ["id"]
        )
        rpc(administrator(self.erp), "mail.message", "unlink", [row["id"] for row in note])
        assert system.find([write]) == {}
        (again,) = system.write([write])
        assert again.ref == done.ref
        assert self.one(system, done.ref.id).values["references"] == []
        reference = str(write.subject)
        assert isinstance(system.write([self.update(system, self.one(system, done.ref.id), references=[reference])])[0], Done)
        assert [record.ref for record in system.find([write])[write.key]] == [done.ref]
        assert self.one(system, done.ref.id).values["references"] == [reference]

    def test_the_instance_names_the_database(self, system):
        assert system.instance().id.startswith(f"odoo:{self.erp.own['DB']}-")

    def test_an_unknown_payment_term_stops_and_names_the_key(self, erp):
        system = odoo(erp, payment_term="never")
        with pytest.raises(ConfigurationError, match=r"customers\.payment_term"):
            system.write([customer(erp)])
        assert [c.name for c in system.checks() if c.level == "error"] == ["customers.payment_term"]

    def test_a_missing_sequence_is_named_by_doctor_and_stops_before_anything_is_written(self, erp):
        system, admin, write = odoo(erp), administrator(erp), customer(erp)
        ids = [row["id"] for row in admin._rpc.search("ir.sequence", SEQUENCE, ["id"])]
        rpc(admin, "ir.sequence", "write", ids, vals={"active": False})
        try:
            (check,) = [c for c in system.checks() if c.level != "ok"]
            with pytest.raises(ConfigurationError, match=r"res\.partner"):
                system.write([write])
        finally:
            rpc(admin, "ir.sequence", "write", ids, vals={"active": True})
        assert (check.name, check.level) == ("erp customer numbers", "error")
        assert 'customers.number = "reserved"' in check.cure
        assert system.find([write]) == {}

    def test_a_missing_right_is_named_by_doctor_and_stops_before_anything_is_written(self, system):
        reader, write = odoo_hands.reader(self.erp), customer(self.erp)
        (check,) = [c for c in reader.checks() if c.level != "ok"]
        assert (check.name, check.level) == ("erp rights", "error")
        assert check.message == "no right to create res.partner, write res.partner, unlink res.partner"
        with pytest.raises(LoginRefused, match=r"create res\.partner"):
            reader.write([write])
        assert system.find([write]) == {}

    def test_doctor_warns_before_the_key_ends(self, system, monkeypatch):
        odoo_hands.not_in(system, 17, "keys do not end there")
        monkeypatch.setattr(checks, "WARNED_BEFORE", timedelta(days=100))
        (check,) = [c for c in system.checks() if c.level != "ok"]
        assert (check.name, check.level) == ("erp API key", "warning")
        assert check.message.startswith("ends on 20")

    @pytest.mark.parametrize(
        ("vat_id", "country"),
        [
            ("EL094259216", "GR"), ("CHE107787577MWST", "CH"), ("GB980780684", "GB"), ("NO995525828MVA", "NO"),
            ("ATU13585627", "DE"), ("US1", "US"),
        ],
    )  # fmt: skip
    def test_a_vat_id_that_the_erp_takes_reads_back_whole(self, system, vat_id, country):
        place = {"vat_id": vat_id, "country": country}
        new, changed = self.made(system, PARTY | place, PARTY)
        system.write([self.update(system, self.one(system, changed), **place)])
        assert [self.one(system, record_id).values["vat_id"] for record_id in (new, changed)] == [vat_id, vat_id]

    @pytest.mark.parametrize(("typed", "country", "vat_id"), [("GR094259216", "GR", "EL094259216"), ("/", "DE", "")])
    def test_a_vat_id_that_people_typed_is_read_as_it_is_meant(self, system, typed, country, vat_id):
        (record_id,) = self.made(system, PARTY | {"vat_id": "", "country": country})
        rpc(system, "res.partner", "write", [int(record_id)], vals={"vat": typed})
        assert self.one(system, record_id).values["vat_id"] == vat_id

    @pytest.mark.parametrize("vat_id", ["DE111111111", "980780684", "CHE107787577"])
    def test_a_vat_id_that_the_erp_refuses_holds_back_its_customer_alone(self, system, vat_id):
        bad, good = customer(self.erp, vat_id=vat_id), customer(self.erp)
        outcomes = {o.key: o for o in system.write([bad, good])}
        assert (outcomes[bad.key].code, type(outcomes[good.key])) == ("refused_by_erp", Done)
        assert "VAT" in outcomes[bad.key].detail
        assert "Traceback" not in outcomes[bad.key].detail

    def test_a_missing_country_or_language_is_named(self, system):
        writes = [customer(self.erp, country="ZZ"), customer(self.erp, language="tlh"), customer(self.erp)]
        outcomes = {o.key: o for o in system.write(writes)}
        assert [getattr(outcomes[w.key], "code", "done") for w in writes] == ["country_missing", "language_missing", "done"]

    def test_a_new_country_ends_the_state_of_the_old(self, system):
        (record_id,) = self.made(system, PARTY)
        (land,) = system._rpc.search("res.country.state", [["country_id.code", "=", "DE"]], ["id"], limit=1)
        rpc(system, "res.partner", "write", [int(record_id)], vals={"state_id": land["id"]})
        assert isinstance(system.write([self.update(system, self.one(system, record_id), country="AT", vat_id="")])[0], Done)
        assert partner(system, record_id, "state_id")["state_id"] is False
        assert self.one(system, record_id).values["country"] == "AT"

    def test_a_reserved_number_is_taken_once(self, erp):
        system = odoo(erp, number="reserved")
        number = f"IL-{erp.run}"
        write, other = customer(erp, number=number), customer(erp, number=number)
        (done,) = system.write([write])
        assert done.results["number"] == number
        (again,) = system.write([write])
        assert (again.ref, again.results) == (done.ref, {"number": number})
        (taken,) = system.write([other])
        assert (type(taken), taken.code) == (Rejected, "duplicate_code")
        assert [r.ref for r in system.find([write])[write.key]] == [done.ref]
        assert system.find([other]) == {}

    def test_a_customer_under_the_reserved_number_is_found_without_our_link(self, erp):
        system = odoo(erp, number="reserved")
        write = customer(erp, number=f"IL-{erp.run}")
        (made,) = system._rpc.create("res.partner", [{"name": "von Hand", "ref": write.values["number"]}])
        assert [r.ref.id for r in system.find([write])[write.key]] == [str(made)]

    @pytest.mark.parametrize("fault", [SystemUnavailable("x"), RateLimited("x"), Refused("erp_fault"), LoginRefused("x")])
    def test_a_number_that_cannot_be_read_never_makes_a_second_customer(self, system, monkeypatch, fault):
        writes, real, sent = self.creates(system, 3), Rpc.of_ids, []

        def of_ids(rpc, model, ids, fields):
            if fields == ["ref"]:
                sent.append(ids)
                raise fault
            return real(rpc, model, ids, fields)

        with monkeypatch.context() as patch:
            patch.setattr(Rpc, "of_ids", of_ids)
            assert {type(o) for o in system.write(writes)} == {Unknown}
        assert len(sent) == 1
        assert {key: len(records) for key, records in system.find(writes).items()} == {w.key: 1 for w in writes}

    def test_numbers_are_drawn_for_as_long_as_there_is_time(self, system, monkeypatch):
        writes = self.creates(system, 2)
        monkeypatch.setattr("interlock.connectors.odoo.writing.DRAWING", -1)
        assert kinds(system.write(writes)) == {write.key: NotSent for write in writes}
        assert system.find(writes) == {}

    def test_a_login_lost_midway_does_not_hide_what_was_done(self, system, monkeypatch):
        writes = [self.update(system, self.one(system, i), city="Bonn") for i in self.made(system, PARTY, PARTY, PARTY)]
        real, sent = system._rpc.call, []

        def call(model, method, *arguments, **rest):
            if method == "write":
                sent.append(method)
                if len(sent) > 1:
                    raise LoginRefused("x")
            return real(model, method, *arguments, **rest)

        monkeypatch.setattr(system._rpc, "call", call)
        assert [type(o).__name__ for o in system.write(writes)] == ["Done", "NotSent", "NotSent"]

    def test_a_change_given_up_for_others_was_not_sent(self, system, monkeypatch):
        odoo_hands.not_in(system, 19, "over /json/2 that is a status 500, after which the change is looked up")
        writes, real = self.creates(system, 2), self.http(system).call
        busy = {"error": {"data": {"name": "psycopg2.errors.SerializationFailure", "message": "could not serialize"}}}
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", lambda *a, safe, **k: real(*a, safe=safe, **k) if safe else busy)
            assert kinds(system.write(writes)) == {write.key: NotSent for write in writes}
        assert system.find(writes) == {}

    @pytest.mark.parametrize("name", ["OperationalError", "InterfaceError", "pool.PoolError", "errors.AdminShutdown"])
    def test_a_database_that_is_away_refuses_no_record(self, system, monkeypatch, name):
        odoo_hands.not_in(system, 19, "over /json/2 that is a status 500, which says so")
        writes, real = self.creates(system, 2), self.http(system).call
        away = {"error": {"data": {"name": f"psycopg2.{name}", "message": "server closed the connection unexpectedly"}}}
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", lambda *a, safe, **k: real(*a, safe=safe, **k) if safe else away)
            assert kinds(system.write(writes)) == {write.key: Unknown for write in writes}
            patch.setattr(self.http(system), "call", lambda *a, **k: away)
            with pytest.raises(SystemUnavailable):
                system.read("customer", ["1"])

    def test_a_change_before_the_write_is_a_conflict(self, system):
        write, other = self.updates(system)
        self.edit(system, write.ref.id, "phone", "+49405555555")
        assert kinds(system.write([write, other])) == {write.key: Conflict, other.key: Done}
        assert party(self.one(system, write.ref.id).values) == PARTY | {"phone": "+49405555555"}

    def test_a_wrong_key_stops_and_says_what_may_be_the_matter(self, erp):
        with pytest.raises(LoginRefused, match=r"expires.*two-factor"):
            odoo(erp, key="no").instance()

    def test_a_wrong_database_is_named(self, erp):
        with pytest.raises(ConfigurationError, match="'other'"):
            odoo(erp, database="other").instance()

    def test_another_company_than_the_users_is_named(self, erp):
        with pytest.raises(ConfigurationError, match=r"erp\.company"):
            odoo(erp, company="4711").instance()

    def test_a_company_is_named_by_its_id(self, erp):
        with pytest.raises(ConfigurationError, match=r"erp\.company"):
            odoo(erp, company="Muster GmbH").instance()

    def test_a_refused_read_breaks_the_contract(self, system):
        told = SystemUnavailable if system._rpc.major >= FIRST_JSON2 else ContractBroken  # there it is a status 500
        with pytest.raises(told, match=r"res\.partner.search_read"):
            system._rpc.search("res.partner", [["colour", "=", "red"]], ["name"])

    def test_an_archived_customer_is_still_found(self, system):
        write = customer(self.erp)
        (done,) = system.write([write])
        rpc(system, "res.partner", "write", [int(done.ref.id)], vals={"active": False})
        (record,) = system.find([write])[write.key]
        assert record.values["active"] is False

    def test_the_reference_of_a_merged_customer_finds_what_is_left(self, system):
        writes = self.creates(system, 2)
        outcomes = {o.key: o.ref for o in system.write(writes)}
        gone, survivor = (outcomes[write.key] for write in writes)
        self.merge(system, survivor.id, gone.id)
        found = system.find(writes)
        assert {key: [r.ref for r in records] for key, records in found.items()} == {w.key: [survivor] for w in writes}
        assert sorted(found[writes[0].key][0].values["references"]) == sorted(str(write.subject) for write in writes)
        (again,) = system.write([writes[0]])
        assert again.ref == survivor

    def test_what_people_wrote_never_leads_to_another_customer(self, system):
        gone, other = self.made(system, PARTY, PARTY)
        said = {"body": f"siehe A <x> (ID {gone})", "message_type": "comment"}
        rpc(system, "res.partner", "message_post", [int(other)], **said)
        assert system.remove(system.ref("customer", gone))
        assert system.read("customer", [gone]) == {}

    def test_a_customer_in_use_is_not_removed(self, system):
        record_id, with_person = self.made(system, PARTY, PARTY)
        (company,) = system._rpc.search("res.company", [], ["partner_id"])
        assert not system.remove(system.ref("customer", str(company["partner_id"][0])))
        system._rpc.create("res.partner", [{"name": "von Hand", "parent_id": int(with_person)}])
        assert not system.remove(system.ref("customer", with_person))
        assert system.remove(system.ref("customer", record_id))
        assert set(system.read("customer", [record_id, with_person])) == {with_person}

    def test_a_company_below_another_is_a_customer_of_its_own(self, system):
        odoo_hands.not_in(system, 19, "19 gives both the same address")
        above, below = self.made(system, PARTY, PARTY | {"legal_name": "Tochter GmbH", "vat_id": ""})
        since = self.one(system, above).modified_at
        self.erp.tape.wait(1.1)
        rpc(system, "res.partner", "write", [int(below)], vals={"parent_id": int(above)})
        self.edit(system, below, "city", "Kiel")
        listed = {record.ref.id: record for page in system.changed("customer", since) for record in page.records}
        assert (listed[below].values["city"], listed[below].values["vat_id"]) == ("Kiel", "")
        assert isinstance(system.write([self.update(system, self.one(system, below), city="Bonn")])[0], Done)
        assert [self.one(system, i).values["city"] for i in (above, below)] == [PARTY["city"], "Bonn"]
        assert not system.remove(system.ref("customer", above))

    def test_employees_are_no_customers(self, system):
        (customer_id,) = self.made(system, PARTY)
        since = self.one(system, customer_id).modified_at
        (user,) = system._rpc.search("res.users", [["login", "=", self.erp.own["LOGIN"]]], ["partner_id"])
        employee = user["partner_id"][0]
        self.erp.tape.wait(1.1)
        rpc(administrator(self.erp), "res.partner", "write", [employee], vals={"city": "Kiel"})
        assert partner(system, employee, "write_date")["write_date"] > partner(system, customer_id, "write_date")["write_date"]
        listed = {record.ref.id for page in system.changed("customer", since) for record in page.records}
        assert customer_id in listed
        assert str(employee) not in listed
