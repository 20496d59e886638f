"""(i) What customers pay, from a real Tryton into the CRM within its limits: many changed invoices, and a night without any.

    python -m benchmarks.payments --size 10000 --pairs 3

Every customer has a contract. First two invoices of each are paid: Interlock's run is measured beside a bare update, which
reads the same part of the debtors' ledger once (changed receivables, and the debtors' unallocated money, for it stands in the
balance) and makes the same batch writes of balances, contracts and notes, without looking before or after; and beside all calls
of the run made again. Then, over five times as many invoices of which a fifth is open, a night in which nothing changed, beside
the bare read of receivables: those changed since, and by id each that is open or was closed lately. Both sides use the same
connectors, within the limits that the sandbox CRM keeps.
"""

from __future__ import annotations

import argparse
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from time import perf_counter
from typing import Any

from benchmarks.end_to_end import Recorder, replay
from benchmarks.many_invoices import OneCustomer, Sold
from benchmarks.quota import PER, RATE
from benchmarks.stand import SETTINGS, UNLIMITED, Pair, cluster, company, engine, ratio, store
from interlock.config import parse
from interlock.domain.record import Record
from interlock.engine.context import Engine, Scope
from interlock.engine.payments import PAYMENTS
from interlock.engine.run import run
from interlock.ports.system import Check
from interlock.store import crosswalk, people
from interlock_sandbox.demo.contracts import prepare
from interlock_sandbox.demo.history import linked
from interlock_sandbox.stack.postgres import Postgres

FREE = SETTINGS.replace("[crm]\n", "[crm]\nbalances = true\n")
PACED = FREE.replace(UNLIMITED, f"http = {{ requests = {RATE}, per_seconds = {PER} }}", 1)
SEARCHES = 5  # a second, as the sandbox has it
FRESH = (Sold(10), Sold(9))
OLD = (
    *(Sold(300 - 10 * n, paid=270 - 10 * n) for n in range(14)), Sold(80, paid=50), Sold(60, paid=30),
    Sold(38), Sold(20), Sold(15), Sold(9),
)  # fmt: skip
"""A fifth open, one of them late; two paid within `payments.reopen_days`, the others before."""
BALANCE = "account_balance"
LEDGER = ("receivable", "debtor")
Calls = list[tuple[str, str, tuple[Any, ...]]]


