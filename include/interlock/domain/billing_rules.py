"""How a company bills its contracts: the tables [billing] and [renewal] of the settings."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0, le=366)]


class RenewalRules(BaseModel):
    """grace_days: how long after the last day for receiving a cancellation a contract is renewed by itself.

    Cancellations that arrived in time are often typed later; until then nothing of the new term is invoiced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    grace_days: Days = 7


class BillingRules(BaseModel):
    """go_live is mandatory: periods wholly before it are history; one that straddles it is held unless `billed_through` is known.

    anchor: whether periods run from a contract's first day, or are calendar months, quarters, half-years, years. lead_days: how
    long before its start a period billed in advance is due. proration: what a part of a period costs, `actual` days of the
    actual period, `days_30` of months of thirty days, or `none`: a period that began costs the whole. first_term: whether
    the first term is invoiced, or only what was renewed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    go_live: date
    anchor: Literal["contract_start", "calendar"] = "contract_start"
    lead_days: Days = 14
    proration: Literal["actual", "days_30", "none"] = "actual"
    first_term: bool = True


class Seller(BaseModel):
    """Who sells, as its invoices must say; the table [seller]. What the ERP prints itself is checked here for completeness only.

    vat_id: BT-31, tax_number: BT-32, one of them. contact_name, contact_phone, contact_email: BT-41 to BT-43. payment_means:
    BT-81, such as `58` for a SEPA credit transfer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "DE"
    vat_id: str = ""
    tax_number: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    payment_means: str = ""
