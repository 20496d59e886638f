"""How a company follows its receivables: the tables [payments], [due], [dunning] and [bank] of the settings."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from interlock.domain.money import ZERO, Amount

BusinessDay = Literal["keep", "next_working_day"]
Source = Literal["interlock", "erp"]


class PaymentRules(BaseModel):
    """reopen_days: how long after it was closed an invoice is still read, for payments are taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reopen_days: int = Field(default=90, ge=0, le=3660)


class DueRules(BaseModel):
    """business_day: whether a due date on a Saturday, Sunday or holiday moves to the next working day (§ 193 BGB).

    region: whose holidays, by ISO 3166: a country or its subdivision, such as `DE-NI`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    business_day: BusinessDay = "keep"
    region: str = Field(default="", pattern="^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.business_day == "next_working_day" and not self.region:
            raise ValueError("due.region is needed to know the holidays")
        return self


class DunningRules(BaseModel):
    """days: overdue for so many days, an invoice reaches level 1, 2 and so on; with none, only returned debits make tasks.

    min_amount: in the invoice's own currency; less than that makes no task. source: who says which level is reached.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=1, le=3660)], ...] = (7, 21, 45)
    min_amount: Annotated[Amount, Field(ge=0)] = ZERO
    source: Source = "interlock"

    @field_validator("days")
    @classmethod
    def _rising(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise ValueError("dunning.days must rise")
        return days


class BankRules(BaseModel):
    """max_age_days: without a bank statement for longer than that, nobody knows who paid, and no task is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_age_days: int = Field(default=5, ge=0, le=366)
