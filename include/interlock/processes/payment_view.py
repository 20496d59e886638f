"""What a decision about an account's receivables sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from interlock.domain.change import Change
from interlock.domain.identity import Ref, Values
from interlock.domain.payment import Debtor, Receivable
from interlock.processes.receivables import Standing, TaskKey, TaskState
from interlock.processes.receivables.settlement import kept_payments

BALANCE: Final = (
    "open",
    "overdue",
    "oldest_due",
    "last_payment_on",
    "last_payment",
    "unallocated",
    "credit_hold",
    "other_currencies",
)
"""What the CRM holds of ours of an account."""
STATUS: Final = ("payment_status", "open", "overdue", "oldest_due", "returned_on", "return_reason", "invoices")
"""What the CRM holds of ours of a contract."""


class Seen(NamedTuple):
    """How an invoice stood when it was last decided about; payments: those received and not taken back, by their ids."""

    settlement: str
    returns: int
    overdue: bool
    payments: tuple[str, ...]

    @classmethod
    def of(cls, standing: Standing) -> Seen:
        """Remember of a standing what makes an event when it changes."""
        kept = tuple(payment.id for payment in kept_payments(standing.receivable))
        return cls(standing.settlement, standing.returns, standing.overdue.days > 0, kept)

    @classmethod
    def kept(cls, body: list[Any]) -> Seen:
        """Read what was kept of it."""
        settlement, returns, overdue, payments = body
        return cls(settlement, returns, overdue, tuple(payments))


@dataclass(frozen=True, slots=True)
class Shown:
    """A record of the CRM as it shows our figures: its reference, all it says, and what we last wrote there, if anything."""

    ref: Ref
    values: Values
    written: Values = field(default_factory=dict)

    def edited(self, names: tuple[str, ...]) -> bool:
        """Tell whether somebody else changed one of these fields after we wrote it."""
        return any(name in self.written and self.values.get(name, "") != self.written[name] for name in names)


@dataclass(frozen=True, slots=True)
class ContractShown:
    """A contract of an account, with all documents that bear its number, whoever is invoiced."""

    shown: Shown
    receivables: tuple[Receivable, ...] = ()

    @property
    def number(self) -> str:
        """The number that invoices refer to."""
        return str(self.shown.values.get("number") or "")


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task of ours in the CRM, or one that is on its way there."""

    ref: Ref
    state: TaskState


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One account with everything known of what it owes, on a local date.

    today: the present date, where as_of is a later one. owner: of the account, in the CRM. customer: whether it has one in the
    ERP whose ledger is its own; further accounts of a customer have not. documents: of that customer. before: how its invoices
    stood when last decided about. told_on: when that was, None where the customer never was decided about: nothing is told of
    what happened before. unsent: notes that were decided and are not done.
    """

    ref: Ref
    as_of: date
    today: date
    currency: str
    owner: str = ""
    archived: bool = False
    customer: bool = False
    balance: Shown | None = None
    debtor: Debtor | None = None
    documents: tuple[Receivable, ...] = ()
    contracts: tuple[ContractShown, ...] = ()
    tasks: Mapping[TaskKey, TaskShown] = field(default_factory=dict)
    before: Mapping[str, Seen] = field(default_factory=dict)
    told_on: date | None = None
    unsent: tuple[Change, ...] = ()
    bank_booked_on: date | None = None
