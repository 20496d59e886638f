"""The Tryton connector against a real Tryton."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.registry import connect
from interlock.connectors.tryton import reading
from interlock.connectors.tryton.objects import identifier
from interlock.domain.change import Done, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable
from tests.connectors.contract import NUMBERS, PARTY, LockContract, SystemContract


def customer(**values):
    subject = Ref("hubspot:1", "", "account", f"t{next(NUMBERS)}")
    return Write(f"customer/{subject}", "create", "customer", PARTY | values, None, None, subject)


HELD_BY = {
    "city": ("party.address", "city", ["invoice", "=", True]),
    "phone": ("party.contact_mechanism", "value", ["type", "=", "phone"]),
    "register_number": ("party.identifier", "code", ["code", "like", "HR:%"]),
}


def tryton(at, company="", login="", password="", database="", **customers):
    endpoint = Endpoint(url=at.url, login=login or at.login, password=password or at.password, database=database or at.database)
    return connect("tryton", endpoint, ErpSettings(company=company), CustomerSettings(**customers))


class TestTryton(SystemContract, LockContract):
    main = "customer"

    @pytest.fixture(scope="class")
    @classmethod
    def system(cls, erp):
        cls.erp = erp
        return tryton(erp, payment_term="30 days")

    @pytest.fixture
    def reserving(self, erp):
        return tryton(erp, number="reserved")

    def another(self, system):
        return tryton(self.erp)

    def http(self, system):
        return system._rpc._http

    def small_pages(self, monkeypatch):
        monkeypatch.setattr(reading, "READ", 10)

    def made(self, system, *rows):
        writes = [customer(**row) for row in rows]
        by_key = {o.key: o.ref.id for o in system.write(writes)}
        return [by_key[write.key] for write in writes]

    def edit(self, system, record_id, field, value):
        if field == "legal_name":
            self.rpc(system, "model.party.party.write", [int(record_id)], {"name": value})
        else:
            model, name, which = HELD_BY[field]
            (row,) = system._rpc.search(model, [["party", "=", int(record_id)], which], ["id"])
            self.rpc(system, f"model.{model}.write", [row["id"]], {name: f"HR:{value}" if name == "code" else value})

    def merge(self, system, survivor, gone):
        self.rpc(system, "model.party.party.write", [int(gone)], {"active": False, "replaced_by": int(survivor)})

    def creates(self, system, count):
        return [customer() for _ in range(count)]

    def spoiled(self, system, write):
        self.rpc(system, "model.party.party.create", [{"name": "taken", "code": (code := f"TAKEN{next(NUMBERS)}")}])
        return replace(write, values=write.values | {"number": code})

    def rpc(self, system, method, *arguments):
        return system._rpc.call(method, *arguments, safe=False)

    def party(self, system, record_id, *fields):
        return self.rpc(system, "model.party.party.read", [int(record_id)], list(fields))[0]

    def identifiers(self, system, record_id):
        rows = system._rpc.search("party.identifier", [["party", "=", int(record_id)]], ["type", "code"])
        return [(row["type"], row["code"]) for row in rows if not row["code"].startswith(("il:", "HR:"))]

    def test_a_new_customer_has_number_reference_and_term(self, system):
        write = customer()
        (done,) = system.write([write])
        record = self.one(system, done.ref.id)
        assert record.values["number"] == done.results["number"] != ""
        assert record.values["references"] == [str(write.subject)]
        assert record.values["active"] is True
        assert (
            self.party(system, done.ref.id, "customer_payment_term.rec_name")["customer_payment_term."]["rec_name"] == "30 days"
        )

    def test_the_instance_names_the_database(self, system):
        assert system.instance().id.startswith(f"tryton:{self.erp.database}-")

    def test_an_unknown_payment_term_stops_and_names_the_key(self, erp):
        system = tryton(erp, payment_term="never")
        with pytest.raises(ConfigurationError, match=r"customers\.payment_term"):
            system.write([customer()])
        assert [c.name for c in system.checks() if c.level == "error"] == ["customers.payment_term"]

    def test_a_missing_right_is_named_by_doctor_and_stops_before_anything_is_written(self, system):
        admin = tryton(self.erp, company=system.ref("x", "1").company, login="admin", password=self.erp.admin_password)
        (group,) = self.rpc(admin, "model.res.group.create", [{"name": "Readers"}])
        fixed = {"perm_read": True, "perm_write": False, "perm_create": False, "perm_delete": False, "group": group}
        self.rpc(admin, "model.ir.model.access.create", [{"model": "party.address", **fixed}])
        self.rpc(admin, "model.ir.model.field.access.create", [{"model": "party.identifier", "field": "code", **fixed}])
        company, user = int(system.ref("x", "1").company), {"name": "Reader", "login": "reader", "password": "reads-customers-7"}
        links = {"groups": [["add", [group]]], "companies": [["add", [company]]], "company": company}
        self.rpc(admin, "model.res.user.create", [user | links])
        reader, write = tryton(self.erp, login="reader", password="reads-customers-7"), customer()
        (check,) = [c for c in reader.checks() if c.level != "ok"]
        assert check.name == "erp rights"
        assert {"create party.address", "write party.identifier.code"} <= set(
            check.message.removeprefix("no right to ").split(", ")
        )
        with pytest.raises(LoginRefused, match=r"create party\.address"):
            reader.write([write])
        assert system.find([write]) == {}

    @pytest.mark.parametrize(
        ("vat_id", "kind"),
        [
            ("EL094259216", "eu_vat"), ("CHE107787577MWST", "ch_vat"), ("GB980780684", "gb_vat"), ("NO995525828MVA", "no_vat"),
            ("CHE107787577", None), ("US1", None), ("DE111111111", None), ("980780684", None), ("ELX", None), ("XX", None),
        ],
    )  # fmt: skip
    def test_a_vat_id_gets_the_type_that_tryton_checks_and_reads_back_whole(self, system, vat_id, kind):
        new, changed = self.made(system, PARTY | {"vat_id": vat_id}, PARTY)
        system.write([self.update(system, self.one(system, changed), vat_id=vat_id)])
        for record_id in (new, changed):
            assert self.one(system, record_id).values["vat_id"] == vat_id
            assert [found for found, _ in self.identifiers(system, record_id)] == [kind]
        system.write([self.update(system, self.one(system, new), vat_id="DE136695976")])
        assert self.identifiers(system, new) == [("eu_vat", "DE136695976")]

    @pytest.mark.parametrize(
        ("kind", "code", "vat_id"),
        [
            ("de_vat", "136695976", "DE136695976"), ("gr_vat", "094259216", "EL094259216"),
            ("ch_vat", "CHE-107.787.577 MWST", "CHE107787577MWST"),
        ],
    )  # fmt: skip
    def test_a_vat_id_that_people_typed_is_read_with_its_country(self, system, kind, code, vat_id):
        (record_id,) = self.made(system, PARTY | {"vat_id": ""})
        self.rpc(system, "model.party.identifier.create", [{"party": int(record_id), "type": kind, "code": code}])
        assert self.one(system, record_id).values["vat_id"] == vat_id

    def test_a_missing_country_or_language_is_named(self, system):
        writes = [customer(country="AQ"), customer(language="tlh"), customer()]
        outcomes = {o.key: o for o in system.write(writes)}
        assert [getattr(outcomes[w.key], "code", "done") for w in writes] == ["country_missing", "language_missing", "done"]

    def test_a_new_country_ends_the_subdivision_of_the_old(self, system):
        (record_id,) = self.made(system, PARTY)
        (germany,) = system._rpc.search("country.country", [["code", "=", "DE"]], ["id"])
        admin = tryton(self.erp, company=system.ref("x", "1").company, login="admin", password=self.erp.admin_password)
        land = {"country": germany["id"], "code": f"DE-{next(NUMBERS)}", "name": "Land", "type": "state"}
        (land,) = self.rpc(admin, "model.country.subdivision.create", [land])
        (address,) = system._rpc.search("party.address", [["party", "=", int(record_id)]], ["id"])
        self.rpc(system, "model.party.address.write", [address["id"]], {"subdivision": land})
        assert isinstance(system.write([self.update(system, self.one(system, record_id), country="AT")])[0], Done)
        assert self.one(system, record_id).values["country"] == "AT"

    def test_a_reserved_number_is_the_key(self, reserving):
        number = f"IL{next(NUMBERS):06}"
        write = customer(number=number)
        assert reserving.traits("customer").enforces_key
        (done,) = reserving.write([write])
        assert done.results["number"] == number
        (again,) = reserving.write([write])
        assert (type(again), again.code) == (Rejected, "duplicate_code")
        assert [r.ref for r in reserving.find([write])[write.key]] == [done.ref]
        assert reserving.find([customer(number=number)]) == {}

    @pytest.mark.parametrize("fault", [SystemUnavailable("x"), RateLimited("x"), Refused("erp_fault"), LoginRefused("x")])
    def test_a_number_that_cannot_be_read_never_makes_a_second_customer(self, system, monkeypatch, fault):
        writes, real, sent = [customer() for _ in range(3)], system._rpc.call, []

        def call(method, *arguments, **rest):
            if sent and method == "model.party.party.search_read":
                raise fault
            if method == "model.party.party.create":
                sent.append(method)
            return real(method, *arguments, **rest)

        system.traits("customer")
        with monkeypatch.context() as patch:
            patch.setattr(system._rpc, "call", call)
            assert {type(o) for o in system.write(writes)} == {Unknown}
        assert len(sent) == 1
        assert {key: len(records) for key, records in system.find(writes).items()} == {w.key: 1 for w in writes}

    def test_a_login_lost_midway_does_not_hide_what_was_done(self, system, monkeypatch):
        writes = [self.update(system, self.one(system, i), city="Bonn") for i in self.made(system, PARTY, PARTY, PARTY)]
        real, sent = system._rpc.call, []

        def call(method, *arguments, **rest):
            if method == "model.party.party.write":
                sent.append(method)
                if len(sent) > 1:
                    raise LoginRefused("x")
            return real(method, *arguments, **rest)

        monkeypatch.setattr(system._rpc, "call", call)
        assert [type(o).__name__ for o in system.write(writes)] == ["Done", "NotSent", "NotSent"]

    def test_an_ended_session_is_renewed(self, system):
        system.instance()
        system._rpc._authorization = "Session " + "eHg6MTp4"
        assert isinstance(system.write([customer()])[0], Done)

    def test_a_wrong_password_stops(self, erp):
        with pytest.raises(LoginRefused):
            tryton(erp, password="no").instance()

    def test_a_wrong_database_is_named(self, erp, monkeypatch):
        system = tryton(erp, database="other")

        def call(*_, **__):
            raise Refused("http_404", status=404)

        monkeypatch.setattr(self.http(system), "call", call)  # Tryton says so after half a minute only
        with pytest.raises(ConfigurationError, match="'other'"):
            system.instance()

    def test_a_refused_read_breaks_the_contract(self, system):
        with pytest.raises(ContractBroken, match=r"model\.party\.party\.search_read"):
            system._rpc.search("party.party", [["colour", "=", "red"]], ["name"])

    def test_what_was_deactivated_does_not_count(self, system):
        (record_id,) = self.made(system, PARTY)
        rows = system._rpc.search("party.contact_mechanism", [["party", "=", int(record_id)], ["type", "=", "phone"]], ["value"])
        self.rpc(system, "model.party.contact_mechanism.write", [row["id"] for row in rows], {"active": False})
        record = self.one(system, record_id)
        assert record.values["phone"] == ""
        assert isinstance(system.write([self.update(system, record, phone="+49307654321")])[0], Done)
        assert self.one(system, record_id).values["phone"] == "+49307654321"

    def test_a_blocked_customer_is_still_found(self, system):
        write = customer()
        (done,) = system.write([write])
        self.rpc(system, "model.party.party.write", [int(done.ref.id)], {"active": False})
        (record,) = system.find([write])[write.key]
        assert record.values["active"] is False

    def test_the_reference_of_a_replaced_customer_finds_its_replacement(self, system):
        writes = [customer(), customer()]
        gone, survivor = (o.ref for o in system.write(writes))
        self.merge(system, survivor.id, gone.id)
        assert {key: [r.ref for r in records] for key, records in system.find(writes).items()} == {
            w.key: [survivor] for w in writes
        }

    def test_a_customer_in_use_is_not_removed(self, system):
        (record_id,) = self.made(system, PARTY)
        (company,) = system._rpc.search("company.company", [], ["party"])
        assert not system.remove(system.ref("customer", str(company["party"])))
        assert system.remove(system.ref("customer", record_id))
        assert system.read("customer", [record_id]) == {}


@pytest.mark.parametrize("company", ["Muster GmbH", "1a"])
def test_a_company_is_named_by_its_id(erp, company):
    with pytest.raises(ConfigurationError, match=r"erp\.company"):
        tryton(erp, company=company).instance()


@pytest.mark.parametrize(("types", "kind"), [({"eu_vat", "de_vat"}, "eu_vat"), ({"de_vat"}, "de_vat"), (set(), None)])
def test_only_types_that_the_erp_allows_are_used(types, kind):
    assert identifier("vat_id", "DE136695976", types)["type"] == kind


def test_an_unknown_connector_names_the_known():
    with pytest.raises(ConfigurationError, match="hubspot"):
        connect("sap", Endpoint(url="http://x"), ErpSettings(), CustomerSettings())
