"""How patient the engine and Airflow are, and whose books are kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from interlock.config.section import PositiveInt, Seconds, Section


class CompanySettings(Section):
    """The company whose books the ERP keeps; `timezone` decides what "today" is.

    currency: ISO 4217, of its books and of the limits on amounts. fiscal_year_starts: month and day, `MM-DD`.
    """

    timezone: str = "Europe/Berlin"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    fiscal_year_starts: str = "01-01"

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """Refuse a name that the time zone database does not hold."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Berlin") from None
        return value

    @field_validator("fiscal_year_starts")
    @classmethod
    def known_day(cls, value: str) -> str:
        """Refuse what is no month and day of every year."""
        try:
            date.fromisoformat(f"2001-{value}")
        except ValueError:
            raise ValueError(f"{value!r} is no month and day; write 07-01 for a fiscal year from 1 July") from None
        return value


class EngineSettings(Section):
    """How patient the engine is.

    Leases must outlive a connector's write time-outs. `deadline` ends one apply step, which then goes on next time. A change
    that is open for `waiting_days` goes to quarantine, and stays open.
    """

    lease_seconds: Seconds = 120
    poll_seconds: Seconds = 1
    deadline: Seconds = 900
    waiting_days: Annotated[float, Field(gt=0, le=365)] = 3
    page: PositiveInt = 1_000


class AirflowSettings(Section):
    """How Airflow runs the tasks: it tries one again `retry_seconds` after a passing fault or the death of its worker."""

    retry_seconds: Seconds = 30
