"""The tables of the processes: what they do, when, and from which limit on a person decides."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from interlock.config.section import PositiveInt, Section
from interlock.domain.money import Amount
from interlock.errors import NotAllowed


class LeadToCustomerSettings(Section):
    """The process `lead_to_customer`. `go_live` is mandatory: deals won before it are history, not work."""

    go_live: date
    schedule: str = "0 2 * * *"


class RenewalToInvoiceSettings(Section):
    """The process `renewal_to_invoice`; what it invoices is said in [billing], [renewal], [tax], [seller]."""

    schedule: str = "0 3 * * *"


class PaymentToCrmStatusSettings(Section):
    """The process `payment_to_crm_status`, after the night's bookings; its rules: [payments], [due], [dunning], [bank]."""

    schedule: str = "0 6 * * *"


class PrehistorySettings(Section):
    """What the ERP may know of an account's past: counts, one line an activity, or their texts too.

    purpose: why texts of correspondence go over, mandatory at level full. keep_months: then the note is removed again.
    """

    level: Literal["summary", "headlines", "full"] = "headlines"
    purpose: Annotated[str, Field(max_length=500)] = ""
    keep_months: Annotated[int, Field(ge=1, le=120)] = 36
    language: Literal["de", "en"] = "de"
    max_lines: Annotated[int, Field(ge=1, le=1_000)] = 200

    @model_validator(mode="after")
    def full_has_a_purpose(self) -> PrehistorySettings:
        """Refuse to hand over the texts of correspondence without a written reason."""
        if self.level == "full" and not self.purpose.strip():
            raise ValueError('level "full" hands over texts of correspondence; write the reason into prehistory.purpose')
        return self


class QualitySettings(Section):
    """A run stops before any write when more than `stop_share` of at least `minimum` checked records of a kind are unusable.

    data_docs: whether a run writes pages about its checks into `data_docs_folder`, where those of `data_docs_keep` runs stay.
    """

    stop_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    minimum: PositiveInt = 20
    data_docs: bool = False
    data_docs_folder: str = ""
    data_docs_keep: Annotated[int, Field(ge=1, le=1_000)] = 30

    @model_validator(mode="after")
    def docs_have_a_place(self) -> QualitySettings:
        """Refuse pages without a place that means the same to every worker."""
        if self.data_docs and not Path(self.data_docs_folder).is_absolute():
            raise ValueError("data_docs needs data_docs_folder, an absolute path to a folder that every worker shares")
        return self


class LimitSettings(Section):
    """Brakes: a run that wants more than this waits for a person's approval, all of it."""

    max_creates: PositiveInt = 500
    max_updates: PositiveInt = 2_000


class ApprovalSettings(Section):
    """What waits for a person's approval, and who may answer.

    users: their logins; empty lets anybody answer whom Airflow lets. four_eyes: neither whoever started the run nor whoever
    confirmed the renewal. invoice_gross_above: an invoice of more waits. run_gross_above: all invoices of a run wait that sum
    up to more. Both in the company's currency; an invoice in another one waits wherever a limit is set.
    """

    users: tuple[str, ...] = ()
    four_eyes: bool = False
    invoice_gross_above: Annotated[Amount, Field(ge=0)] | None = None
    run_gross_above: Annotated[Amount, Field(ge=0)] | None = None

    @field_validator("invoice_gross_above", "run_gross_above", mode="before")
    @classmethod
    def whole_numbers_too(cls, value: object) -> object:
        """Take a whole number for its text: TOML knows no decimals, and a binary fraction is no amount."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def somebody_is_left(self) -> ApprovalSettings:
        """Refuse two pairs of eyes of which one is missing."""
        if self.four_eyes and len(set(self.users)) == 1:
            raise ValueError("four_eyes wants another person than who started the run; name a second one in users")
        return self

    def others(self, asked_by: str | None, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """Return the named users who may answer: who started the run and `excluded` may not, under four eyes."""
        return tuple(user for user in self.users if not (self.four_eyes and _among(user, (asked_by, *excluded))))

    def check(self, actor: str, asked_by: str | None, excluded: Collection[str] = ()) -> None:
        """Raise NotAllowed with the rule that keeps this user from answering.

        asked_by: who started the run. excluded: others who had a hand in it, such as who confirmed the renewal in the CRM;
        names are the same whatever their case.
        """
        if self.users and actor not in self.users:
            raise NotAllowed(f"{actor} is none of approval.users; only they may answer")
        if self.four_eyes and _among(actor, (asked_by,)):
            raise NotAllowed(f"{actor} started this run; approval.four_eyes wants another person to answer")
        if self.four_eyes and _among(actor, excluded):
            raise NotAllowed(f"{actor} had a hand in what is asked; approval.four_eyes wants another person to answer")


def _among(user: str, names: Collection[str | None]) -> bool:
    return user.strip().casefold() in {name.strip().casefold() for name in names if name}
