"""Amounts and days as Tryton's JSON-RPC carries them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

Tagged = dict[str, Any]


def amount(value: Decimal) -> Tagged:
    """Write an amount."""
    return {"__class__": "Decimal", "decimal": format(value, "f")}


def day(value: date) -> Tagged:
    """Write a day."""
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


def read_amount(value: Tagged | None) -> Decimal:
    """Read an amount; none is nothing."""
    return Decimal(value["decimal"]) if value else Decimal(0)


def read_day(value: Tagged | None) -> date | None:
    """Read a day."""
    return date(value["year"], value["month"], value["day"]) if value else None
