"""`[erp]` and `[customers]`: which ERP, and how customers are made in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from interlock.config.connection import HttpSettings
from interlock.config.section import Seconds, Section
from interlock.domain.fields import FieldRule, completed, sound


class ErpSettings(Section):
    """The ERP: which connector, which connection, which company in it."""

    system: str = "tryton"
    connection: str = "interlock_erp"
    company: str = ""
    settle_seconds: Seconds = 120
    overlap_seconds: Seconds = 120
    batch: Annotated[int, Field(ge=1, le=500)] = 100
    http: HttpSettings = HttpSettings(requests=1_000, per_seconds=1)


class CustomerSettings(Section):
    """How customers are made.

    number: `sequence` lets the ERP number them; `reserved` takes numbers `reserved_prefix` + counter from a range that
    nobody else uses, and then the ERP's unique code is our key. foreign_vat_id: whether a VAT id of another country than the
    account's holds the account back until a person releases it. payment_term is the ERP's own, set once on create.
    create_for_contracts: whether an account without a won deal since go-live becomes a customer because a contract of its is due.
    """

    number: Literal["sequence", "reserved"] = "sequence"
    reserved_prefix: str = "IL"
    reserved_digits: Annotated[int, Field(ge=4, le=12)] = 6
    payment_term: str = ""
    create_for_contracts: bool = False
    foreign_vat_id: Literal["hold", "accept"] = "hold"
    fields: dict[str, FieldRule] = Field(default_factory=dict, validate_default=True)

    @field_validator("fields", mode="before")
    @classmethod
    def known_fields(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Complete the table with what is usual; refuse fields that are unknown or finance's."""
        return completed(value) if isinstance(value, dict) else value

    @field_validator("fields")
    @classmethod
    def sound_fields(cls, value: dict[str, FieldRule]) -> dict[str, FieldRule]:
        """Refuse rules that no customer could be made by."""
        sound(value)
        return value
