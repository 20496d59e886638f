"""(a) Accounts end to end, beside the same calls to both systems in the same batches without store or Airflow.

    python -m benchmarks.end_to_end --size 2000 --pairs 3

Both sides use the same connectors. The calls of a run are recorded, and made again in the same order on fresh copies of the
same CRM and ERP.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from benchmarks.stand import SETTINGS, Pair, cluster, engine, fill, ratio, store
from interlock.config import parse
from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.store import people
from interlock_sandbox.stack.postgres import Postgres

Call = tuple[str, str, tuple[Any, ...]]
RECORDED = {"changed", "read", "children", "find", "write"}


class Recorder:
    """A system whose calls are noted down, with the seconds spent in each."""

    def __init__(
        self, system: Any, name: str, calls: list[tuple[str, str, tuple[Any, ...]]], spent: defaultdict[str, float]
    ) -> None:
        self._system, self._name, self._calls, self._spent = system, name, calls, spent

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._system, method)
        return (lambda *arguments: self._call(method, found, arguments)) if method in RECORDED else found

    def _call(self, method: str, found: Any, arguments: tuple[Any, ...]) -> Any:
        self._calls.append((self._name, method, arguments))
        with self._clock():
            answer = found(*arguments)
        return self._timed(answer) if hasattr(answer, "__next__") else answer

    def _timed(self, pages: Iterator[Any]) -> Iterator[Any]:
        while True:
            with self._clock():
                page = next(pages, None)
            if page is None:
                return
            yield page

    @contextmanager
    def _clock(self) -> Iterator[None]:
        begin = perf_counter()
        yield
        self._spent[self._name] += perf_counter() - begin


def ours(postgres: Postgres, number: int, size: int, calls: list[Any]) -> tuple[float, dict[str, float], defaultdict[str, float]]:
    pair, spent = Pair(postgres, f"ours{number}", "filled"), defaultdict[str, float](float)
    systems = [Recorder(s, name, calls, spent) for s, name in zip(pair.connect(parse(SETTINGS)), ("crm", "erp"), strict=True)]
    machine = engine(store(postgres, f"store{number}"), systems)
    begin = perf_counter()
    counts = run(machine, Scope("bench"))
    seconds = perf_counter() - begin
    assert counts["created"] == size, counts
    with machine.database.begin() as tx:
        parts = (people.report(tx, "bench") or {})["seconds"]
    machine.database.close()
    pair.stop()
    return seconds, parts, spent


def replay(systems: dict[str, Any], calls: list[Any]) -> float:
    """Make recorded calls again, one after the other; returns the seconds they took."""
    begin = perf_counter()
    for name, method, arguments in calls:
        answer = getattr(systems[name], method)(*arguments)
        if hasattr(answer, "__next__"):
            for _ in answer:
                pass
    return perf_counter() - begin


def bare(postgres: Postgres, number: int, size: int, calls: list[Any]) -> float:
    pair = Pair(postgres, f"bare{number}", "filled")
    systems = dict(zip(("crm", "erp"), pair.connect(parse(SETTINGS)), strict=True))
    seconds = replay(systems, calls)
    made = sum(len(page.records) for page in systems["erp"].changed("customer", None))
    assert made >= size, made
    pair.stop()
    return seconds


def prepared(postgres: Postgres, size: int) -> None:
    """Fill a CRM, and keep its database as the others' beginning."""
    first = Pair(postgres, "first")
    fill(first.sandbox, size)
    first.stop(keep=1)
    postgres.create("filled", "first_crm")


def compare(
    doc: str | None, title: str, prepare: Callable[[Postgres, int], None], mine: Callable[..., Any], theirs: Callable[..., float]
) -> None:
    """Measure a run, and its calls made again without it, pair by pair; `{}` in the title is the size."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=2_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    import great_expectations  # noqa: F401, PLC0415 - as Airflow's scheduler has it loaded before a task begins

    with cluster() as postgres:
        prepare(postgres, chosen.size)
        left, right = [], []
        for number in range(chosen.pairs):
            calls: list[Any] = []
            seconds, parts, spent = mine(postgres, number, chosen.size, calls)
            left.append(seconds)
            right.append(theirs(postgres, number, chosen.size, calls))
            print(f"  {len(calls)} calls; steps: {', '.join(f'{step} {took:.1f} s' for step, took in parts.items())}; ", end="")
            print(f"of them in the CRM {spent['crm']:.1f} s, in the ERP {spent['erp']:.1f} s", flush=True)
        ratio(title.format(f"{chosen.size:,}"), "1.25", left, right, "bare calls")


if __name__ == "__main__":
    compare(__doc__, "(a) {} accounts end to end", prepared, ours, bare)
