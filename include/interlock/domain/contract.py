"""A service contract as the CRM has it, and its terms as they were frozen.

Snapshots hold `model_dump(mode="json")`: dates as ISO text or None, amounts as decimal text. An empty text is not known.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from interlock.domain.money import ZERO, Amount

Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
MaybeAmount = Annotated[Amount | None, BeforeValidator(lambda value: None if value == "" else value)]
Interval = Literal["month", "quarter", "half_year", "year"]
Moment = Literal["advance", "arrears"]
Renewal = Literal["none", "fixed", "indefinite"]
CancellationKind = Literal["ordinary", "for_cause", "by_agreement", "void"]
Uplift = Literal["none", "percent", "index", "manual"]
Supply = Literal["goods", "service"]
MONTHS: Final[dict[Interval, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class Line(BaseModel):
    """What is supplied. `id` is the CRM's; unit_price: net, per billing interval (recurring) or once (one_off).

    discount: percent of quantity x unit_price. tax_class: the name of a row of the tax table, such as `standard`. valid_from
    and valid_to: both days counted, empty means the contract's own. usage: its quantity is a reading that somebody enters;
    quantity is None until then. new_unit_price: what a person agreed from the term that begins on new_price_from.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    product: str = ""
    description: str = ""
    unit: str = ""
    quantity: MaybeAmount = None
    unit_price: MaybeAmount = None
    discount: Amount = Field(default=ZERO, ge=0, le=100)
    tax_class: str = ""
    supply: Supply = "service"
    recurrence: Literal["recurring", "one_off"] = "recurring"
    usage: bool = False
    valid_from: Day = None
    valid_to: Day = None
    new_unit_price: MaybeAmount = None
    new_price_from: Day = None


class Contract(BaseModel):
    """One service contract; every day is a local date of the company.

    account and invoice_account: CRM ids of service recipient and invoice recipient; an empty invoice_account is the account.
    status: the CRM's own word, except `draft` (not concluded); it never stops billing. initial_term, renewal_term: months; 0
    means without an end. renewed_through: last day up to which a person confirmed the contract in the CRM, by renewed_by.
    cancellation_effective_on: last day of service. billed_through: last day that was invoiced elsewhere.
    uplift_percent: standing for `percent`; for `index` the value of the term that begins on uplift_from.
    buyer_reference: BT-10 (a public buyer's Leitweg-ID), contract_reference: BT-12, purchase_order: BT-13.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: str = ""
    account: str = ""
    invoice_account: str = ""
    customer_kind: Literal["business", "consumer", ""] = ""
    public_buyer: bool = False
    status: str = ""
    start: Day = None
    initial_term: int = Field(default=0, ge=0, le=1200)
    renewal_mode: Renewal = "none"
    renewal_term: int = Field(default=0, ge=0, le=1200)
    renewed_through: Day = None
    renewed_by: str = ""
    notice_value: int = Field(default=0, ge=0, le=3660)
    notice_unit: Literal["day", "week", "month"] = "month"
    cancellation_received_on: Day = None
    cancellation_effective_on: Day = None
    cancellation_kind: CancellationKind | Literal[""] = ""
    interval: Interval = "month"
    billed: Moment = "advance"
    currency: str = "EUR"
    uplift: Uplift = "none"
    uplift_percent: MaybeAmount = None
    uplift_from: Day = None
    uplift_agreed: bool = False
    buyer_reference: str = ""
    contract_reference: str = ""
    purchase_order: str = ""
    billed_through: Day = None
    lines: tuple[Line, ...] = ()

    @property
    def recipient(self) -> str:
        """The CRM id of the account that is invoiced."""
        return self.invoice_account or self.account


class Term(BaseModel):
    """One stretch of a contract with its conditions, frozen when it took effect; last_day is None while it has no end.

    A line without a price waits for an index or a person; everything else of it stays as it is for the whole term.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    contract: str
    number: int = Field(ge=1)
    first_day: date
    last_day: Day = None
    interval: Interval = "month"
    billed: Moment = "advance"
    currency: str = "EUR"
    lines: tuple[Line, ...] = ()

    @property
    def key(self) -> str:
        """Name the once-only effect: one renewal per contract and term number."""
        return f"{self.contract}/{self.number}"
