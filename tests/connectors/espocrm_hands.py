"""What people do in EspoCRM, for tests: against a real one, or against what one answered (see `recording`).

A real one is named by ESPOCRM_URL, ESPOCRM_KEY (of an API user, `docs/espocrm.md`), ESPOCRM_ADMIN (an administrator's
`name:password`); it is one to throw away, prepared by `interlock setup espocrm --apply`.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
from dataclasses import replace

import pytest
import requests  # noqa: TID251 - a person's own program
from pydantic import SecretStr

from interlock.config import CrmSettings, CustomerSettings, Endpoint
from interlock.connectors.espocrm import api
from interlock.connectors.registry import connect
from interlock.domain.change import Write
from tests.connectors import contract
from tests.connectors.recording import taped

SCOPES = ("Account", "Opportunity", "Contact", "Call", "Meeting", "Email", "Task", "Note", "User", "CContract", "CContractLine")
READ = ("siteUrl", "version", "recordListMaxSizeLimit")
KEPT = {*SCOPES} - {"User"}  # of whose fields the role's rights are kept
UNREAD = {"createdById", "createdByName", "modifiedById", "modifiedByName", "versionNumber", "followersNames"}


def scrubbed(text):
    """Keep of large answers only what the connector reads."""
    try:
        body = json.loads(text)
    except ValueError:
        return text
    if isinstance(body, dict) and {"user", "acl", "settings"} <= body.keys():
        table = body["acl"]["table"]
        body = {
            "user": {"id": body["user"]["id"]},
            "acl": {
                "table": {scope: table[scope] for scope in SCOPES if scope in table},
                "fieldTable": {
                    scope: fields for scope, fields in dict(body["acl"].get("fieldTable") or {}).items() if scope in KEPT
                },
                "assignmentPermission": body["acl"].get("assignmentPermission"),
            },
            "settings": {name: body["settings"][name] for name in READ if name in body["settings"]},
        }
    elif isinstance(body, dict) and body and all(isinstance(one, dict) and "type" in one for one in body.values()):
        kept = ("type", "options", "readOnly", "optionsReference", "disabled")
        body = {name: {key: one[key] for key in kept if key in one} for name, one in body.items()}
    elif isinstance(body, dict) and "fields" in body and "links" in body:
        body = {key: body[key] for key in ("optimisticConcurrencyControl",) if key in body}
    elif isinstance(body, dict) and {"id", "deleted"} <= body.keys():
        body = {name: value for name, value in body.items() if value is not None and name not in UNREAD}
        body |= {name: "0" * 32 for name in ("apiKey", "secretKey") if name in body}
    else:
        return text
    return json.dumps(body)


def of_server(request, name):
    """Return ESPOCRM_KEY and the like; a module whose SERVER is espocrm9 takes ESPOCRM9_KEY and so on."""
    return os.environ.get(f"{getattr(request.module, 'SERVER', 'espocrm').upper()}_{name}", "")


def emptied(address, administrator):
    """Begin without accounts, so that listings are short."""
    login = base64.b64encode(administrator.encode()).decode()
    all_of_them = {"entityType": "Account", "action": "delete", "params": {"where": []}, "data": {}}
    answer = requests.post(f"{address}/api/v1/MassAction", json=all_of_them, headers={"Espo-Authorization": login}, timeout=60)
    assert answer.ok, answer.headers.get("X-Status-Reason")


@pytest.fixture
def tape(request, monkeypatch):
    """The test's recording, or a real server that is recorded or not; keys of writes are the same at every run."""
    monkeypatch.setattr(contract, "NUMBERS", itertools.count(1))
    monkeypatch.setitem(contract.PARTY, "legal_name", "Käse & Söhne GmbH")  # EspoCRM takes no < > = in names
    key = of_server(request, "KEY")
    name = f"{request.node.parent.name}-{request.node.name}"
    if address := of_server(request, "URL").rstrip("/"):
        emptied(address, of_server(request, "ADMIN"))
    with taped(getattr(request.module, "SERVER", "espocrm"), name, {key: "api-key"} if key else {}, scrubbed) as tape:
        yield tape


class Hands:
    """What the contract asks for, done through EspoCRM's own interface as an administrator."""

    main, batched = "account", False

    @pytest.fixture
    def system(self, tape, request):
        self.tape, self.numbers = tape, itertools.count(1)
        self.key, self.admins = of_server(request, "KEY") or "x", of_server(request, "ADMIN") or "admin:x"
        self.admin = self.as_administrator()
        return self.connected()

    def as_administrator(self):
        session = requests.Session()
        login = base64.b64encode(self.admins.encode()).decode()
        session.headers.update({"Espo-Authorization": login, "X-Skip-Duplicate-Check": "true"})
        return session

    def connected(self, login="", secret="", **settings):
        key = SecretStr(secret or self.key)
        crm = CrmSettings(system="espocrm", **{"balances": True, **settings})
        return connect("espocrm", Endpoint(url=self.tape.url, login=login, token=key), crm, CustomerSettings())

    def another(self, system):
        return self.connected()

    def http(self, system):
        return system._api._http

    def now(self):
        return self.tape.now

    def small_pages(self, monkeypatch, system=None):
        monkeypatch.setattr(api.Api, "page", 10)

    def call(self, method, path, body=None):
        answer = self.admin.request(method, f"{self.tape.url}/api/v1/{path}", json=body, timeout=30)
        assert answer.ok, (answer.status_code, answer.headers.get("X-Status-Reason"), answer.text)
        return answer.json() if answer.content else None

    def make(self, scope, **values):
        return self.call("POST", scope, values)["id"]

    def person(self, name, **values):
        """The user of a name, made if there is none."""
        named = json.dumps({"where": [{"type": "equals", "attribute": "userName", "value": name}], "select": ["id"]})
        found = self.admin.get(f"{self.tape.url}/api/v1/User", params={"searchParams": named}, timeout=30).json()["list"]
        given = {"userName": name, "lastName": name, **values}
        return self.call("PUT", f"User/{found[0]['id']}", given) if found else self.call("POST", "User", given)

    def administrator(self, **settings):
        name, _, password = self.admins.partition(":")
        return self.connected(name, password, **settings)

    def contract(self, account, **values):
        said = {"number": "SC-1", "status": "active", "startDate": "2026-01-01", "billingInterval": "month", "currency": "EUR"}
        return self.make("CContract", name="Wartung", accountId=account, **said | values)

    def line(self, contract, **values):
        return self.make("CContractLine", **{"name": "Wartung", "product": "W", "quantity": "1", "contractId": contract} | values)

    def made(self, system, *rows):
        names = system.settings.account_properties
        return [self.make("Account", **{names[name]: value for name, value in row.items()}) for row in rows]

    def edit(self, system, record_id, field, value):
        self.tape.wait(1.1)  # EspoCRM's times are whole seconds
        self.call("PUT", f"Account/{record_id}", {system.settings.account_properties[field]: value})

    def merge(self, system, survivor, gone):
        body = {"sourceIdList": [gone], "attributes": {}}
        self.call("POST", "Action", {"entityType": "Account", "action": "merge", "id": survivor, "data": body})

    def creates(self, system, count):
        (account,) = self.made(system, contract.PARTY)
        parent, values = system.ref("account", account), {"body": "a < b & c\nd", "time": "2026-03-01T10:00:00+00:00"}
        keys = (f"note/{next(self.numbers)}/{parent}" for _ in range(count))
        return [Write(key, "create", "note", values, None, parent, parent) for key in keys]

    def spoiled(self, system, write):
        return replace(write, parent=system.ref("account", contract.NO_RECORD))
