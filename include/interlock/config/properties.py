"""Where a CRM keeps a field, and how the tables of the file that name such places are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

Holds = Literal["string", "number", "date", "datetime", "enumeration", "bool"]


@dataclass(frozen=True, slots=True)
class Property:
    """Where a field is kept in HubSpot and what it holds; an enumeration's values are Interlock's own words.

    `lines`: a text of several lines. Other CRMs' names are in `config.usual`.
    """

    name: str
    holds: Holds = "string"
    values: tuple[str, ...] = ()
    lines: bool = False


def one_of(name: str, *values: str) -> Property:
    """Describe a property that holds one of some words."""
    return Property(name, "enumeration", values)


def named(given: Mapping[str, str], usual: Mapping[str, str]) -> dict[str, str]:
    """Return Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
    return {field: name for field, known in usual.items() if (name := given.get(field, known))}


def judged(given: dict[str, str], usual: Mapping[str, str], needed: Collection[str]) -> dict[str, str]:
    """Raise ValueError for a field that is unknown, a needed one without a name, a name that stands twice."""
    if unknown := sorted(set(given) - set(usual)):
        raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(usual)}")
    if empty := sorted(field for field, name in given.items() if field in needed and not name):
        raise ValueError(f"{', '.join(empty)} needs the name of a property")
    names = list(named(given, usual).values())
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} stands for two fields; give each a property of its own")
    return given
