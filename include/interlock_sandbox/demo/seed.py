"""About sixty accounts in all stages, ten of them dirty, the same ones every time (fixed seed)."""

from __future__ import annotations

import json
import random
import string
import urllib.request
from datetime import date, datetime
from typing import Any

from faker import Faker
from stdnum.at import uid
from stdnum.de import vat
from stdnum.nl import btw

from interlock.config import load
from interlock_sandbox.demo import contracts
from interlock_sandbox.demo.history import history
from interlock_sandbox.stack.paths import ROOT

Row = dict[str, Any]
SEED = 20_260_101
PLACES = (["DE"] * 36) + ["AT", "AT", "AT", "AT", "FR", "FR", "FR", "NL", "NL", "NL", "CH", "CH", "US", "US"]
LOCALE = {"DE": "de_DE", "AT": "de_AT", "FR": "fr_FR", "NL": "nl_NL", "CH": "de_CH", "US": "en_US"}
DIAL = {"DE": "49", "AT": "43", "FR": "33", "NL": "31", "CH": "41", "US": "1"}
LANGUAGE = {"DE": "de", "AT": "de", "CH": "de", "FR": "fr", "NL": "nl", "US": "en"}
STAGES = ("appointmentscheduled", "qualifiedtobuy", "closedwon", "closedwon", "closedlost")
OWNERS: tuple[Row, ...] = (
    {"email": "b.sommer@muster.example", "firstName": "Britta", "lastName": "Sommer"},
    {"email": "k.winter@muster.example", "firstName": "Karim", "lastName": "Winter"},
    {"email": "h.herbst@muster.example", "firstName": "Hanna", "lastName": "Herbst", "archived": True},
)
DIRTY: tuple[Row, ...] = (
    {"name": ""}, {"country": ""}, {"vat_id": "DE111111111"}, {"country": "Atlantis"}, {"phone": "030 1234567"},
    {"name": "X" * 5000}, {"zip": "'; DROP TABLE"}, {"website": "not an address"}, {"language": "Klingonisch"}, {"zip": ""},
)  # fmt: skip


FAMILY = ((7, 2), (12, 7))  # (child, parent) among the clean accounts, all of them won
TO_PARENT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}


class Crm:
    """The few calls that seeding needs."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def call(self, method: str, path: str, body: Row | list[Row] | None = None) -> Row:
        request = urllib.request.Request(  # noqa: S310 - the sandbox
            self.url + path, json.dumps(body).encode() if body is not None else None, method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return dict(json.loads(answer.read() or b"{}"))

    def create(self, kind: str, rows: list[Row]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), 100):
            answer = self.call("POST", f"/crm/v3/objects/{kind}/batch/create", {"inputs": rows[start : start + 100]})
            ids += [row["id"] for row in answer["results"]]
        return ids


def seed(crm: Crm, today: date | None = None) -> int:
    """Fill an empty CRM; returns how many accounts were made, 0 when there were some already.

    today: the local date from which the contracts' dates are reckoned, the demo company's own if none is given.
    """
    if crm.call("GET", "/crm/v3/objects/companies?limit=1")["results"]:
        return 0
    chance = random.Random(SEED)
    fakers = {country: Faker(locale) for country, locale in LOCALE.items()}
    for number, faker in enumerate(fakers.values()):
        faker.seed_instance(SEED + number)
    clean = [_account(chance, fakers[country], country) for country in PLACES]
    dirty = [_account(chance, fakers["DE"], "DE") | flaw for flaw in DIRTY]
    owners = [crm.call("POST", "/sandbox/owners", owner)["id"] for owner in OWNERS]
    for number, row in enumerate(clean + dirty):
        row["hubspot_owner_id"] = owners[number % len(owners)]
    accounts = crm.create("companies", [{"properties": row} for row in clean + dirty])
    for child, parent in FAMILY:
        path = f"/crm/v4/objects/companies/{accounts[child]}/associations/companies/{accounts[parent]}"
        crm.call("PUT", path, [TO_PARENT])
    records: dict[str, list[Row]] = {}
    for number, (account, row) in enumerate(zip(accounts, clean + dirty, strict=True)):
        stage = "closedwon" if number >= len(clean) else STAGES[number % len(STAGES)]
        country = PLACES[number] if number < len(clean) else "DE"
        german, name = LANGUAGE[country] == "de", "" if len(row["name"]) > 100 else row["name"]
        owner = row["hubspot_owner_id"]
        for kind, record in history(chance, fakers[country], account, name, number + 1, stage, owner, german=german):
            records.setdefault(kind, []).append(record)
    for kind, rows in records.items():
        crm.create(kind, rows)
    settings = load(ROOT / "interlock.toml")
    contracts.add(crm, accounts, today or datetime.now(settings.zone).date(), settings.billing_rules.go_live)
    return len(accounts)


def _account(chance: random.Random, faker: Faker, country: str) -> Row:
    name = faker.company()
    digits = "".join(chance.choice(string.digits) for _ in range(8))
    return {
        "name": name, "country": country, "language": LANGUAGE[country], "vat_id": _vat(country, chance),
        "register_number": f"HRB {digits[:5]}" if country == "DE" else "", "phone": f"+{DIAL[country]} {digits[:2]} {digits[2:]}",
        "website": f"www.{faker.domain_name()}", "address": faker.street_address().replace("\n", " "), "zip": faker.postcode(),
        "city": faker.city(), "source_campaign": chance.choice(["Hannover Messe 2026", "Newsletter", "Empfehlung"]),
    }  # fmt: skip


def _vat(country: str, chance: random.Random) -> str:
    while True:
        digits = "".join(chance.choice(string.digits) for _ in range(8))
        if country == "DE":
            number = "1" + digits
            if vat.is_valid(number):
                return f"DE{number}"
        elif country == "AT":
            number = f"U{digits}"
            if uid.is_valid(number):
                return f"AT{number}"
        elif country == "NL":
            number = f"1{digits}B01"
            if btw.is_valid(number):
                return f"NL{number}"
        else:
            return ""
