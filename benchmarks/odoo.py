"""(k) Odoo's connector beside the same calls without it, against a real Odoo to throw away (ODOO_URL, _DB, _LOGIN, _KEY).

    python -m benchmarks.odoo --size 1000 --pairs 3

Creating: customers in batches as a run sends them, beside the calls that this made, made again for others of new names.
Reading: all of them as records, and all of the debtors' ledger that there is, beside the same pages thrown away. Both sides
go through the same HTTP session class.
"""

from __future__ import annotations

import argparse
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from unittest.mock import patch

from pydantic import SecretStr

from benchmarks.stand import company, compared
from interlock.config import CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.odoo.client import Odoo
from interlock.connectors.registry import connect
from interlock.domain.change import Done, Write
from interlock.domain.identity import Ref
from interlock.http import Http

Calls = list[tuple[tuple[str, str], dict[str, Any]]]


def connected() -> Odoo:
    own = {name: os.environ[f"ODOO_{name}"] for name in ("URL", "DB", "LOGIN", "KEY")}
    endpoint = Endpoint(url=own["URL"], login=own["LOGIN"], database=own["DB"], token=SecretStr(own["KEY"]))
    return connect("odoo", endpoint, ErpSettings(system="odoo"), CustomerSettings())


@contextmanager
def noted() -> Iterator[Calls]:
    """Note down what is called meanwhile."""
    calls: Calls = []
    door = Http.call

    def call(http: Http, *place: str, **given: Any) -> Any:
        calls.append((place, given))
        return door(http, *place, **given)

    with patch.object(Http, "call", call):
        yield calls


def again(erp: Odoo, calls: Calls, change: Callable[[str], str] = str) -> float:
    """Make calls again, after a change of what they say; returns the seconds they took."""
    bare = Http(os.environ["ODOO_URL"], erp.settings.http, "Odoo")
    asked = [
        (place, given | {"json": json.loads(change(json.dumps(given["json"])))}) for place, given in calls if given.get("json")
    ]
    begin = perf_counter()
    for place, given in asked:
        answer = bare.call(*place, **given)
        assert not isinstance(answer, dict) or "error" not in answer, answer
    return perf_counter() - begin


def creating(erp: Odoo, size: int) -> tuple[float, float]:
    mark, other = uuid.uuid4().hex[:12], uuid.uuid4().hex[:12]
    names = {"legal_name", "street", "postal_code", "city", "country", "language", "phone", "website", "register_number"}
    writes = []
    for number in range(size):
        values = {name: value for name, value in company(number).items() if name in names}
        subject = Ref("hubspot:1", "", "account", f"{mark}-{number}")
        writes.append(Write(f"customer/{subject}", "create", "customer", values | {"vat_id": ""}, None, None, subject))
    batch = erp.traits("customer").batch
    with noted() as calls:
        begin = perf_counter()
        for start in range(0, size, batch):
            outcomes = erp.write(writes[start : start + batch])
            assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes[0]
        took = perf_counter() - begin
    return took, again(erp, calls, lambda text: text.replace(mark, other))


def reading(erp: Odoo, size: int) -> tuple[float, float]:
    with noted() as calls:
        begin = perf_counter()
        records = [record for page in erp.changed("customer", None) for record in page.records]
        took = perf_counter() - begin
    assert len(records) >= size
    return took, again(erp, calls)


def ledger(erp: Odoo) -> tuple[float, float]:
    with noted() as calls:
        begin = perf_counter()
        records = [record for page in erp.changed("receivable", None) for record in page.records]
        took = perf_counter() - begin
    print(f"  {len(records)} receivables, {len(calls)} calls")
    return took, again(erp, calls)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=1_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    erp = connected()
    print(f"  {erp.instance().product} {erp.instance().version}")
    compared("(k) Odoo", chosen.pairs, {
        f"create {chosen.size} customers": lambda: creating(erp, chosen.size),
        "read all customers": lambda: reading(erp, chosen.size),
        "read all receivables": lambda: ledger(erp),
    })  # fmt: skip


if __name__ == "__main__":
    main()
