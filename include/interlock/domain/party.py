"""Accounts and customers: the company on either side of the border, in one set of field names."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

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

    sync_state: `` | synced | held_back. synced_at: ISO 8601 UTC.
    """

    customer_number: str = ""
    sync_state: str = ""
    synced_at: str = ""


class Deal(BaseModel):
    """A sales opportunity; `won_at` is when its won stage was entered, ISO 8601 UTC, empty while it is not won."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    won_at: str = ""


class Customer(Party):
    """A party that buys, in the ERP. `references` are the accounts it was made from, as `str(Ref)`."""

    number: str = ""
    references: tuple[str, ...] = ()
    active: bool = True
