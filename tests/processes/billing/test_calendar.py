"""Months as §§ 187, 188 BGB count them, and the last day on which a cancellation may arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.processes.billing.calendar import add_months, earliest_end, end_after, last_receipt
from tests.processes.billing.examples import day

ONE = timedelta(days=1)
DAYS = st.dates(day("1990-01-01"), day("2100-12-31"))
NOTICE = st.tuples(st.integers(0, 24), st.sampled_from(["day", "week", "month"]))


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [  # the day before the one of the same number, else the month's last (§ 188 (2), (3) BGB)
        ("2026-01-01", 1, "2026-01-31"),
        ("2026-01-15", 1, "2026-02-14"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-30"),  # from the first day, never from the period before
        ("2026-01-31", 3, "2026-04-30"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-28"),
        ("2026-03-01", 12, "2027-02-28"),
    ],
)
def test_a_stretch_of_months_ends(first, months, last):
    assert end_after(day(first), months) == day(last)


@given(DAYS, st.integers(1, 60))
def test_stretches_follow_each_other_without_gap_or_overlap(first, months):
    ends = [end_after(first, count) for count in range(1, months + 1)]
    assert ends == sorted(set(ends))
    assert all(27 <= (after - before).days <= 32 for before, after in zip([first - ONE, *ends], ends, strict=False))


@pytest.mark.parametrize(
    ("given", "months", "found"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-01", -1, "2025-12-01"),
    ],
)
def test_due_dates_clamp_to_the_month(given, months, found):
    assert add_months(day(given), months) == day(found)


@pytest.mark.parametrize(
    ("end", "value", "unit", "last"),
    [  # (end + 1 day - notice) - 1 day
        ("2026-12-31", 3, "month", "2026-09-30"),
        ("2026-12-31", 1, "month", "2026-11-30"),
        ("2026-03-30", 1, "month", "2026-02-27"),
        ("2026-12-31", 30, "day", "2026-12-01"),
        ("2026-12-31", 4, "week", "2026-12-03"),
        ("2026-12-31", 0, "month", "2026-12-31"),
        ("2027-01-31", 3, "month", "2026-10-31"),  # a Saturday is not moved
    ],
)
def test_a_cancellation_must_arrive_by(end, value, unit, last):
    assert last_receipt(day(end), value, unit) == day(last)


@given(DAYS, NOTICE)
def test_an_open_ended_contract_ends_on_the_first_day_that_notice_allows(received, notice):
    end = earliest_end(received, *notice)
    assert last_receipt(end, *notice) >= received
    assert last_receipt(end - ONE, *notice) < received
