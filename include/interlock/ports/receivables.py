"""A system that keeps the debtors' ledger: what every connector to an ERP that can tell who paid offers beside `System`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Protocol, runtime_checkable

from interlock.domain.record import Record
from interlock.ports.system import Check

RECEIVABLE: Final = "receivable"
DEBTOR: Final = "debtor"


@runtime_checkable
class Receivables(Protocol):
    """A system whose kinds `receivable` and `debtor` are read by `changed` and `read`, as `domain.payment` has them.

    Recipient and account are ids of customers in this system; a record's parent is that customer, whose `children` of the
    kind `receivable` are all that it ever owed.
    """

    reads_dunning: bool
    """Whether the ERP's own levels of dunning are known (`dunning.source = "erp"`)."""

    def numbered(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return posted invoices as receivables by the number that they bear; unknown numbers are absent."""

    def bank_booked_on(self) -> date | None:
        """Return the day of the latest bank statement that was booked; None where there was none, or none can be told."""

    def receivable_checks(self) -> Iterator[Check]:
        """Yield what `doctor` shows of reading receivables."""
