"""Counting in months as German civil law does (§§ 187, 188 BGB): both ends of a service period are days of service."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final, Literal

DAY: Final = timedelta(days=1)
DAYS: Final = {"day": 1, "week": 7}
_YEAR: Final = 12


def add_months(day: date, months: int) -> date:
    """Return the same day of a later or earlier month, or that month's last: 31 January + 1 month = 28 or 29 February."""
    years, month = divmod(day.month - 1 + months, _YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_after(first: date, months: int) -> date:
    """Return the last day of a stretch of months that begins with the day `first` (§ 187 (2) BGB).

    The day before the one of the same number, or the last of a month that lacks that number (§ 188 (2), (3) BGB): from
    31 January one month ends on 28 or 29 February, two end on 30 March.
    """
    last = add_months(first, months)
    return last - DAY if last.day == first.day else last


def last_receipt(end: date, value: int, unit: Literal["day", "week", "month"]) -> date:
    """Return the last day on which a cancellation to the end of `end` may arrive: (end + 1 day - notice) - 1 day.

    Not moved for weekends (†, to be confirmed by the tax or legal adviser).
    """
    after = end + DAY
    return (add_months(after, -value) if unit == "month" else after - value * DAYS[unit] * DAY) - DAY


def earliest_end(received: date, value: int, unit: Literal["day", "week", "month"]) -> date:
    """Return the first day with whose end a contract without an end can be cancelled that is received then."""
    end = add_months(received + DAY, value) - DAY if unit == "month" else received + value * DAYS[unit] * DAY
    while last_receipt(end, value, unit) < received:
        end += DAY
    return end
