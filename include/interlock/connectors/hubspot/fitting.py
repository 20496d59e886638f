"""Whether HubSpot has the properties that a table of the file names, of types that can hold the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlock.connectors.hubspot import schema
from interlock.connectors.hubspot.api import Api, Body
from interlock.connectors.hubspot.wanted import Wanted
from interlock.errors import ConfigurationError, LoginRefused
from interlock.ports.system import Check


def fitting(api: Api, name: str, place: str, scope: str, several: Sequence[Wanted]) -> Check:
    """Say whether the properties of one table are there and fit; `scope` is the object's part of the scope's name."""
    try:
        lacking = _unfit(schema.properties(api, place), several)
    except LoginRefused:
        return Check(name, "error", "not readable", f"give the private app the scope crm.schemas.{scope}.read")
    if lacking:
        return Check(name, "error", f"missing or of another type: {', '.join(lacking)}", f"{schema.MAKE}; or map others")
    return Check(name, "ok", "all there")


def require(api: Api, place: str, several: Sequence[Wanted]) -> None:
    """Raise ConfigurationError when a property is missing or of a type that cannot hold its field."""
    if lacking := _unfit(schema.properties(api, place), several):
        words = f"missing or of another type: {', '.join(lacking)}"
        raise ConfigurationError(f"{several[0].table}: {words}; {schema.MAKE}, or map others")


def _unfit(known: Mapping[str, Body], several: Sequence[Wanted]) -> list[str]:
    return sorted(f"{one.name} (for {one.field})" for one in several if one.name not in known or not one.fits(known[one.name]))
