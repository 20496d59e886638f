"""Which days are working days in a region: the calendar behind `due.business_day` (§ 193 BGB)."""

from __future__ import annotations

from datetime import date
from typing import Final

from interlock.errors import ConfigurationError
from interlock.processes.receivables.known import IsWorkingDay

SATURDAY: Final = 5


def working_days(region: str) -> IsWorkingDay:
    """Return a test for working days of a country or its subdivision, by ISO 3166 (`DE`, `DE-NI`).

    Raises ConfigurationError where the library of holidays does not know the region.
    """
    import holidays  # noqa: PLC0415 - half a second, for those who need it

    country, _, part = region.partition("-")
    try:
        known = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        raise ConfigurationError(f"due.region {region!r} is no region with known holidays; use ISO 3166, such as DE-NI") from None

    def is_working_day(day: date) -> bool:
        return day.weekday() < SATURDAY and day not in known

    return is_working_day
