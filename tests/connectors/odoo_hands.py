"""What tests of the Odoo connector share: the server or its recording, and hands that act on Odoo as people do there."""

from __future__ import annotations

import itertools
import os
import re
from types import SimpleNamespace

import pytest

from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.odoo import reading
from interlock.connectors.odoo.api import FIRST_JSON2
from interlock.connectors.odoo.checks import HAS_ACCESS
from interlock.connectors.registry import connect
from interlock.domain.change import Write
from interlock.domain.identity import Ref
from tests.connectors.contract import PARTY
from tests.connectors.recording import taped

TRACEBACK = re.compile(r'"debug": "(?:[^"\\]|\\.)*"')
DATABASE_SERVER = re.compile(r"connection to server at [^,]*, port \d+ ")
HOST = re.compile(r"(-openerp-[\w.-]*)@[\w.-]+")
COUNTRY = re.compile(r'\{"id": \d+, "code": "(?!(?:AT|CH|DE|GB|GR|NO|US)")[A-Z]{2}"\}, ')
NAMES = {"legal_name": "name", "city": "city", "phone": "phone", "register_number": "company_registry"}
KEY_OF = """
keys = env["res.users.apikeys"].with_user({})
action = {{"key": keys._generate("rpc", "reader", datetime.datetime.now() + datetime.timedelta(days=30))}}
"""
MERGE = "base.partner.merge.automatic.wizard"


def scrub(text):
    """Keep neither a traceback nor an address or host name, and only those countries that the tests speak of."""
    told = HOST.sub(r"\1@odoo.test", DATABASE_SERVER.sub("", TRACEBACK.sub('"debug": ""', text)))
    return COUNTRY.sub("", told)


@pytest.fixture
def erp(request):
    """Where Odoo is, and a mark that tells this run's records from those of others.

    Live with ODOO_URL, ODOO_DB, ODOO_LOGIN, ODOO_KEY (a user's API key) and ODOO_ADMIN_PASSWORD (the password of `admin`, or a
    key of its); a module whose SERVER is odoo19 takes ODOO19_URL and so on.
    """
    server = getattr(request.module, "SERVER", "odoo")
    test = request.node.nodeid.partition("::")[2].replace("::", ".")
    own = {name: os.environ.get(f"{server.upper()}_{name}", "") for name in ("URL", "DB", "LOGIN", "KEY", "ADMIN_PASSWORD")}
    run = f"r{os.urandom(5).hex()}"
    secrets = {own["KEY"]: "key-of-interlock", own["ADMIN_PASSWORD"]: "password-of-admin", own["DB"]: "erp", run: "run"}
    if not own["URL"]:
        own |= {"DB": "erp", "LOGIN": "interlock", "KEY": "key-of-interlock", "ADMIN_PASSWORD": "password-of-admin"}
        run, secrets = "run", {}
    with taped(server, test, {text: other for text, other in secrets.items() if text}, scrub) as tape:
        yield SimpleNamespace(tape=tape, run=run, numbers=itertools.count(1), own=own)


def odoo(at, company="", login="", key="", password="", database="", **customers):
    secret = {"password": password} if password else {"token": key or at.own["KEY"]}
    endpoint = Endpoint(url=at.tape.url, login=login or at.own["LOGIN"], database=database or at.own["DB"], **secret)
    return connect("odoo", endpoint, ErpSettings(system="odoo", company=company), CustomerSettings(**customers))


def with_rights(system):
    """Spare a recording the questions for each right, which tests of their own ask."""
    system._writer.__dict__["_missing"] = []
    return system


def administrator(at):
    return odoo(at, login="admin", key=at.own["ADMIN_PASSWORD"])


def not_in(system, major, why):
    """Leave out what a version does not have, or does otherwise, which tests of its own say."""
    if system._rpc.major == major:
        pytest.skip(f"not in Odoo {major}: {why}")


def locks_sales(system):
    """Name the lock date that binds sales only; 17 has none but that of taxes."""
    return "sale_lock_date" if system._rpc.major >= HAS_ACCESS else "tax_lock_date"


def reader(at):
    """Somebody who may read and little else, with a connection of their own; from 19 on a password opens nothing, a key does."""
    admin, login, secret = administrator(at), f"reader-{at.run}", "reads-customers-7"
    _, group = admin._rpc.read("ir.model.data", "check_object_reference", module="base", xml_id="group_user")
    groups = "group_ids" if admin._rpc.major >= FIRST_JSON2 else "groups_id"
    user = {"name": "Reader", "login": login, "password": secret, groups: [[6, 0, [group]]]}
    (made,) = admin._rpc.create("res.users", [user])
    if admin._rpc.major < FIRST_JSON2:
        return odoo(at, login=login, password=secret)
    return odoo(at, login=login, key=key_of(admin, made))


def key_of(admin, user):
    """Give somebody a key, which Odoo lets nobody do for others but in code of a server action."""
    _, model = admin._rpc.read("ir.model.data", "check_object_reference", module="base", xml_id="model_res_users")
    code = KEY_OF.format(user)
    made = admin._rpc.create("ir.actions.server", [{"name": "Key", "model_id": model, "state": "code", "code": code}])
    return rpc(admin, "ir.actions.server", "run", made)["key"]


def customer(at, **values):
    subject = Ref("hubspot:1", "", "account", f"{at.run}-{next(at.numbers)}")
    return Write(f"customer/{subject}", "create", "customer", PARTY | values, None, None, subject)


def rpc(system, model, method, ids, **named):
    return system._rpc.call(model, method, ids, safe=False, **named)


class Hands:
    """The hands that the contract asks for."""

    main = "customer"

    @pytest.fixture
    def system(self, erp):
        self.erp = erp
        return with_rights(odoo(erp))

    def another(self, system):
        return odoo(self.erp)

    def now(self):
        return self.erp.tape.now

    def http(self, system):
        return system._rpc._http

    def small_pages(self, monkeypatch):
        monkeypatch.setattr(reading, "READ", 10)

    def made(self, system, *rows):
        writes = [customer(self.erp, **row) for row in rows]
        by_key = {o.key: o.ref.id for o in system.write(writes)}
        return [by_key[write.key] for write in writes]

    def edit(self, system, record_id, field, value):
        self.erp.tape.wait(1.1)  # Odoo tells the second only
        rpc(system, "res.partner", "write", [int(record_id)], vals={NAMES[field]: value})

    def merge(self, system, survivor, gone):
        both = [int(survivor), int(gone)]
        wizard = {"partner_ids": [[6, 0, both]], "dst_partner_id": int(survivor), "state": "selection"}
        rpc(system, MERGE, "action_merge", system._rpc.create(MERGE, [wizard]))

    def creates(self, system, count):
        return [customer(self.erp) for _ in range(count)]

    def spoiled(self, system, write):
        return Write(write.key, write.operation, write.kind, write.values | {"vat_id": "DE1"}, None, None, write.subject)
