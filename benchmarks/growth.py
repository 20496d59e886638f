"""(e) Records through gather, check and decide: how time grows with their number, and how much memory it takes.

    python -m benchmarks.growth --sizes 1000 10000 100000

Two systems in memory, so that nothing but the engine and its store is measured. Half of the accounts are customers that changed,
one in ten is new, the others are no business of the process. Every size runs in a process of its own.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from functools import cached_property
from time import perf_counter
from typing import Any

from benchmarks.sizes import each_size, peak
from benchmarks.stand import SETTINGS, cluster, company, engine, store
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine import plan
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from tests.engine.memory import Memory

WON = "2026-02-01T00:00:00+00:00"
BACK = {"customer_number": "", "sync_state": "", "synced_at": ""}
PAGE = 200


class Paged(Memory):
    """The systems in memory, listing pages of the usual size without sorting or searching everything anew each time."""

    def changed(self, kind: str, since: Any) -> Any:
        rows = [r for r in self.of(kind) if since is None or r.modified_at >= since]
        for start in range(0, len(rows), PAGE):
            yield Page(rows[start : start + PAGE], rows[min(start + PAGE, len(rows)) - 1].modified_at)

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


def one(size: int) -> None:
    """Measure one size, and print it as JSON: seconds a step, peak memory in MB above what the records take."""
    import great_expectations  # noqa: F401, PLC0415 - as Airflow's scheduler has it loaded before a task begins

    with cluster() as postgres:
        pair = systems(size)
        machine = engine(store(postgres, "growth"), pair, SETTINGS)
        before, seconds = peak(), {}
        batch = machine.open(Scope("bench"))
        for name, step in (("gather", gather), ("check", plan.check), ("decide", plan.decide)):
            begin = perf_counter()
            step(machine, batch)
            seconds[name] = round(perf_counter() - begin, 2)
        with machine.database.begin() as tx:
            row = tx.execute("SELECT count(DISTINCT subject) AS n FROM interlock.change").fetchone()
            assert row is not None
            assert 0.95 * size * 6 // 10 <= row["n"] <= size * 6 // 10, row  # a few are asked about
        machine.database.close()
        assert isinstance(next(iter(pair[0].records)), Ref)
        print(json.dumps({"size": size, "seconds": seconds, "memory": round(peak() - before)}))


def exponent(points: list[tuple[int, float]]) -> float:
    """Return the slope of log time over log size by least squares."""
    xs, ys = [math.log(size) for size, _ in points], [math.log(seconds) for _, seconds in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def main() -> None:
    points = []
    for size, found in each_size("growth", __doc__, one):
        points.append((size, sum(found["seconds"].values())))
        steps = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in found["seconds"].items())
        print(f"  {size:>7,} records: {steps}; peak memory above the records {found['memory']} MB", flush=True)
    if len(points) > 1:
        print(f"(e) growth exponent: {exponent(points):.2f} (goal 1.05)")


if __name__ == "__main__":
    main()