class Ledger(Recorder):
    """A recorder that is seen to keep the debtors' ledger."""

    def numbered(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        return self._system.numbered(numbers)

    def bank_booked_on(self) -> date | None:
        return self._system.bank_booked_on()

    def receivable_checks(self) -> Iterator[Check]:
        return self._system.receivable_checks()


class Requests:
    """When a CRM was asked, in seconds, which of it were writes, and how often it answered `not now`."""

    def __init__(self, crm: Any) -> None:
        self.at, self.writes, self.refused = list[float](), list[float](), 0
        crm._api._http._session.hooks["response"].append(self._note)  # noqa: SLF001 - below all that paces and repeats

    def _note(self, answer: Any, *_: object, **__: object) -> None:
        self.at.append(perf_counter() - answer.elapsed.total_seconds())
        self.refused += answer.status_code == 429
        if answer.request.path_url.endswith(("/batch/update", "/batch/create")):
            self.writes.append(self.at[-1])

    def __str__(self) -> str:
        begin, windows = self.writes[0], int((self.writes[-1] - self.writes[0]) // PER)
        used = sum(begin <= at < begin + windows * PER for at in self.at)
        share = f", {used / windows / RATE:.2f} of the quota" if windows else ""
        return (
            f"{len(self.at)} requests to the CRM, {len(self.writes)} of them writes within {self.writes[-1] - begin:.1f} s, "
            f"in {windows} whole windows {used} of {windows * RATE} permitted{share}; {self.refused} answered 429 and repeated"
        )


def fill(pair: Pair, dsn: str, one: OneCustomer, customers: int) -> None:
    """Make an account with a contract for each customer, and link them."""
    prepare(pair.sandbox)
    rows = [{"properties": {"name": company(n)["legal_name"], "country": "DE"}} for n in range(customers)]
    accounts = pair.sandbox.create("companies", rows)
    names = parse(FREE).crm.contract_properties
    said = ({names["name"]: "C", names["number"]: f"SC-{n}", names["status"]: "active"} for n in range(customers))
    pair.sandbox.create("service_contracts", [linked("service_contracts", a, p) for a, p in zip(accounts, said, strict=True)])
    machine = engine(dsn, pair.connect(parse(FREE)), FREE, PAYMENTS)
    links = [
        (str(machine.crm.ref("account", account)), str(machine.erp.ref("customer", one.customer(n))), one.customer(n), "bench")
        for n, account in enumerate(accounts)
    ]
    with machine.database.begin() as tx:
        crosswalk.link_new(tx, links)
    machine.database.close()


def night(machine: Engine) -> tuple[float, dict[str, Any]]:
    """Run once; returns seconds and the report."""
    name, begin = uuid.uuid4().hex, perf_counter()
    counts = run(machine, Scope(name))
    seconds = perf_counter() - begin
    assert counts["rejected"] + counts["waiting"] + counts["held"] + counts["failed"] == 0, counts
    with machine.database.begin() as tx:
        return seconds, people.report(tx, name) or {}


def loaded(pair: Pair, dsn: str, customers: int, sold: Sequence[Sold]) -> OneCustomer:
    """Fill both systems, and run until nothing is left to be said."""
    begin = perf_counter()
    one = OneCustomer(pair.erp, sold)
    one.multiply(customers)
    fill(pair, dsn, one, customers)
    filled, machine = perf_counter() - begin, engine(dsn, pair.connect(parse(FREE)), PACED, PAYMENTS)
    seconds, report = night(machine)
    assert report["counts"]["updated"] + report["counts"]["created"] == customers, report["counts"]
    assert not night(machine)[1]["changes"]
    machine.database.close()
    print(f"  {customers * len(sold):,} invoices filled in {filled:.0f} s, first load without limits {seconds:.0f} s: ", end="")
    print(spoken(report["seconds"]), flush=True)
    return one


def spoken(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{step} {took:.1f} s" for step, took in seconds.items())


def limited(pair: Pair) -> tuple[Any, Any]:
    """Connect, and set the CRM's limits to what is permitted."""
    systems = pair.connect(parse(PACED))
    for kind in (BALANCE, "contract_payment"):
        systems[0].read(kind, ["1"])  # connected, and what it asks only once is asked
    pair.sandbox.call("POST", "/sandbox/settings", {"rate": RATE, "per": PER, "search_rate": SEARCHES})
    return systems


def recorded(systems: tuple[Any, Any], calls: Calls, spent: defaultdict[str, float]) -> list[Recorder]:
    return [Recorder(systems[0], "crm", calls, spent), Ledger(systems[1], "erp", calls, spent)]


def paid(postgres: Postgres, customers: int) -> None:
    """Prepare customers who all paid since the last run, and keep all three databases."""
    pair, dsn = Pair(postgres, "pay"), store(postgres, "prepared")
    one = loaded(pair, dsn, customers, FRESH)
    since = one.time()
    for invoice in one.open:
        one.pay(invoice)
    one.multiply(customers, since)
    pair.stop(keep=2)
    for kept, name in (("filled_crm", "pay_crm"), ("filled_erp", "pay_erp"), ("filled_store", "prepared")):
        postgres.create(kept, name)
    for name in pair.names:
        postgres.drop(name)


def ours(postgres: Postgres, number: int, customers: int, calls: Calls) -> float:
    pair, spent = Pair(postgres, "pay", "filled_crm", "filled_erp"), defaultdict[str, float](float)
    systems = limited(pair)
    asked = Requests(systems[0])
    machine = engine(postgres.create(f"store{number}", "filled_store"), recorded(systems, calls, spent), PACED, PAYMENTS)
    seconds, report = night(machine)
    machine.database.close()
    pair.stop()
    made = [write for _, method, arguments in calls if method == "write" for write in arguments[0]]
    assert len(made) == 2 * len(FRESH) * customers, len(made)
    assert not report["balances"]["differing"], report["balances"]
    print(f"  {spoken(report['seconds'])}; in the CRM {spent['crm']:.1f} s, in the ERP {spent['erp']:.1f} s", flush=True)
    print(f"  ours: {asked}", flush=True)
    return seconds


def again(postgres: Postgres, calls: Calls) -> float:
    """Make calls of a run again on copies of the same."""
    pair = Pair(postgres, "pay", "filled_crm", "filled_erp")
    systems = dict(zip(("crm", "erp"), limited(pair), strict=True))
    asked = Requests(systems["crm"])
    seconds = replay(systems, calls)
    print(f"  bare: {asked}", flush=True)
    balances = [w.ref.id for _, method, (asked_for, *_) in calls if method == "write" for w in asked_for if w.kind == BALANCE]
    assert {record.values["open"] for record in systems["crm"].read(BALANCE, balances).values()} == {"0"}
    pair.stop()
    return seconds


def changed(postgres: Postgres, customers: int, pairs: int) -> None:
    paid(postgres, customers)
    sides: list[tuple[float, float, float]] = []
    for number in range(pairs):
        calls: Calls = []
        took = ours(postgres, number, customers, calls)
        needed = [call for call in calls if call[1] == "write" or (call[1] == "changed" and call[2][0] in LEDGER)]
        sides.append((took, again(postgres, needed), again(postgres, calls)))
    mine, bare, same = map(list, zip(*sides, strict=True))
    ratio(f"(i) {2 * customers:,} paid invoices to the CRM", "1.25", mine, bare, "bare updates")
    ratio("    the same, beside all its calls made again", "none", mine, same, "same calls")


def calm(postgres: Postgres, customers: int, pairs: int) -> None:
    pair, dsn = Pair(postgres, "calm"), store(postgres, "calm")
    loaded(pair, dsn, customers, OLD)
    systems, sides = limited(pair), list[tuple[float, float]]()
    for _ in range(pairs):
        calls, spent = Calls(), defaultdict[str, float](float)
        machine = engine(dsn, recorded(systems, calls, spent), PACED, PAYMENTS)
        took, report = night(machine)
        machine.database.close()
        assert not report["changes"], report["changes"]
        assert all(method != "write" for _, method, _ in calls)
        print(f"  {spoken(report['seconds'])}; in the CRM {spent['crm']:.1f} s, in the ERP {spent['erp']:.1f} s", flush=True)
        needed = [call for call in calls if call[1] in {"changed", "read"} and call[2][0] == "receivable"]
        sides.append((took, replay({"crm": systems[0], "erp": systems[1]}, needed)))
    pair.stop()
    mine, bare = map(list, zip(*sides, strict=True))
    ratio(f"(i) a night over {len(OLD) * customers:,} invoices, 0 writes", "1.2", mine, bare, "bare read")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=10_000)
    options.add_argument("--pairs", type=int, default=3)
    options.add_argument("--only", choices=["changed", "calm"])
    chosen = options.parse_args()
    import great_expectations  # noqa: F401, PLC0415 - as Airflow's scheduler has it loaded before a task begins

    with cluster() as postgres:
        if chosen.only != "calm":
            changed(postgres, chosen.size // len(FRESH), chosen.pairs)
        if chosen.only != "changed":
            calm(postgres, 5 * chosen.size // len(OLD), chosen.pairs)


if __name__ == "__main__":
    main()
