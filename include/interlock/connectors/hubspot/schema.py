"""The custom object of service contracts in this HubSpot account: under which type id it answers, what it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interlock.connectors.hubspot.api import Api, Body, rows
from interlock.errors import ConfigurationError, LoginRefused

SCHEMAS: Final = "/crm-object-schemas/v3/schemas"
PROPERTIES: Final = "/crm/v3/properties"
ASSOCIATED: Final = {"companies": "0-2", "contacts": "0-1", "line_items": "0-8"}
"""What a contract is associated with -> HubSpot's id of that type of object."""
READ_SCOPE: Final = "crm.schemas.custom.read"
MAKE: Final = "`interlock setup hubspot --apply` makes what is missing"


@dataclass(frozen=True, slots=True)
class CustomObject:
    """A custom object; `type_id` stands for it in paths. `associated` are ids of the types it may be associated with."""

    type_id: str
    associated: frozenset[str]


def find(api: Api, name: str) -> CustomObject | None:
    """Look the object up by its name; raises LoginRefused naming the scope that is missing."""
    try:
        found = [row for row in rows(api.read("GET", SCHEMAS)) if row.get("name") == name]
    except LoginRefused:
        raise LoginRefused(f"HubSpot does not show its custom objects; give the private app the scope {READ_SCOPE}") from None
    if not found:
        return None
    links = found[0].get("associations") or ()
    ends = {str(link.get(end)) for link in links for end in ("fromObjectTypeId", "toObjectTypeId")}
    return CustomObject(str(found[0]["objectTypeId"]), frozenset(ends))


def require(api: Api, name: str) -> CustomObject:
    """Return the object; raises ConfigurationError with the cure when HubSpot has none of that name."""
    if not name:
        raise ConfigurationError("crm.contract_object is empty: no contracts are read; name the custom object that holds them")
    if found := find(api, name):
        return found
    raise ConfigurationError(f"crm.contract_object: HubSpot has no custom object {name}; {MAKE}, or name another")


def properties(api: Api, place: str) -> Mapping[str, Body]:
    """Return the properties of a type of object by name."""
    return {str(row["name"]): row for row in rows(api.read("GET", f"{PROPERTIES}/{place}"))}
