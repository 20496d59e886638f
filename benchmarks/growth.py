"""(e) Records through gather, check and decide: how time grows with their number, and how much memory it takes.

    python -m benchmarks.growth --sizes 1000 10000 100000

Two systems in memory, so that nothing but the engine and its store is measured. Half of the accounts are customers that changed,
one in ten is new, the others are no business of the process. Every size runs in a process of its own. Processor time is
this process's and the server's, and tells more than the clock where other work shares the machine.
"""

from __future__ import annotations

import gc
import json
import math
from collections import defaultdict
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any

import psutil

from benchmarks.sizes import each_size, peak
from benchmarks.stand import SETTINGS, cluster, company, engine, store
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine import plan
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock_sandbox.stack.postgres import Postgres
from tests.engine.memory import Memory

WON = "2026-02-01T00:00:00+00:00"
BACK = {"customer_number": "", "sync_state": "", "synced_at": ""}
PAGE = 200


class Paged(Memory):
    """The systems in memory, listing pages of the usual size without sorting or searching everything anew each time.

    Each page has records of its own, as a page from a real system would; else their texts would be kept for good.
    """

    def changed(self, kind: str, since: Any) -> Any:
        rows = [r for r in self.of(kind) if since is None or r.modified_at >= since]
        for start in range(0, len(rows), PAGE):
            part = rows[start : start + PAGE]
            yield Page([replace(record) for record in part], part[-1].modified_at)

    def children(self, kind: str, parents: Any) -> Any:
        for parent in parents:
            yield from self.under[kind, parent]

    @cached_property
    def under(self) -> defaultdict[tuple[str, Ref], list[Record]]:
        found = defaultdict(list)
        for record in self.records.values():
            if record.parent:
                found[record.ref.kind, record.parent].append(record)
        return found


def systems(size: int) -> tuple[Paged, Paged]:
    crm, erp = Paged("m:crm"), Paged("m:erp")
    for number in range(size):
        key = str(number)
        account = crm.put("account", key, **(company(key) | BACK))
        if number % 10 < 5:
            customer = company(key) | {"number": f"K{key}", "references": [str(account)], "active": True, "city": "Potsdam"}
            erp.put("customer", key, **customer)
        if number % 10 < 6:
            crm.put("deal", f"d{key}", parent=account, name="Deal", won_at=WON)
    return crm, erp


def processor(postgres: Postgres) -> float:
    """Return the seconds of processor time that this process and the server have had, ended connections included."""
    server = postgres.server()
    assert server is not None
    times = [psutil.Process().cpu_times(), *(child.cpu_times() for child in server.children())]
    ended = server.cpu_times()
    return sum(time.user + time.system for time in times) + ended.children_user + ended.children_system


def one(size: int) -> None:
    """Measure one size, and print it as JSON: seconds a step, processor time, peak memory in MB above what the records take.

    Python's collector leaves the records of the systems alone, which really are in other processes.
    """
    import great_expectations  # noqa: F401, PLC0415 - as Airflow's scheduler has it loaded before a task begins

    with cluster() as postgres:
        pair = systems(size)
        machine = engine(store(postgres, "growth"), pair, SETTINGS)
        gc.collect()
        gc.freeze()
        before, spent, seconds = peak(), processor(postgres), {}
        batch = machine.open(Scope("bench"))
        for name, step in (("gather", gather), ("check", plan.check), ("decide", plan.decide)):
            begin = perf_counter()
            step(machine, batch)
            seconds[name] = round(perf_counter() - begin, 2)
        spent = processor(postgres) - spent
        with machine.database.begin() as tx:
            row = tx.execute("SELECT count(DISTINCT subject) AS n FROM interlock.change").fetchone()
            assert row is not None
            assert 0.95 * size * 6 // 10 <= row["n"] <= size * 6 // 10, row  # a few are asked about
        machine.database.close()
        assert isinstance(next(iter(pair[0].records)), Ref)
        print(json.dumps({"seconds": seconds, "processor": round(spent, 2), "memory": round(peak() - before)}))


def exponent(points: list[tuple[int, float]]) -> float:
    """Return the slope of log time over log size by least squares."""
    xs, ys = [math.log(size) for size, _ in points], [math.log(seconds) for _, seconds in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def main() -> None:
    clock, processor = [], []
    for size, found in each_size("growth", __doc__, one):
        clock.append((size, sum(found["seconds"].values())))
        processor.append((size, found["processor"]))
        steps = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in found["seconds"].items())
        print(f"  {size:>7,} records: {steps}; processor time {found['processor']:.2f} s; ", end="")
        print(f"peak memory above the records {found['memory']} MB", flush=True)
    if len(clock) > 1:
        print(f"(e) growth exponent: {exponent(clock):.2f} (goal 1.05), of processor time {exponent(processor):.2f}")


if __name__ == "__main__":
    main()
