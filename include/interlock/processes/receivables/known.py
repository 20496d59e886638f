"""What is known beside the invoices themselves, and what is answered of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from interlock.domain.money import ZERO
from interlock.domain.payment import Receivable
from interlock.domain.receivable_rules import BankRules, DueRules, DunningRules

Settlement = Literal["draft", "open", "partly_paid", "paid", "overpaid", "credited", "cancelled"]
ContractStatus = Literal["returned", "overdue", "partly_paid", "open", "overpaid", "paid", "credited", "none"]
TaskState = Literal["open", "done", "closed"]
"""done: by a person; closed: by Interlock."""
IsWorkingDay = Callable[[date], bool]
"""Whether a day is neither Saturday, Sunday nor a holiday in the region of `due.region`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that receivables need; is_working_day may be missing where due dates are kept."""

    due: DueRules = field(default_factory=DueRules)
    dunning: DunningRules = field(default_factory=DunningRules)
    bank: BankRules = field(default_factory=BankRules)
    is_working_day: IsWorkingDay | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """What was booked against an invoice, each kind apart: by how much it lowered what is open; refunds, returns are negative."""

    money: Decimal = ZERO
    correction: Decimal = ZERO
    write_off: Decimal = ZERO
    skonto: Decimal = ZERO
    exchange: Decimal = ZERO
    netting: Decimal = ZERO
    refund: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def received(self) -> Decimal:
        """Money that stayed, and what was netted."""
        return self.money + self.refund + self.returned + self.netting


class Payment(NamedTuple):
    """Money received in one payment."""

    day: date
    id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Overdue:
    """days: full days since the oldest effective due date of what is overdue; amount: gross; both 0 where nothing is."""

    days: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one invoice stands. returned_on, reason: of the last return, kept when it was paid after all; returns: how many."""

    receivable: Receivable
    settlement: Settlement
    closing: Closing
    last_payment: Payment | None = None
    overdue: Overdue = Overdue()
    returns: int = 0
    returned_on: date | None = None
    reason: str = ""

    @property
    def unpaid(self) -> bool:
        """Whether something is still to be paid."""
        return self.settlement in {"open", "partly_paid"}

    @property
    def returned_unpaid(self) -> bool:
        """Whether the bank took a payment back and the invoice is open again."""
        return self.unpaid and self.returned_on is not None


class TaskKey(NamedTuple):
    """Which task: one for ever. cycle: how many returns there were; level: 0 for the return itself, else as of `dunning.days`."""

    invoice: str
    cycle: int
    level: int


@dataclass(frozen=True, slots=True)
class DunningTask:
    """A task for the account's owner: a call to make, no Mahnung; amount: what is overdue, of a return what is open."""

    key: TaskKey
    account: str
    contract: str
    number: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DunningPlan:
    """What is to happen to tasks: new ones, ones that Interlock closed and that hold again, and ones to close with the reason.

    bank_outdated: whether new tasks were left out because no bank statement was booked lately; the run says so.
    """

    create: tuple[DunningTask, ...] = ()
    reopen: tuple[TaskKey, ...] = ()
    close: tuple[tuple[TaskKey, str], ...] = ()
    bank_outdated: bool = False
