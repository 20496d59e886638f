"""`[crm]`: which CRM, and what its fields are called there."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from interlock.config.balances import BALANCE, BalanceSettings
from interlock.config.connection import HttpSettings
from interlock.config.contracts import ContractSettings
from interlock.config.properties import Property, named
from interlock.config.section import Seconds, Section
from interlock.config.usual import SETTINGS, usual_names
from interlock.domain.contact import ROLES
from interlock.domain.maps import ValueMaps

ACCOUNT_PROPERTIES = {
    "legal_name": Property("name"),
    "vat_id": Property("vat_id"),
    "register_number": Property("register_number"),
    "language": Property("language"),
    "phone": Property("phone"),
    "website": Property("website"),
    "street": Property("address"),
    "postal_code": Property("zip"),
    "city": Property("city"),
    "country": Property("country"),
    "customer_number": Property("erp_customer_number"),
    "sync_state": Property("erp_sync_state"),
    "synced_at": Property("erp_synced_at"),
    "owner": Property("hubspot_owner_id"),
    "campaign": Property("source_campaign"),
    "parent": Property("hs_parent_company_id"),
    "delivery_name": Property(""),
    "delivery_street": Property(""),
    "delivery_postal_code": Property(""),
    "delivery_city": Property(""),
    "delivery_country": Property(""),
}
CONTACT_PROPERTIES = {
    "role": Property("role"),
    "salutation": Property("salutation"),
    "first_name": Property("firstname"),
    "last_name": Property("lastname"),
    "email": Property("email"),
    "phone": Property("phone"),
    "street": Property("address"),
    "postal_code": Property("zip"),
    "city": Property("city"),
    "country": Property("country"),
}
MANDATORY_PROPERTIES = (
    "legal_name", "vat_id", "register_number", "language", "phone", "website", "street", "postal_code", "city", "country",
    "customer_number", "sync_state", "synced_at", "role",
)  # fmt: skip


class CrmSettings(Section, ContractSettings, BalanceSettings):
    """The CRM: which connector, which connection, and the names its fields have there; "" says that it has no such field.

    contact_roles: our role -> values of the CRM's role property that mean it. private_property: marks an activity that never
    leaves the CRM. account_url: the page of an account, with {url} (the connection's), {portal} and {id}.
    """

    connection: str = "interlock_crm"
    api_version: str = "v3"
    won_stages: tuple[str, ...] = ("closedwon",)
    account: dict[str, str] = Field(default_factory=dict)
    contact: dict[str, str] = Field(default_factory=dict)
    contact_roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    private_property: str = "private"
    account_url: str = "https://app.hubspot.com/contacts/{portal}/record/0-2/{id}"
    settle_seconds: Seconds = 30
    overlap_seconds: Seconds = 300
    batch: Annotated[int, Field(ge=1, le=100)] = 100
    http: HttpSettings = HttpSettings()
    _maps: ValueMaps = PrivateAttr(default_factory=ValueMaps)

    @model_validator(mode="before")
    @classmethod
    def usual_settings(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Take what is usual for this CRM where the file says nothing."""
        return {**SETTINGS.get(str(given.get("system")), {}), **given} if isinstance(given, dict) else given

    @field_validator("account")
    @classmethod
    def known_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return _mapping(value, usual_names(info.data, "account", ACCOUNT_PROPERTIES))

    @field_validator("contact")
    @classmethod
    def known_contact_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return _mapping(value, usual_names(info.data, "contact", CONTACT_PROPERTIES))

    @field_validator("contact_roles")
    @classmethod
    def known_roles(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Refuse a role that does not go over."""
        if unknown := sorted(set(value) - set(ROLES)):
            raise ValueError(f"unknown role {', '.join(unknown)}; only these go over: {', '.join(ROLES)}")
        return value

    @field_validator("account_url")
    @classmethod
    def usable_url(cls, value: str) -> str:
        """Refuse an address without the account's id, or with a place that nothing fills."""
        if value and ("{id}" not in value or set(re.findall(r"{(.*?)}", value)) - {"url", "portal", "id"}):
            raise ValueError("needs {id}, may hold {url} and {portal}, and nothing else in braces")
        return value

    @model_validator(mode="after")
    def apart(self) -> CrmSettings:
        """Refuse that a balance or payment is written into a property that another table reads: each write would be news."""
        if not self.balances:
            return self
        balances = {name for field, name in self.account_balance_properties.items() if field in BALANCE}
        twice = balances & {*self.account_properties.values()}
        twice |= {*self.contract_payment_properties.values()} & {*self.contract_properties.values()}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} stands in two tables; give balances and payments their own")
        return self

    @property
    def account_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return named(self.account, self.usual("account", ACCOUNT_PROPERTIES))

    @property
    def contact_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return named(self.contact, self.usual("contact", CONTACT_PROPERTIES))

    def roles_of(self, value: str) -> list[str]:
        """Return which of our roles the CRM's role property means; it may hold several, parted by semicolons."""
        held = {part.strip().casefold() for part in value.split(";")}
        return [role for role in ROLES if held & {word.casefold() for word in self.contact_roles.get(role, (role,))}]

    @property
    def maps(self) -> ValueMaps:
        """The value maps, which are a table of their own in the file: reading the CRM needs them."""
        return self._maps

    def with_maps(self, maps: ValueMaps) -> CrmSettings:
        """Return the same settings that read the CRM's values by these maps."""
        settings = self.model_copy()
        settings._maps = maps  # noqa: SLF001 - a copy of its own
        return settings


def _mapping(value: dict[str, str], usual: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(set(value) - set(usual)):
        raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(usual)}")
    if empty := sorted(name for name, prop in value.items() if name in MANDATORY_PROPERTIES and not prop):
        raise ValueError(f"{', '.join(empty)} needs the name of a property")
    return value
