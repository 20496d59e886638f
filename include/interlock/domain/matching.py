"""How sure matching must be before it links, and what it leaves to a person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Score = Annotated[float, Field(ge=0, le=100)]


class Rules(BaseModel):
    """Scores run from 0 to 100.

    high: a name and address that score at least this link, when nothing speaks against it. low: below it a resemblance is
    not worth a question; one exact name alone scores 100 x (1 - address_weight). address_weight: the share of the score
    that the address decides. name_floor: likeness of names (0 to 1) below which an equal VAT id or register number is
    asked about. same_vat_other_address: `ask` because linking would let a branch's address overwrite the customer's
    invoice address; `link` where the address is not CRM-owned. form_missing: `ask` because a "Muster GmbH" and a
    "Muster GmbH & Co. KG" often share a door, and a bare "Muster" may be either. proposal_limit: a name, domain, phone or
    e-mail shared by more records than this proposes nobody. max_candidates: how many a person is shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    high: Score = 90
    low: Score = 65
    address_weight: Annotated[float, Field(ge=0, le=1)] = 0.35
    name_floor: Annotated[float, Field(ge=0, le=1)] = 0.6
    same_vat_other_address: Literal["ask", "link"] = "ask"
    form_missing: Literal["ask", "link"] = "ask"
    proposal_limit: Annotated[int, Field(ge=1)] = 5
    max_candidates: Annotated[int, Field(ge=1)] = 5

    @model_validator(mode="after")
    def ordered(self) -> Rules:
        """Refuse scores that leave no room for a question, or would let a name alone link."""
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        if 100 * (1 - self.address_weight) >= self.high:
            raise ValueError(f"address_weight {self.address_weight:g} would let a name alone reach high; raise one of them")
        return self
