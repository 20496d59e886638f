"""What matching is asked about, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer

REASONS: Final = {
    "decided": "a person decided so",
    "crosswalk": "the account is linked already",
    "reference": "the customer carries the account's reference",
    "vat_id": "the VAT id is the same, and name and address agree",
    "register_number": "the register number is the same, and name and address agree",
    "name_address": "name and address agree",
    "no_match": "no customer resembles the account",
    "customer_gone": "the customer it belongs to is no longer there",
    "customer_inactive": "it matches a customer that is blocked or archived",
    "customer_has_account": "it matches a customer that belongs to another account",
    "several_customers": "several customers match equally well",
    "relatives": "name and address agree, but another customer at that address has nearly the same name",
    "identity_conflict": "VAT id or register number is a customer's, but that alone does not prove it",
    "resembles": "a customer resembles it, not closely enough to link",
    "same_batch": "another new account may be the same company",
    "same_customer": "another account matches the same customer",
}
REMARKS: Final = {
    "name_differs": "the names differ",
    "form_differs": "the legal forms differ",
    "form_missing": "one of them is without legal form",
    "numbers_differ": "a number in the name differs",
    "number_missing": "a number in the name is missing on one side",
    "owner_differs": "the owner differs or is named on one side only",
    "branch": "one of them is a branch",
    "address_differs": "the addresses differ",
    "country_differs": "the countries differ",
    "vat_id_differs": "the VAT ids differ",
    "register_number_differs": "the register numbers differ",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One record to match. `emails` only ever propose; `former` are records that were merged into this one.

    parent: the account above it. Of a parent and a child that look like one company only the child is asked about.
    """

    ref: Ref
    party: Account | Customer
    emails: tuple[str, ...] = ()
    former: tuple[Ref, ...] = ()
    parent: Ref | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be the same company: a customer, or another account of the batch.

    score: 0 to 100, name and address only. evidence: what agrees. against: keys of REMARKS. active: False for a customer
    that is blocked or archived. taken_by: the account the customer belongs to already.
    """

    ref: Ref
    score: float
    evidence: tuple[str, ...]
    against: tuple[str, ...] = ()
    active: bool = True
    taken_by: Ref | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict on one account. `reason` is a key of REASONS; `tier` and `customer` are set when linked."""

    account: Ref
    verdict: Literal["linked", "ask", "create"]
    reason: str
    customer: Ref | None = None
    tier: int = 0
    candidates: tuple[Candidate, ...] = ()
