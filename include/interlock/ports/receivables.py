"""An ERP that keeps the debtors' ledger: who owes what, and what was paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from interlock.domain.record import Record
from interlock.ports.system import Check


@runtime_checkable
class Receivables(Protocol):
    """What the kinds `receivable` and `debtor` need beside reading; `children` of a customer are its receivables."""

    def numbered(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return posted invoices by the number they bear, as receivables; unknown numbers are absent."""

    def bank_booked_on(self) -> date | None:
        """Return the day of the latest bank statement that is booked; None where there is none yet."""

    def receivable_checks(self) -> Iterator[Check]:
        """Yield what `doctor` shows of reading the ledger."""
