"""Whether an account's values can be used, field by field: what holds it back, and what is left out of its customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from stdnum import vatin
from stdnum.exceptions import ValidationError as NumberError

from interlock.config import Settings
from interlock.domain.codes import VAT_SEATS, vat_country
from interlock.domain.record import Problem
from interlock.processes.ownership import written
from interlock.processes.view import View

FOREIGN_VAT: Final = "vat_id_other_country"
CIRCLE: Final = Problem(
    "parent_cycle", "parent", "the accounts above it form a circle; correct in the CRM which one is the parent"
)
RELEASABLE: Final = (FOREIGN_VAT,)
"""Reasons that a person's release settles for good, as long as the values are those that were seen."""


class CustomerValues(BaseModel):
    """What an account must bring to become a customer. An ERP's and a printed invoice's limits bound the lengths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    legal_name: str = Field(min_length=1, max_length=200)
    vat_id: str = Field(max_length=20)
    register_number: str = Field(max_length=80)
    language: str = Field(pattern="^([a-z]{2})?$")
    phone: str = Field(max_length=30)
    website: str = Field(max_length=255, pattern="^(https?://[^ ]+)?$")
    street: str = Field(max_length=200)
    postal_code: str = Field(pattern="^([A-Za-z0-9 -]{2,12})?$")
    city: str = Field(max_length=100)
    country: str = Field(min_length=1, pattern="^[A-Z]{2}$")

    @field_validator("vat_id")
    @classmethod
    def check_digits(cls, value: str) -> str:
        """Check a VAT id's form and check digits offline, as its country defines them."""
        if value:
            try:
                vatin.validate(value)
            except NumberError:
                raise ValueError("wrong check digits or form") from None
        return value


REASONS: Final = {
    ("legal_name", "string_too_short"): ("name_missing", "the account has no name"),
    ("country", "string_too_short"): ("country_missing", "the account has no country; an invoice needs one"),
    ("country", "string_pattern_mismatch"): ("country_unknown", "the country is not an ISO 3166 code"),
    ("language", "string_pattern_mismatch"): ("language_unknown", "the language is not an ISO 639 code"),
    ("postal_code", "string_pattern_mismatch"): ("postal_code_unfit", "the postal code has characters that no postal code has"),
    ("website", "string_pattern_mismatch"): ("website_unfit", "the website is not an address"),
    ("vat_id", "value_error"): ("vat_id_invalid", "the VAT id has wrong check digits or a wrong form"),
}


@dataclass(frozen=True, slots=True)
class Findings:
    """holding: why the account cannot go over. left_out: fields that its customer is made or kept without.

    exempt: fields whose value does not matter, as they are left out or not the CRM's.
    """

    holding: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    exempt: frozenset[str]

    @property
    def unusable(self) -> frozenset[str]:
        """The fields that are left out."""
        return frozenset(problem.field for problem in self.left_out)


def findings(view: View, settings: Settings) -> Findings:
    """Judge the fields whose value in the CRM counts for this account, in plain words and without values."""
    rules = settings.customers.fields
    counts = frozenset[str]() if view.further else written(rules, linked=view.customer_ref is not None)
    found = [p for p in _problems(view, settings) if p.field not in rules or p.field in counts]
    lenient = {name for name, rule in rules.items() if rule.on_unusable == "leave_out"}
    left_out = tuple(p for p in found if p.field in lenient)
    return Findings(
        tuple(p for p in found if p.field not in lenient and not _released(view, p)),
        left_out,
        frozenset(rules.keys() - counts | {p.field for p in left_out}),
    )


def _problems(view: View, settings: Settings) -> list[Problem]:
    found = [*view.problems, *([CIRCLE] if view.circular and view.customer_ref is None else [])]
    try:
        CustomerValues.model_validate(view.account.fields())
    except ValidationError as error:
        known = {problem.field for problem in found}
        for item in error.errors(include_input=False, include_url=False):
            name = str(item["loc"][0])
            unfit = f"the {name.replace('_', ' ')} is {'too long' if item['type'] == 'string_too_long' else 'unusable'}"
            code, message = REASONS.get((name, item["type"]), (f"{name}_unfit", unfit))
            if name not in known:
                found.append(Problem(code, name, message))
    if settings.customers.foreign_vat_id == "hold" and not {"vat_id", "country"} & {problem.field for problem in found}:
        found += _foreign_vat_id(view.account.vat_id, view.account.country)
    return found


def _foreign_vat_id(vat_id: str, country: str) -> list[Problem]:
    if not vat_id or vat_country(vat_id) in {country, VAT_SEATS.get(country)}:
        return []
    message = "the VAT id is of another country than the account; correct one of them, or release this entry if both are right"
    return [Problem(FOREIGN_VAT, "vat_id", message, f"{country} {vat_id}")]


def _released(view: View, problem: Problem) -> bool:
    return problem.code in RELEASABLE and (problem.code, problem.detail) in view.released
