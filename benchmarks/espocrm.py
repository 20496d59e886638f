"""(j) EspoCRM's connector beside the same calls without it, against a real EspoCRM to throw away (ESPOCRM_URL, _KEY, _ADMIN).

    python -m benchmarks.espocrm --size 1000 --pairs 3

Accounts are made once. Reading: all of them as records, beside the same pages asked for and thrown away. Writing: one
field of two hundred, beside the same changes sent bare. Both sides go through the same HTTP session class.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import uuid
from time import perf_counter

from pydantic import SecretStr

from benchmarks.stand import company, compared
from interlock.config import CrmSettings, CustomerSettings, Endpoint
from interlock.connectors.espocrm.client import EspoCrm
from interlock.connectors.registry import connect
from interlock.domain.change import Done, Write
from interlock.http import Http

WRITES = 200


def connected() -> EspoCrm:
    settings = CrmSettings(system="espocrm")
    endpoint = Endpoint(url=os.environ["ESPOCRM_URL"], token=SecretStr(os.environ["ESPOCRM_KEY"]))
    return connect("espocrm", endpoint, settings, CustomerSettings())


def filled(crm: EspoCrm, size: int) -> None:
    login = base64.b64encode(os.environ["ESPOCRM_ADMIN"].encode()).decode()
    headers = {"Espo-Authorization": login, "X-Skip-Duplicate-Check": "true"}
    http, names = Http(os.environ["ESPOCRM_URL"], crm.settings.http, "EspoCRM"), crm.settings.account_properties
    for number in range(size):
        values = {names[field]: value for field, value in company(number).items() if field in names and "<" not in value}
        http.call("POST", "/api/v1/Account", safe=False, json=values, headers=headers)


def pages(bare: Http, headers: dict[str, str], select: list[str], size: int) -> int:
    last: list[dict[str, str]] = []
    seen = 0
    while True:
        asked = {"where": last, "select": select, "orderBy": "id", "order": "asc", "maxSize": 200}
        rows = bare.call("GET", "/api/v1/Account", safe=True, params={"searchParams": json.dumps(asked)}, headers=headers)["list"]
        seen += len(rows)
        if len(rows) < 200:
            assert seen >= size
            return seen
        last = [{"type": "greaterThan", "attribute": "id", "value": rows[-1]["id"]}]


def reading(crm: EspoCrm, size: int) -> tuple[float, float]:
    select = ["id", "createdAt", "modifiedAt", *crm.settings.account_properties.values(), "assignedUserName"]
    bare, headers = Http(os.environ["ESPOCRM_URL"], crm.settings.http, "EspoCRM"), bare_headers()
    begin = perf_counter()
    records = [record for page in crm.changed("account", None) for record in page.records]
    took, begin = perf_counter() - begin, perf_counter()
    assert len(records) == pages(bare, headers, select, size)
    return took, perf_counter() - begin


def writing(crm: EspoCrm) -> tuple[float, float]:
    records = [record for page in crm.changed("account", None) for record in page.records][:WRITES]
    bare, headers, sides = Http(os.environ["ESPOCRM_URL"], crm.settings.http, "EspoCRM"), bare_headers(), []
    batch = crm.traits("account").batch
    state = uuid.uuid4().hex[:8]
    begin = perf_counter()
    writes = [Write(r.ref.id, "update", "account", {"sync_state": state}, r.ref, None, r.ref, r) for r in records]
    for start in range(0, len(writes), batch):
        assert all(isinstance(outcome, Done) for outcome in crm.write(writes[start : start + batch]))
    sides.append(perf_counter() - begin)
    begin, name = perf_counter(), crm.settings.account_properties["sync_state"]
    for record in records:
        body = {name: uuid.uuid4().hex[:8]}
        bare.call("PUT", f"/api/v1/Account/{record.ref.id}", safe=False, json=body, headers=headers)
    sides.append(perf_counter() - begin)
    return sides[0], sides[1]


def bare_headers() -> dict[str, str]:
    return {"X-Api-Key": os.environ["ESPOCRM_KEY"], "X-No-Total": "true"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=1_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    crm = connected()
    filled(crm, chosen.size)
    print(f"  {crm.instance().product} {crm.instance().version}")
    compared("(j) EspoCRM", chosen.pairs, {
        "read all accounts": lambda: reading(crm, chosen.size),
        f"change {WRITES}": lambda: writing(crm),
    })  # fmt: skip


if __name__ == "__main__":
    main()
