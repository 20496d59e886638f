"""`[crm.contract]` and `[crm.contract_line]`: which of the CRM's properties hold what a service contract says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from interlock.config.properties import Property, judged, named, one_of
from interlock.config.usual import OfSystem, usual_names
from interlock.domain.contract import CancellationKind, Interval, Moment, Renewal, Supply, Uplift

SAID: Final[Mapping[str, Property]] = {
    "name": Property("name"),
    "number": Property("number"),
    "status": one_of("status", "draft", "active", "cancelled", "ended"),
    "customer_kind": one_of("customer_kind", "business", "consumer"),
    "public_buyer": Property("public_buyer", "bool"),
    "invoice_account": Property("invoice_account_id"),
    "start": Property("start_date", "date"),
    "initial_term": Property("initial_term_months", "number"),
    "renewal_mode": one_of("renewal_mode", *get_args(Renewal)),
    "renewal_term": Property("renewal_term_months", "number"),
    "renewed_through": Property("renewed_through", "date"),
    "renewed_by": Property("renewed_by"),
    "notice_value": Property("notice_value", "number"),
    "notice_unit": one_of("notice_unit", "day", "week", "month"),
    "cancellation_received_on": Property("cancellation_received_on", "date"),
    "cancellation_effective_on": Property("cancellation_effective_on", "date"),
    "cancellation_kind": one_of("cancellation_kind", *get_args(CancellationKind)),
    "interval": one_of("billing_interval", *get_args(Interval)),
    "billed": one_of("billed", *get_args(Moment)),
    "billed_through": Property("billed_through", "date"),
    "currency": Property("currency"),
    "uplift": one_of("uplift", *get_args(Uplift)),
    "uplift_percent": Property("uplift_percent", "number"),
    "uplift_from": Property("uplift_from", "date"),
    "uplift_agreed": Property("uplift_agreed", "bool"),
    "buyer_reference": Property("buyer_reference"),
    "contract_reference": Property("contract_reference"),
    "purchase_order": Property("purchase_order"),
}
WRITTEN: Final[Mapping[str, Property]] = {
    "term_number": Property("erp_term_number", "number"),
    "term_from": Property("erp_term_from", "date"),
    "term_to": Property("erp_term_to", "date"),
    "next_billing_on": Property("erp_next_billing_on", "date"),
    "invoice_number": Property("erp_invoice_number"),
    "invoice_date": Property("erp_invoice_date", "date"),
    "invoice_due": Property("erp_invoice_due", "date"),
    "invoice_from": Property("erp_invoice_from", "date"),
    "invoice_to": Property("erp_invoice_to", "date"),
    "invoice_net": Property("erp_invoice_net", "number"),
    "invoice_tax": Property("erp_invoice_tax", "number"),
    "invoice_gross": Property("erp_invoice_gross", "number"),
    "invoice_state": Property("erp_invoice_state"),
    "sync_state": Property("erp_sync_state"),
    "synced_at": Property("erp_synced_at", "datetime"),
}
CONTRACT: Final[Mapping[str, Property]] = {**SAID, **WRITTEN}
LINE: Final[Mapping[str, Property]] = {
    "product": Property("hs_sku"),
    "description": Property("name"),
    "unit": Property("unit"),
    "quantity": Property("quantity", "number"),
    "unit_price": Property("price", "number"),
    "discount": Property("hs_discount_percentage", "number"),
    "tax_class": Property("tax_class"),
    "supply": one_of("supply", *get_args(Supply)),
    "recurrence": one_of("recurrence", "recurring", "one_off"),
    "usage": Property("usage", "bool"),
    "valid_from": Property("valid_from", "date"),
    "valid_to": Property("valid_to", "date"),
    "new_unit_price": Property("new_unit_price", "number"),
    "new_price_from": Property("new_price_from", "date"),
}
NEEDED: Final = ("name", "number", "status", "start", "interval", "currency", "product", "quantity", "unit_price")


class ContractSettings(OfSystem):
    """How service contracts are kept in the CRM.

    contract_object: the custom object's name; "" says that no contracts are read. contract_links: `every_run` reads all
    contracts each time, as the CRM does not tell when a line or company was taken off one; `full_run` reads only those
    changed themselves or in a line, and sees links that went at the next full run.
    """

    contract_object: str = Field(default="service_contracts", pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$")
    contract_links: Literal["every_run", "full_run"] = "every_run"
    contract: dict[str, str] = Field(default_factory=dict)
    contract_line: dict[str, str] = Field(default_factory=dict)

    @field_validator("contract")
    @classmethod
    def known_contract_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return judged(value, usual_names(info.data, "contract", CONTRACT), (*NEEDED, *WRITTEN))

    @field_validator("contract_line")
    @classmethod
    def known_line_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return judged(value, usual_names(info.data, "contract_line", LINE), NEEDED)

    @property
    def contract_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return named(self.contract, self.usual("contract", CONTRACT))

    @property
    def contract_line_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return named(self.contract_line, self.usual("contract_line", LINE))

    @property
    def contract_reading(self) -> dict[str, object]:
        """What shapes how contracts read."""
        return {
            "contract_object": self.contract_object,
            "contract": self.contract_properties,
            "contract_line": self.contract_line_properties,
        }
