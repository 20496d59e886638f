"""(g) Deciding what service contracts owe: periods a second, and whether memory stays flat.

    python -m benchmarks.decide_contracts --sizes 1000 10000 100000

The pure part alone, without store and systems, in processor time: contracts are made one by one, decided and forgotten, as a run
reads them in pages.
Each has one to three lines; they differ in interval, anchor day, billing in advance or arrears, renewal, uplift and cancellation,
and owe all periods since go-live that are due. Every size runs in a process of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from time import process_time

from benchmarks.sizes import each_size, peak
from interlock.domain.contract import Contract, Line
from interlock.processes.billing import Known, Rules, decide_invoices
from tests.processes.billing.examples import HOME, rules

TODAY = date(2026, 11, 20)
INTERVALS = ("month", "month", "quarter", "half_year", "year")


def contracts(size: int) -> Iterator[Contract]:
    for number in range(size):
        lines = tuple(
            Line(id=str(n), product="P", description="Wartung", quantity=n, unit_price=f"{19 + number % 300}.{number % 100:02}",
                 discount=(0, 0, "12.5")[n - 1], tax_class=("standard", "standard", "reduced")[n - 1])
            for n in range(1, 2 + number % 3)
        )  # fmt: skip
        start = date(2023, 1, 1) + timedelta(days=number * 7 % 1000)
        ended = number % 20 == 0
        yield Contract(
            number=f"SC-{number}", account="12", customer_kind="business", start=start, initial_term=12,
            renewal_mode="indefinite" if number % 4 == 0 else "fixed", renewal_term=12, notice_value=3,
            interval=INTERVALS[number % 5], billed="arrears" if number % 3 == 0 else "advance",
            uplift="percent" if number % 2 else "none", uplift_percent="3.35",
            cancellation_received_on=date(2026, 1, 15) if ended else None,
            cancellation_effective_on=date(2026, 6, 15) if ended else None,
            cancellation_kind="by_agreement" if ended else "", lines=lines,
        )  # fmt: skip


def one(size: int) -> None:
    """Measure one size, and print it as JSON; peak memory in MB above what the process had before."""
    using: Rules = rules(go_live="2026-01-01")
    known = Known(TODAY, HOME)
    periods = invoices = 0
    before, begin = peak(), process_time()
    for contract in contracts(size):
        answer = decide_invoices(contract, known, using)
        assert not answer.problems
        invoices += len(answer.planned)
        periods += sum(map(len, (answer.planned, answer.held, answer.waiting, answer.settled)))
    seconds = process_time() - begin
    assert invoices > size
    print(
        json.dumps({"periods": periods, "invoices": invoices, "seconds": round(seconds, 2), "memory": round(peak() - before, 1)})
    )


def main() -> None:
    for size, found in each_size("decide_contracts", __doc__, one):
        rate = found["periods"] / found["seconds"]
        print(
            f"(g) {size:>7,} contracts: {found['periods']:,} periods, {found['invoices']:,} invoices, in {found['seconds']} s:"
            f" {rate:,.0f} periods a second; peak memory {found['memory']} MB above the start",
            flush=True,
        )


if __name__ == "__main__":
    main()
