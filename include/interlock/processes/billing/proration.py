"""What part of a full period's amount is owed for the days that were served."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final, Literal

from interlock.domain.money import EXACT
from interlock.processes.billing.calendar import DAY

Method = Literal["actual", "days_30", "none"]
Share = tuple[int, int]
WHOLE: Final[Share] = (1, 1)
_MONTH: Final = 30
_YEAR: Final = 360


def share(served: tuple[date, date], full: tuple[date, date], method: Method) -> Share:
    """Return (served days, days of the full period), both ends counted; a full period is always whole.

    `none` knows no parts; that it is charged once a period is `prices`' care.
    """
    if method == "none" or served == full:
        return WHOLE
    if method == "days_30":
        return _thirtieths(*served), _thirtieths(*full)
    return (served[1] - served[0]).days + 1, (full[1] - full[0]).days + 1


def part(amount: Decimal, of: Share) -> Decimal:
    """Return amount x served days / days of the full period, not yet rounded."""
    return EXACT.divide(EXACT.multiply(amount, Decimal(of[0])), Decimal(of[1]))


def _thirtieths(first: date, last: date) -> int:
    """Count days where every month has thirty: parts of a period always add up to the whole."""
    return _index(last + DAY) - _index(first)


def _index(day: date) -> int:
    return day.year * _YEAR + (day.month - 1) * _MONTH + min(day.day, _MONTH) - 1
