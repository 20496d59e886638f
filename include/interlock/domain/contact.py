"""People of an account who have to do with its invoices, deliveries or contracts; nobody else crosses the border."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

ROLES: Final = ("invoice", "delivery", "contract")
CONTACT_FIELDS: Final = (
    "salutation", "first_name", "last_name", "email", "phone", "street", "postal_code", "city", "country",
)  # fmt: skip


class Contact(BaseModel):
    """A person of an account; an empty string means not known. A contact without a role of ours has no other values.

    id: the CRM's. roles: some of ROLES. email: lower-case domain. phone: E.164. country: ISO 3166-1 alpha-2.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    roles: tuple[str, ...] = ()
    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""

    @property
    def name(self) -> str:
        """How the person is addressed."""
        return " ".join(filter(None, (self.salutation, self.first_name, self.last_name)))
