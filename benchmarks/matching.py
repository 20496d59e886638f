"""How well and how fast accounts are matched with customers, beside Splink on the same records.

    python -m benchmarks.matching                     20,000 x 20,000 with Splink, then 100,000 x 100,000 alone
    python -m benchmarks.matching --size 2000 --scale 0     a first look in seconds

Splink (the dependency group `bench`) is given our normalised columns, and its best threshold is picked with the truth in
hand: both favour it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from time import perf_counter

from benchmarks.companies import World, world
from benchmarks.matching_quality import HEAD, Quality, judge
from interlock.processes.matching import Match, match

MEGABYTE = 1024


def quality(made: World, matches: Iterable[Match], tier: int = 0) -> Quality:
    matches = list(matches)
    linked = {m.account: m.customer for m in matches if m.customer is not None and tier in {0, m.tier}}
    asked = [m for m in matches if m.verdict == "ask"]
    return replace(
        judge(made, linked), asked=len(asked),
        asked_right=sum(not made.truth[m.account].isdisjoint(c.ref for c in m.candidates) for m in asked),
        asked_needlessly=sum(not made.truth[m.account] for m in asked),
    )  # fmt: skip


def ours(made: World) -> tuple[list[Match], float]:
    start = perf_counter()
    return list(match(made.accounts, made.customers)), perf_counter() - start


def report(made: World, matches: list[Match], seconds: float) -> None:
    whole, size = quality(made, matches), len(made.accounts)
    print(HEAD)
    for tier, title in ((2, "tier 2: VAT id, register number"), (3, "tier 3: name and address")):
        print(quality(made, matches, tier).line(title))
    print(whole.line("Interlock, all links"))
    created = Counter(bool(made.truth[m.account]) for m in matches if m.verdict == "create")
    print(f"asked: {whole.asked / size:.1%} of the accounts; {whole.asked_right} of them are shown the right customer")
    print(f"recall with questions: {(whole.right + whole.asked_right) / whole.true:.3f}; ", end="")
    print(f"asked though there is no such customer: {whole.asked_needlessly / size:.1%} of the accounts")
    print(f"created although a customer: {created[True]} ({created[True] / whole.true:.1%} of the true pairs); {seconds:.1f} s")
    reasons = Counter(f"{m.verdict}/{m.reason}" for m in matches)
    print("verdicts: " + ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())) + "\n")


def scale(size: int) -> None:
    made = world(size, seed=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    matches, seconds = ours(made)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    print(f"{size:,} x {size:,}: {seconds:.0f} s; peak memory {peak:,.0f} MB, of which the records themselves {before:,.0f} MB")
    report(made, matches, seconds)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=20_000, help="accounts, and as many customers, for quality")
    options.add_argument(
        "--scale", type=int, default=100_000, help="accounts, and as many customers, for memory; 0 leaves it out"
    )
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--without-splink", action="store_true")
    options.add_argument("--only-scale", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.only_scale:
        scale(chosen.scale)
        return
    made = world(chosen.size, chosen.seed)
    print(f"{chosen.size:,} accounts, {chosen.size:,} customers, seed {chosen.seed}\n")
    report(made, *ours(made))
    if not chosen.without_splink:
        from benchmarks.matching_splink import splink  # noqa: PLC0415 - only the dependency group `bench` has it

        print(splink(made))
    sys.stdout.flush()
    if chosen.scale:  # a process of its own, so that the peak is its own
        subprocess.run([sys.executable, "-m", "benchmarks.matching", "--only-scale", "--scale", str(chosen.scale)], check=True)


if __name__ == "__main__":
    main()
