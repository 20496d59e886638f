"""What fields are usually called in each CRM, so that the file names only what differs.

HubSpot's names stand with the fields; EspoCRM's are the same words in its spelling, but for those here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict

ESPOCRM: Final[Mapping[str, Mapping[str, str]]] = {
    "account": {
        "legal_name": "name", "vat_id": "cVatId", "register_number": "cRegisterNumber", "language": "cLanguage",
        "phone": "phoneNumber", "website": "website", "street": "billingAddressStreet", "postal_code": "billingAddressPostalCode",
        "city": "billingAddressCity", "country": "billingAddressCountry", "customer_number": "cErpCustomerNumber",
        "sync_state": "cErpSyncState", "synced_at": "cErpSyncedAt", "owner": "assignedUserId", "campaign": "campaignName",
        "parent": "", "delivery_name": "", "delivery_street": "shippingAddressStreet",
        "delivery_postal_code": "shippingAddressPostalCode", "delivery_city": "shippingAddressCity",
        "delivery_country": "shippingAddressCountry",
    },
    "contact": {
        "role": "cRole", "salutation": "salutationName", "first_name": "firstName", "last_name": "lastName",
        "email": "emailAddress", "phone": "phoneNumber", "street": "addressStreet", "postal_code": "addressPostalCode",
        "city": "addressCity", "country": "addressCountry",
    },
    "contract": {"invoice_account": "invoiceAccountId"},
    "contract_line": {"product": "product", "discount": "discountPercent"},
    "account_balance": {"owner": "assignedUserId", "name": "name"},
    "contract_payment": {},
}  # fmt: skip
BUILT_IN: Final = {"account_balance"}  # tables whose fields are added to an object of EspoCRM's own: it puts a c before them
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "espocrm": {
        "won_stages": ("Closed Won",), "contract_object": "CContract", "private_property": "",
        "account_url": "{url}/#Account/view/{id}", "settle_seconds": 10, "overlap_seconds": 60,
        "http": {"requests": 1_000, "per_seconds": 1},
    },
}  # fmt: skip


class Known(Protocol):
    """Something with a usual name."""

    @property
    def name(self) -> str:
        """HubSpot's name."""


class OfSystem(BaseModel):
    """Settings whose usual values depend on which CRM it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = "hubspot"

    def usual(self, table: str, known: Mapping[str, Known]) -> dict[str, str]:
        """Return Interlock's field name -> what the field is usually called in this CRM, "" where it has none."""
        return usual_names({"system": self.system}, table, known)


def usual_names(given: Mapping[str, Any], table: str, known: Mapping[str, Known]) -> dict[str, str]:
    """Return the usual names of a table's fields in the CRM that the settings given so far name."""
    if given.get("system") != "espocrm":
        return {field: one.name for field, one in known.items()}
    own, built_in = ESPOCRM[table], table in BUILT_IN
    return {field: own.get(field, _spelled(one.name, built_in=built_in)) for field, one in known.items()}


@cache
def _spelled(name: str, *, built_in: bool) -> str:
    first, *rest = name.split("_")
    words = "".join(word.capitalize() for word in rest)
    return f"c{first.capitalize()}{words}" if built_in else first + words
