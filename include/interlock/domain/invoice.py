"""An invoice as planned from a contract, and as read back from the ERP: one model, so that the two can be compared.

Snapshots and changes hold `model_dump(mode="json")`: dates as ISO text or None, amounts as decimal text.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from interlock.domain.contract import Day, Supply
from interlock.domain.identity import content_hash
from interlock.domain.money import ZERO, Amount

Kind = Literal["regular", "supplement", "correction"]
Category = Literal["S", "AE", "K", "G", "O", "E"]
"""EN 16931 BT-118 / BT-151: standard or reduced, reverse charge, intra-community goods, export goods, outside scope, exempt."""
STEPS: Final = ("invoice", "invoice_confirmation", "invoice_posting")
"""The kinds of the three writes that make one invoice, in their order: drafted, confirmed, posted."""
MARKS: Final[dict[Kind, str]] = {"regular": "", "supplement": "S", "correction": "C"}


class InvoiceState(StrEnum):
    """Where an invoice stands in the ERP; `planned` is not there yet, `deleted` was there as a draft and is gone."""

    PLANNED = "planned"
    DRAFT = "draft"
    VALIDATED = "validated"
    POSTED = "posted"
    PAID = "paid"
    CANCELLED = "cancelled"  # fully reversed
    DELETED = "deleted"

    @property
    def live(self) -> bool:
        """Whether it covers its service days."""
        return self not in {InvoiceState.CANCELLED, InvoiceState.DELETED}

    @property
    def posted(self) -> bool:
        """Whether it has a number and is never changed again."""
        return self in {InvoiceState.POSTED, InvoiceState.PAID}


class InvoiceKey(BaseModel):
    """Which invoice of a contract: at most one live one for each key, for ever."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    contract: str
    period_start: date
    kind: Kind = "regular"
    generation: int = Field(default=1, ge=1)

    @property
    def reference(self) -> str:
        """The text that the ERP bears: `SC-7/2026-01-01`, its second generation `…/2`, supplements `…/S1`, corrections `…/C1`."""
        mark = MARKS[self.kind]
        last = f"/{mark}{self.generation}" if mark or self.generation > 1 else ""
        return f"{self.contract}/{self.period_start.isoformat()}{last}"

    def step(self, kind: str) -> str:
        """Name the once-only effect: each of the `STEPS` once an invoice."""
        return f"{kind}/{self.reference}"

    def note(self, contract: object) -> str:
        """Name the once-only effect: one note on the contract, by its reference in the CRM, for each invoice."""
        return f"note/invoice/{contract}/{self.reference}"

    @classmethod
    def parse(cls, reference: str) -> InvoiceKey:
        """Read what `reference` wrote; raises ValueError for anything else. A contract's number may hold slashes."""
        parts = reference.split("/")
        last = parts[-1]
        kind: Kind = next((kind for kind, mark in MARKS.items() if mark and last.startswith(mark)), "regular")
        digits = last.removeprefix(MARKS[kind])
        if marked := digits.isdecimal() and len(parts) > len("cd"):
            parts.pop()
        try:
            key = cls(
                contract="/".join(parts[:-1]), period_start=date.fromisoformat(parts[-1]), kind=kind,
                generation=int(digits) if marked else 1,
            )  # fmt: skip
        except ValueError:
            key = None
        if key is None or not key.contract or key.reference != reference:
            raise ValueError("not an invoice's reference")
        return key


class InvoiceLine(BaseModel):
    """One line; `net` is exact and final, half-up to the minor unit, whatever quantity x unit_price x (1 - discount) comes to.

    line: the contract line's id, empty for one made by hand. quantity, unit_price, discount (percent) are the contract's, for a
    full period; share: what part of it was served, such as `17/31`, else empty. service_from, service_to: both days counted
    (BT-134, BT-135). tax_class: the class whose row of the tax table gave category and rate (percent).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    line: str = ""
    product: str = ""
    description: str = ""
    unit: str = ""
    quantity: Amount = ZERO
    unit_price: Amount = ZERO
    discount: Amount = ZERO
    share: str = ""
    net: Amount = ZERO
    supply: Supply = "service"
    tax_class: str = ""
    category: Category = "S"
    rate: Amount = ZERO
    service_from: Day = None
    service_to: Day = None


class TaxTotal(BaseModel):
    """The tax of one category and rate (percent), once over the sum of its lines.

    code: the ERP's name of the tax. reason: why there is none (BT-120), to be printed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    category: Category
    rate: Amount
    base: Amount
    tax: Amount
    code: str = ""
    reason: str = ""


class Invoice(BaseModel):
    """One invoice. Before posting, number, invoice_date and due_date are empty: they are the ERP's or those of the day at apply.

    recipient: the CRM id of the account invoiced. recipient_country, recipient_vat_id: as taxed. service_from, service_to: BT-73,
    BT-74, of the whole invoice. corrects: the number of the invoice that a supplement or correction belongs to (BT-25).
    open_amount: the ERP's own residual in the invoice's currency, None where it was not read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: InvoiceKey
    state: InvoiceState = InvoiceState.PLANNED
    currency: str = "EUR"
    recipient: str = ""
    recipient_country: str = ""
    recipient_vat_id: str = ""
    service_from: Day = None
    service_to: Day = None
    buyer_reference: str = ""
    contract_reference: str = ""
    purchase_order: str = ""
    corrects: str = ""
    lines: tuple[InvoiceLine, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()
    net: Amount = ZERO
    tax: Amount = ZERO
    gross: Amount = ZERO
    number: str = ""
    invoice_date: Day = None
    due_date: Day = None
    open_amount: Amount | None = None

    @property
    def reference(self) -> str:
        """The text by which the ERP's invoice is found again."""
        return self.key.reference

    @property
    def content_hash(self) -> str:
        """What an approval binds: contract, period, lines, tax, recipient; not what the ERP adds (invariant 14)."""
        return content_hash(self.model_dump(mode="json", exclude={"state", "number", "invoice_date", "due_date", "open_amount"}))
