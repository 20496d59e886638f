"""What an ERP says of receivables: an invoice's settlement, and what a debtor's account holds beside its invoices.

Amounts are gross, in the invoice's currency. Snapshots hold `model_dump(mode="json")`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from interlock.domain.contract import Day, MaybeAmount
from interlock.domain.invoice import InvoiceState
from interlock.domain.money import ZERO, Amount

ReconciliationKind = Literal["money", "correction", "write_off", "skonto", "exchange", "netting", "refund", "returned"]
"""correction: a credit note; skonto: a cash discount; exchange: a difference of rates; netting: against what we owe them."""
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
RAISING: Final = frozenset({"refund", "returned"})


class Reconciliation(BaseModel):
    """One booking against an invoice; amount: by how much it lowers what is open, so that refunds and returns are negative.

    id: the ERP's payment, credit note or move, the same on each invoice that it covers. of: for a return, the id of the payment
    that the bank took back, where the ERP knows it. reason: of a return, as the bank gave it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    day: date
    kind: ReconciliationKind
    amount: Amount
    of: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if (self.kind in RAISING and self.amount >= 0) or (self.kind == "money" and self.amount <= 0):
            raise ValueError("money lowers what is open; refunds and returns raise it")
        return self


class Maturity(BaseModel):
    """One instalment: its amount, and what is open of it where the ERP keeps that apart."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    due: date
    amount: Amount
    open: MaybeAmount = None


class Receivable(BaseModel):
    """One document of the debtor's ledger as the ERP has it now.

    kind: `item` is an open item without an invoice, such as the fee of a returned debit. contract, recipient: as on the invoice,
    recipient being the CRM id of the account invoiced. open: the ERP's own residual, negative where overpaid or where we owe a
    credit; a credit note's gross is negative, any other's is not. due: the latest day for paying, or one for each of
    `maturities`. sent: whether the customer got it. debit_pending: the ERP is going to collect it by direct debit and has not
    yet. dunning_level, dunned_on: the ERP's own
    dunning, 0 for none. Raises ValueError where a posted invoice has no due date or instalments do not add up to what is open.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: Literal["invoice", "credit_note", "item"] = "invoice"
    number: str = ""
    reference: str = ""
    contract: str = ""
    recipient: str
    currency: Currency
    state: InvoiceState
    net: Amount = ZERO
    tax: Amount = ZERO
    gross: Amount
    open: Amount
    due: Day = None
    maturities: tuple[Maturity, ...] = ()
    reconciliations: tuple[Reconciliation, ...] = ()
    sent: bool
    dispute: bool = False
    deferral: bool = False
    dunning_block: bool = False
    insolvency: bool = False
    debit_pending: bool = False
    dunning_level: int = Field(default=0, ge=0)
    dunned_on: Day = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.gross > 0) if self.kind == "credit_note" else (self.gross < 0):
            raise ValueError("a credit note comes to less than nothing, any other document does not")
        if self.state.posted and self.kind != "credit_note" and not self.due and not self.maturities:
            raise ValueError("a posted invoice needs a due date")
        opens = [maturity.open for maturity in self.maturities if maturity.open is not None]
        if opens and len(opens) == len(self.maturities) and sum(opens, ZERO) != self.open:
            raise ValueError("what is open of the instalments must add up to what is open")
        return self


class Unallocated(BaseModel):
    """Money that came in and that nobody has yet allocated to an invoice; id: as in `Reconciliation`, amount: what is left."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    day: date
    currency: Currency
    amount: Amount


class Debtor(BaseModel):
    """An account's ledger beside its invoices; account: the CRM id.

    credit_hold: whether the ERP delivers nothing more on credit, None where it does not say.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    account: str
    credit_hold: bool | None = None
    unallocated: tuple[Unallocated, ...] = ()
