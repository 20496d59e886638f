"""(c) A run over linked accounts in which nothing changed, beside the bare paged read of the same records.

    python -m benchmarks.no_change --size 20000 --pairs 3

A full run reads every account, deal, contact and customer; the bare read pages through the same with the same connectors. An
ordinary night reads only what changed since the last; its seconds are printed too. No run may write.
"""

from __future__ import annotations

import argparse
import uuid
from time import perf_counter

from benchmarks.stand import SETTINGS, Pair, cluster, engine, fill, ratio, store
from interlock.config import parse
from interlock.engine.context import Engine, Scope
from interlock.engine.run import run

KINDS = (("crm", "account"), ("crm", "deal"), ("crm", "contact"), ("erp", "customer"))


def nothing_new(machine: Engine, size: int, *, full: bool) -> float:
    begin = perf_counter()
    counts = run(machine, Scope(uuid.uuid4().hex, full=full))
    seconds = perf_counter() - begin
    assert counts["created"] + counts["updated"] + counts["waiting"] + counts["failed"] == 0, counts
    assert not full or counts["unchanged"] + counts["rejected"] == size, counts
    return seconds


def read(pair: Pair, size: int) -> float:
    systems = dict(zip(("crm", "erp"), pair.connect(parse(SETTINGS)), strict=True))
    begin = perf_counter()
    counts = [sum(len(page.records) for page in systems[system].changed(kind, None)) for system, kind in KINDS]
    seconds = perf_counter() - begin
    assert all(count >= 0.99 * size for count in counts), counts
    return seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=20_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    import great_expectations  # noqa: F401, PLC0415 - as Airflow's scheduler has it loaded before a task begins

    with cluster() as postgres:
        pair = Pair(postgres, "calm")
        fill(pair.sandbox, chosen.size)
        machine = engine(store(postgres, "calm"), pair.connect(parse(SETTINGS)))
        begin = perf_counter()
        loaded = run(machine, Scope("load"))
        assert loaded["created"] + loaded["rejected"] == chosen.size < 1.01 * loaded["created"], loaded
        print(f"  first load of {chosen.size:,}: {perf_counter() - begin:.0f} s, {loaded['rejected']} asked about", flush=True)
        nothing_new(machine, chosen.size, full=True)
        pairs = [(nothing_new(machine, chosen.size, full=True), read(pair, chosen.size)) for _ in range(chosen.pairs)]
        night = nothing_new(machine, chosen.size, full=False)
        machine.database.close()
        pair.stop()
    print(f"  an ordinary night, reading since the watermarks: {night:.1f} s", flush=True)
    ratio(
        f"(c) full run over {chosen.size:,} linked accounts, 0 writes", "1.2", *map(list, zip(*pairs, strict=True)), "bare read"
    )


if __name__ == "__main__":
    main()
