"""Several sizes, each in a process of its own. It imports little, for a process's peak memory never falls again."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any


def peak() -> float:
    """Return the most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def each_size(module: str, doc: str | None, one: Callable[[int], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each size that was asked for with what `one` printed of it as JSON, measured in a process of its own."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        one(chosen.one)
        return
    for size in chosen.sizes:
        command = [sys.executable, "-m", f"benchmarks.{module}", "--one", str(size)]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        yield size, json.loads(run.stdout.splitlines()[-1])
