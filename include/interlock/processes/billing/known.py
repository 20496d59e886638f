"""What is known of a contract beside the CRM, and what billing answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from interlock.domain.billing_rules import BillingRules, RenewalRules, Seller
from interlock.domain.contract import Term
from interlock.domain.invoice import Invoice, InvoiceKey, TaxTotal
from interlock.domain.money import ZERO
from interlock.domain.record import Problem
from interlock.domain.tax_table import TaxRules
from interlock.processes.billing.recipient import Recipient
from interlock.processes.billing.terms import TermPlan


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that billing needs."""

    billing: BillingRules
    renewal: RenewalRules = field(default_factory=RenewalRules)
    tax: TaxRules = field(default_factory=TaxRules)
    seller: Seller = field(default_factory=Seller)


@dataclass(frozen=True, slots=True)
class Known:
    """A contract's past.

    as_of: the local date. terms: as frozen. billed: the contract's invoices in the ERP, and those being sent as `planned`, but
    not those whose sending was never tried: a newer answer replaces them. reissue: references of reversed or deleted invoices
    that a person decided to have invoiced anew.
    """

    as_of: date
    recipient: Recipient
    terms: tuple[Term, ...] = ()
    billed: tuple[Invoice, ...] = ()
    reissue: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """An invoice that a person must decide on, with the exact amounts at stake: of the invoice, or of the correction."""

    problems: tuple[Problem, ...]
    key: InvoiceKey
    currency: str
    net: Decimal = ZERO
    tax: Decimal = ZERO
    taxes: tuple[TaxTotal, ...] = ()

    @property
    def gross(self) -> Decimal:
        """Net and tax together."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Waiting:
    """A due period that cannot be invoiced yet, by a stable reason; time or a value in the CRM settles it."""

    reason: str
    period_start: date


@dataclass(frozen=True, slots=True)
class Settled:
    """A period that is billed as it should be, by these invoices; by none where it comes to nothing."""

    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Billing:
    """The answer for one contract: terms to store, invoices to create, what is held, what waits, what a person should look at.

    settled: periods that are billed as they should be. next_due: when the next period falls due that is frozen by now.
    look_again: the next day on which time alone changes the answer.
    """

    plan: TermPlan = field(default_factory=TermPlan)
    planned: tuple[Invoice, ...] = ()
    held: tuple[Held, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    problems: tuple[Problem, ...] = ()
    settled: tuple[Settled, ...] = ()
    next_due: date | None = None
    look_again: date | None = None
