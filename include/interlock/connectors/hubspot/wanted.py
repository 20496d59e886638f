"""Which properties the processes need in HubSpot, object by object, and how each is made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.config import CrmSettings
from interlock.config.balances import ACCOUNT_BALANCE, BALANCE, CONTRACT_PAYMENT
from interlock.config.contracts import CONTRACT, LINE, WRITTEN
from interlock.config.properties import Property
from interlock.connectors.hubspot.api import Body
from interlock.domain.contact import ROLES

GROUP: Final = "interlock"
COMPANIES, CONTACTS, LINES = "companies", "contacts", "line_items"
SCOPES: Final = {
    COMPANIES: "crm.schemas.companies",
    CONTACTS: "crm.schemas.contacts",
    LINES: "crm.schemas.line_items",
}
CUSTOM_SCOPE: Final = "crm.schemas.custom"
OWN: Final = ("hs_", "hubspot_")  # names that only HubSpot gives
FIELD_TYPES: Final = {
    "string": "text", "number": "number", "date": "date", "datetime": "date", "enumeration": "select", "bool": "booleancheckbox",
}  # fmt: skip
READABLE: Final = {
    "string": {"string", "enumeration", "phone_number"},
    "enumeration": {"enumeration", "string"},
    "bool": {"bool", "enumeration"},
}
ACCOUNT_HOLDS: Final = {"synced_at": Property("", "datetime")}
ACCOUNT_WRITTEN: Final = ("customer_number", "sync_state", "synced_at")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One property: on which object, for which field of which table of the file; `written` ones must be exactly of their type."""

    place: str
    table: str
    field: str
    name: str
    property: Property
    written: bool = False
    many: bool = False

    def fits(self, row: Body) -> bool:
        """Tell whether a property that is there can hold the field."""
        found, holds = str(row.get("type") or ""), self.property.holds
        if self.written:
            kinds = {holds} | {"enumeration": {"string"}, "bool": {"enumeration"}}.get(holds, set())
            return found in kinds and not self.lacking(row)
        if holds == "string" and self.name.startswith(OWN):
            return True
        return found in READABLE.get(holds, {holds})

    def lacking(self, row: Body) -> list[str]:
        """Name the options that a property that is there has not, and no value can be without."""
        if row.get("type") != "enumeration":
            return []
        there = {str(option.get("value")) for option in row.get("options") or ()}
        words = ("true", "false") if self.property.holds == "bool" and self.written else self.property.values
        return [word for word in words if word not in there]

    def body(self) -> Body:
        """Describe the property as HubSpot wants a new one."""
        holds = self.property.holds
        options = [
            {"label": value.replace("_", " ").capitalize(), "value": value, "displayOrder": place, "hidden": False}
            for place, value in enumerate(self.property.values)
        ]
        if holds == "bool":
            options = [
                {"label": label, "value": value, "displayOrder": place, "hidden": False}
                for place, (label, value) in enumerate((("Yes", "true"), ("No", "false")))
            ]
        return {
            "name": self.name,
            "label": self.name.replace("_", " ").capitalize(),
            "type": holds,
            "fieldType": "checkbox" if self.many else "textarea" if self.property.lines else FIELD_TYPES[holds],
            "groupName": GROUP,
            "description": f"Interlock: {self.table}.{self.field}",
            "options": options,
        }


def wanted(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield what the mappings name, contracts and balances only where the settings want them; no property comes twice."""
    for field, name in settings.account_properties.items():
        holds = ACCOUNT_HOLDS.get(field, Property(""))
        yield Wanted(COMPANIES, "crm.account", field, name, holds, field in ACCOUNT_WRITTEN)
    for field, name in settings.contact_properties.items():
        roles = tuple(word for role in ROLES for word in settings.contact_roles.get(role, (role,)))
        holds = Property("", "enumeration", roles) if field == "role" else Property("")
        yield Wanted(CONTACTS, "crm.contact", field, name, holds, many=field == "role")
    if settings.contract_object:
        yield from contract_properties(settings)
        yield from line_properties(settings)
    if settings.balances:
        shared = {*settings.account_properties.values()}
        yield from (one for one in balance_properties(settings) if one.written or one.name not in shared)
        if settings.contract_object:
            yield from payment_properties(settings)


def contract_properties(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the properties of the custom object."""
    return _of(settings.contract_object, "crm.contract", settings.contract_properties, CONTRACT, WRITTEN)


def line_properties(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the properties of line items."""
    return _of(LINES, "crm.contract_line", settings.contract_line_properties, LINE)


def balance_properties(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the properties of companies that hold what an account owes."""
    return _of(COMPANIES, "crm.account_balance", settings.account_balance_properties, ACCOUNT_BALANCE, BALANCE)


def payment_properties(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the properties of the custom object that hold how a contract is paid."""
    names, place = settings.contract_payment_properties, settings.contract_object
    return _of(place, "crm.contract_payment", names, CONTRACT_PAYMENT, CONTRACT_PAYMENT)


def _of(
    place: str, table: str, names: Mapping[str, str], usual: Mapping[str, Property], written: Collection[str] = ()
) -> Iterator[Wanted]:
    for field, name in names.items():
        yield Wanted(place, table, field, name, usual[field], field in written)
