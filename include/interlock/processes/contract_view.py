"""What a decision about a contract sees, and what it answers beside changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from interlock.domain.contract import Contract
from interlock.domain.identity import Json, Ref
from interlock.domain.invoice import STEPS, Invoice
from interlock.domain.record import Problem
from interlock.processes.billing import Billing, Known
from interlock.processes.decision import Decision

WAITS: Final = {
    "customer_missing": "the account invoiced is no customer in the ERP yet; `lead_to_customer` was asked to make it one",
    "invoice_in_flight": "whether its invoice reached the ERP is not known yet",
    "cancellation_unclear": "what is said of its cancellation does not agree; see its entry",
    "price_missing": "a line has no price for the new term yet: an index value or a new price is missing in the CRM",
    "quantity_missing": "a line has no quantity yet; enter it in the CRM",
    "reading_missing": "the reading of a line for usage is missing; enter it in the CRM",
    "vat_answer_missing": "the VAT register has not confirmed the recipient's VAT id yet",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """An invoice as planned, and how the change of each of its steps stands; gone: its draft was made and is there no more."""

    invoice: Invoice
    states: Mapping[str, str]
    gone: bool = False

    @property
    def posted(self) -> bool:
        """Whether all three steps are done."""
        return self.states.get(STEPS[-1]) in {"done", "unchanged"}


@dataclass(frozen=True, slots=True)
class ContractView:
    """One contract with everything known of it.

    unfit: it cannot be read as a contract. account: the one that is served, and what an invoice's recipient is in the ERP:
    customer, None while it is none. written: what the CRM holds of ours. sent: invoices by reference that were ever planned and
    tried. noted: keys of notes that were written. renewals: numbers of the terms that a renewal made. recipient_gone: the
    CRM has no such account any more. number_shared: another live contract bears the same number.
    """

    ref: Ref
    contract: Contract
    known: Known
    account: Ref
    customer: Ref | None = None
    unfit: Problem | None = None
    archived: bool = False
    recipient_gone: bool = False
    number_shared: bool = False
    written: Mapping[str, Json] = field(default_factory=dict)
    sent: Mapping[str, Sent] = field(default_factory=dict)
    noted: frozenset[str] = frozenset()
    renewals: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, what it comes to in money, the terms to store; wakes: the account has to become a customer first."""

    decision: Decision
    billing: Billing = field(default_factory=Billing)
    wakes: bool = False
