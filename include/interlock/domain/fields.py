"""Who owns a customer's field, what an empty value of the owner means, and what becomes of an unusable one (invariant 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from interlock.domain.party import PARTY_FIELDS

ADDRESS: Final = ("street", "postal_code", "city", "country")
NEEDED: Final = ("legal_name", "country")
FINANCE: Final = (
    "number", "customer_number", "payment_term", "payment_method", "credit_limit", "price_list", "blocked", "debtor_account",
    "tax_rule", "bank_account", "mandate",
)  # fmt: skip


class FieldRule(BaseModel):
    """One field's rule.

    owner: `crm` keeps the ERP's value as the CRM has it; `create_only` sets it when the customer is created and then leaves
    it to the ERP; `erp` never writes it. empty: whether an empty value of the CRM clears the ERP's or keeps it. on_unusable:
    whether a value that cannot be used holds the account back, or is left out with a warning in the run report.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Literal["crm", "erp", "create_only"] = "crm"
    empty: Literal["clear", "keep"] = "clear"
    on_unusable: Literal["hold", "leave_out"] = "hold"


USUAL: Final = {name: FieldRule() for name in PARTY_FIELDS} | {
    "vat_id": FieldRule(empty="keep"),
    "register_number": FieldRule(empty="keep"),
    "language": FieldRule(on_unusable="leave_out"),
    "phone": FieldRule(on_unusable="leave_out"),
    "website": FieldRule(on_unusable="leave_out"),
}


def completed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill what a table of rules leaves out with what is usual for each field; raises ValueError for one that may not be."""
    for name, rule in given.items():
        if name in FINANCE:
            if isinstance(rule, Mapping) and rule.get("owner") == "erp":
                continue
            raise ValueError(f"{name} is a finance field and always the ERP's; remove it here, and keep it in the ERP")
        if name not in PARTY_FIELDS:
            raise ValueError(f"unknown field {name}; known are {', '.join(PARTY_FIELDS)}")
        if not isinstance(rule, Mapping):
            raise ValueError(f'{name}: write it as {name} = {{ owner = "crm" }}')  # noqa: TRY004 - pydantic's
    return {name: usual.model_dump() | dict(given.get(name, {})) for name, usual in USUAL.items()}


def sound(rules: Mapping[str, FieldRule]) -> None:
    """Refuse rules that no customer could be made or kept by; raises ValueError with the cure."""
    for name in NEEDED:
        if rules[name].owner == "erp":
            raise ValueError(f'{name}: a new customer needs it; use owner = "create_only" to leave it to the ERP from then on')
        if rules[name].on_unusable == "leave_out":
            raise ValueError(f'{name}: an invoice needs it, so it cannot be left out; use on_unusable = "hold"')
    if len({rules[name].owner for name in ADDRESS}) > 1:
        raise ValueError(f"{', '.join(ADDRESS)} are one address and need the same owner")
