"""`[crm.account_balance]` and `[crm.contract_payment]`: which of the CRM's properties hold what is open, overdue and paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field, ValidationInfo, field_validator

from interlock.config.properties import Property, judged, named, one_of
from interlock.config.usual import OfSystem, usual_names

OF_ACCOUNT: Final[Mapping[str, Property]] = {"owner": Property("hubspot_owner_id"), "name": Property("name")}
BALANCE: Final[Mapping[str, Property]] = {
    "open": Property("erp_open_amount", "number"),
    "overdue": Property("erp_overdue_amount", "number"),
    "oldest_due": Property("erp_oldest_due", "date"),
    "last_payment_on": Property("erp_last_payment_on", "date"),
    "last_payment": Property("erp_last_payment_amount", "number"),
    "unallocated": Property("erp_unallocated_amount", "number"),
    "credit_hold": Property("erp_credit_hold", "bool"),
    "other_currencies": Property("erp_other_currencies"),
}
ACCOUNT_BALANCE: Final[Mapping[str, Property]] = {**OF_ACCOUNT, **BALANCE}
CONTRACT_PAYMENT: Final[Mapping[str, Property]] = {
    "payment_status": one_of(
        "erp_payment_status", "returned", "overdue", "partly_paid", "open", "overpaid", "paid", "credited", "none"
    ),
    "open": Property("erp_payment_open", "number"),
    "overdue": Property("erp_payment_overdue", "number"),
    "oldest_due": Property("erp_payment_oldest_due", "date"),
    "returned_on": Property("erp_payment_returned_on", "date"),
    "return_reason": Property("erp_payment_return_reason"),
    "invoices": Property("erp_payment_invoices", lines=True),
}


class BalanceSettings(OfSystem):
    """Whether the CRM keeps what an account owes and how a contract is paid, and the names of the properties that do.

    Left out of what decides about customers and invoices: a change here makes none of them work again.
    """

    balances: bool = Field(default=False, exclude=True)
    account_balance: dict[str, str] = Field(default_factory=dict, exclude=True)
    contract_payment: dict[str, str] = Field(default_factory=dict, exclude=True)

    @field_validator("account_balance")
    @classmethod
    def known_balance_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it writes."""
        return judged(value, usual_names(info.data, "account_balance", ACCOUNT_BALANCE), BALANCE)

    @field_validator("contract_payment")
    @classmethod
    def known_payment_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it writes."""
        return judged(value, usual_names(info.data, "contract_payment", CONTRACT_PAYMENT), CONTRACT_PAYMENT)

    @property
    def account_balance_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return named(self.account_balance, self.usual("account_balance", ACCOUNT_BALANCE))

    @property
    def contract_payment_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name."""
        return named(self.contract_payment, self.usual("contract_payment", CONTRACT_PAYMENT))

    @property
    def balance_reading(self) -> dict[str, object]:
        """What shapes how balances and payments read; nothing where the CRM keeps none."""
        if not self.balances:
            return {}
        return {"account_balance": self.account_balance_properties, "contract_payment": self.contract_payment_properties}
