"""(f) Requests against the CRM's limits: how much of the permitted quota is used, and whether any refusal goes unhandled.

    python -m benchmarks.quota --size 1000

The sandbox keeps HubSpot's limit of 190 requests in any 10 seconds and answers 429 beyond it; the connector paces itself. Whole
windows of ten seconds are counted.
"""

from __future__ import annotations

import argparse
from time import perf_counter

from benchmarks.stand import Pair, cluster
from interlock.config import parse

RATE, PER = 190, 10
PACED = f"[lead_to_customer]\ngo_live = 2026-01-01\n[crm]\nhttp = {{ requests = {RATE}, per_seconds = {PER} }}\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=1_000)
    size = options.parse_args().size
    with cluster() as postgres:
        pair = Pair(postgres, "quota")
        (account,) = pair.sandbox.create("companies", [{"properties": {"name": "M"}}])
        crm, _ = pair.connect(parse(PACED))
        assert account in crm.read("account", [account])  # connected, and what it asks only once is asked
        pair.sandbox.call("POST", "/sandbox/settings", {"rate": RATE, "per": PER, "search_rate": RATE})
        begin, at = perf_counter(), list[float]()
        for _ in range(size):
            at.append(perf_counter() - begin)
            assert account in crm.read("account", [account])
        pair.stop()
    windows = int(at[-1] // PER)
    used, permitted = sum(second < windows * PER for second in at), windows * RATE
    print(f"(f) {size:,} requests in {at[-1]:.1f} s; in {windows} whole windows {used} of {permitted} permitted: ", end="")
    print(f"{used / permitted:.2f} of the quota (goal 0.9); no unhandled 429", flush=True)


if __name__ == "__main__":
    main()
