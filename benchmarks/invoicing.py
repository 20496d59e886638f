"""(h) Due periods of contracts, invoiced and reported back, beside the same calls to both systems without store or Airflow.

    python -m benchmarks.invoicing --size 2000 --pairs 3

Each contract has four months to catch up; each invoice takes three steps in the ERP and a note in the CRM. Both sides begin with
copies of the same CRM, ERP and integration database, in which the accounts are customers already.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from time import perf_counter
from typing import Any

from benchmarks.end_to_end import Recorder, compare, replay
from benchmarks.stand import SETTINGS, UNLIMITED, Pair, engine, fill, store
from interlock.config import parse
from interlock.engine.context import Scope
from interlock.engine.invoices import INVOICES
from interlock.engine.run import run
from interlock.store import people
from interlock_sandbox.demo.contracts import prepare
from interlock_sandbox.demo.history import linked
from interlock_sandbox.stack.postgres import Postgres
from tests.companies import BILLING as SELLER

MONTHS = 4
AS_OF = date(2026, 6, 1)
PATIENT = UNLIMITED.replace(" }", ", sending_seconds = 36000 }")  # both sides must split their calls alike
BILLING = SETTINGS.replace(UNLIMITED, PATIENT) + SELLER
CONTRACT = {
    "status": "active", "customer_kind": "business", "start": "2026-01-01", "initial_term": "36", "renewal_mode": "none",
    "notice_value": "3", "notice_unit": "month", "interval": "month", "billed": "arrears", "billed_through": "2026-01-31",
    "currency": "EUR",
}  # fmt: skip
LINES = (
    {"product": "WARTUNG", "description": "Wartung", "quantity": "1", "unit_price": "149.50", "tax_class": "standard"},
    {"product": "WARTUNG", "description": "Bereitschaft", "quantity": "2", "unit_price": "35", "tax_class": "standard"},
)


def prepared(postgres: Postgres, size: int) -> None:
    """Make customers with contracts, and keep all three databases as they are then."""
    pair, dsn = Pair(postgres, "bill"), store(postgres, "prepared")
    fill(pair.sandbox, size // MONTHS)
    machine = engine(dsn, pair.connect(parse(BILLING)), BILLING)
    run(machine, Scope("customers"))
    with machine.database.begin() as tx:
        accounts = [row["account"].rsplit("/", 1)[1] for row in tx.execute("SELECT account FROM interlock.crosswalk").fetchall()]
    machine.database.close()
    prepare(pair.sandbox)
    names, line_names = parse(BILLING).crm.contract_properties, parse(BILLING).crm.contract_line_properties
    made = [
        linked("service_contracts", account, {names[f]: v for f, v in (CONTRACT | {"name": "C", "number": f"SC-{n}"}).items()})
        for n, account in enumerate(accounts)
    ]
    contracts = pair.sandbox.create("service_contracts", made)
    rows = [
        linked("line_items", contract, {line_names[f]: v for f, v in line.items()}, "service_contracts")
        for contract in contracts
        for line in LINES
    ]
    pair.sandbox.create("line_items", rows)
    pair.stop(keep=2)
    for kept, name in (("filled_crm", "bill_crm"), ("filled_erp", "bill_erp"), ("filled_store", "prepared")):
        postgres.create(kept, name)
    for name in pair.names:
        postgres.drop(name)


def ours(postgres: Postgres, number: int, size: int, calls: list[Any]) -> tuple[float, dict[str, float], defaultdict[str, float]]:
    pair, spent = Pair(postgres, "bill", "filled_crm", "filled_erp"), defaultdict[str, float](float)
    systems = [Recorder(s, name, calls, spent) for s, name in zip(pair.connect(parse(BILLING)), ("crm", "erp"), strict=True)]
    machine = engine(postgres.create(f"store{number}", "filled_store"), systems, BILLING, INVOICES)
    begin = perf_counter()
    run(machine, Scope("bench", as_of=AS_OF))
    seconds = perf_counter() - begin
    with machine.database.begin() as tx:
        report = people.report(tx, "bench") or {}
    machine.database.close()
    pair.stop()
    (total,) = report["money"]["invoiced"]["sums"]
    assert total["invoices"] == size // MONTHS * MONTHS, report["counts"]
    return seconds, report["seconds"], spent


def bare(postgres: Postgres, number: int, size: int, calls: list[Any]) -> float:  # noqa: ARG001 - one pair at a time
    pair = Pair(postgres, "bill", "filled_crm", "filled_erp")
    systems = dict(zip(("crm", "erp"), pair.connect(parse(BILLING)), strict=True))
    seconds = replay(systems, calls)
    posted = [r for page in systems["erp"].changed("invoice", None) for r in page.records if r.values["state"] == "posted"]
    assert len(posted) == size // MONTHS * MONTHS, len(posted)
    pair.stop()
    return seconds


if __name__ == "__main__":
    compare(__doc__, "(h) {} due periods invoiced", prepared, ours, bare)
