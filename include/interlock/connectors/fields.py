"""A CRM's values in canonical form, by what a property holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from interlock.config.properties import Property
from interlock.domain.identity import Json
from interlock.domain.money import plain
from interlock.domain.normalise import lines, text

Row = Mapping[str, Any]


def filled(row: Row, names: Mapping[str, str], known: Mapping[str, Property]) -> dict[str, Json]:
    """Return the fields that have a value, as `domain.contract` reads them; what is unfit stays as it stands there."""
    found: dict[str, Json] = {}
    for field, name in names.items():
        if value := text(_shown(row.get(name))):
            found[field] = value.upper() if field == "currency" else canonical(value, known[field].holds)
    return found


def canonical(value: str, holds: str) -> str:
    """Return the one text of equal values of a type of property; one that is not of the type stays as it is."""
    try:
        match holds:
            case "date":
                return moment(value).date().isoformat()
            case "datetime":
                return moment(value).isoformat()
            case "number":
                return plain(Decimal(value)) if Decimal(value).is_finite() else value
            case "enumeration" | "bool":
                return value.casefold()
    except (ValueError, InvalidOperation):
        pass
    return value


def texts(row: Row, names: Mapping[str, str], known: Mapping[str, Property]) -> dict[str, str]:
    """Return every field as text, an empty one as an empty text."""
    found = dict.fromkeys(known, "")
    for field, name in names.items():
        clean = lines if known[field].lines else text
        if value := clean(_shown(row.get(name))):
            found[field] = canonical(value, known[field].holds)
    return found


def _shown(value: object) -> str:
    """The text of a value that may be a number or a switch; 0 is one, false is none, as a switch that nobody set."""
    return "" if value is None or value is False else str(value)


def moment(value: str) -> datetime:
    """Read a time: ISO 8601, in UTC where it names no zone, or epoch milliseconds; raises ValueError for anything else."""
    try:
        if value.isdecimal():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (OverflowError, OSError):
        raise ValueError("a time beyond the calendar") from None
