"""Accounts and customers: the company on either side of the border, in one set of field names."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from interlock.domain.activity import Owner

PARTY_FIELDS: Final = (
    "legal_name", "vat_id", "register_number", "language", "phone", "website", "street", "postal_code", "city", "country",
)  # fmt: skip


class Party(BaseModel):
    """What both sides know of a company; an empty string means not known.

    language: ISO 639-1, lower case. country: ISO 3166-1 alpha-2, upper case. vat_id: with country prefix, compact.
    phone: E.164. website: absolute URL. street may hold several lines.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    legal_name: str = ""
    vat_id: str = ""
    register_number: str = ""
    language: str = ""
    phone: str = ""
    website: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""

    def fields(self) -> dict[str, str]:
        """Return the shared fields only."""
        return {name: getattr(self, name) for name in PARTY_FIELDS}


class Account(Party):
    """A company in the CRM, with what Interlock writes back to it.

    sync_state: `` | synced | held_back. synced_at: ISO 8601 UTC. page: the address where a person opens the account.
    parent: the account above it, as `str(Ref)`. The delivery fields are empty unless the CRM has them and their properties
    are named.
    """

    customer_number: str = ""
    sync_state: str = ""
    synced_at: str = ""
    owner: Owner = Owner()
    campaign: str = ""
    page: str = ""
    parent: str = ""
    delivery_name: str = ""
    delivery_street: str = ""
    delivery_postal_code: str = ""
    delivery_city: str = ""
    delivery_country: str = ""


class Deal(BaseModel):
    """A sales opportunity under the CRM's id; `won_at` is when its won stage was entered, ISO 8601 UTC, or empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    name: str = ""
    won_at: str = ""


class Customer(Party):
    """A party that buys, in the ERP. `references` are the accounts it was made from, as `str(Ref)`, the first one first.

    contacts and delivery_addresses: those that we brought, as `processes.contacts` makes them; never what people typed.
    """

    number: str = ""
    references: tuple[str, ...] = ()
    active: bool = True
    contacts: list[dict[str, str]] = Field(default_factory=list)
    delivery_addresses: list[dict[str, str]] = Field(default_factory=list)
