"""Parts of a period: both ends counted, a full period whole, and parts that add up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.processes.billing.calendar import end_after
from interlock.processes.billing.proration import part, share
from tests.processes.billing.examples import day

ONE = timedelta(days=1)
YEAR = (day("2026-01-01"), day("2026-12-31"))
FEBRUARY = (day("2026-02-01"), day("2026-02-28"))


@pytest.mark.parametrize(
    ("served", "full", "method", "of"),
    [
        (("2026-02-15", "2026-02-28"), FEBRUARY, "actual", (14, 28)),
        (("2026-02-15", "2026-02-28"), FEBRUARY, "days_30", (16, 30)),
        (("2026-02-01", "2026-02-14"), FEBRUARY, "days_30", (14, 30)),
        (("2026-02-15", "2026-02-15"), FEBRUARY, "none", (1, 1)),
        (("2026-02-01", "2026-02-28"), FEBRUARY, "actual", (1, 1)),
        (("2026-02-01", "2026-02-28"), FEBRUARY, "days_30", (1, 1)),
        (("2026-07-01", "2026-12-31"), YEAR, "actual", (184, 365)),
        (("2026-07-01", "2026-12-31"), YEAR, "days_30", (180, 360)),
    ],
)
def test_shares(served, full, method, of):
    assert share(tuple(map(day, served)), full, method) == of


@given(
    st.dates(day("2023-01-01"), day("2027-12-31")), st.sampled_from([1, 3, 6, 12]), st.sampled_from(["actual", "days_30"]),
    st.lists(st.integers(0, 365), max_size=4),
)  # fmt: skip
def test_parts_of_a_period_add_up_to_the_whole(first, months, method, cuts):
    last = end_after(first, months)
    inner = sorted({first + cut * ONE for cut in cuts if first < first + cut * ONE <= last})
    begins, ends = [first, *inner], [*(cut - ONE for cut in inner), last]
    shares = [share(served, (first, last), method) for served in zip(begins, ends, strict=True)]
    assert sum(Fraction(*of) for of in shares) == 1
    assert all(0 <= Fraction(*of) <= 1 for of in shares)


def test_a_part_is_not_rounded_on_the_way():
    assert part(Decimal(100), (1, 3)).quantize(Decimal("1e-20")) == Decimal("33.33333333333333333333")
