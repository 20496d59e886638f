"""What is overdue: from 00:00 local time of the day after the effective due date, and always gross."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from interlock.domain.money import ZERO
from interlock.domain.payment import Receivable
from interlock.processes.receivables.known import Overdue, Rules

_DAY: Final = timedelta(days=1)
_LONGEST_REST: Final = 31


def effective_due(due: date, rules: Rules) -> date:
    """Move a due date that is no working day to the next one (§ 193 BGB) where `due.business_day` says so.

    Raises ValueError without a calendar of working days, or where it knows none within a month.
    """
    if rules.due.business_day == "keep":
        return due
    if rules.is_working_day is None:
        raise ValueError("due.business_day = next_working_day needs a calendar of working days")
    for days in range(_LONGEST_REST):
        if rules.is_working_day(due + days * _DAY):
            return due + days * _DAY
    raise ValueError(f"no working day within {_LONGEST_REST} days of {due}")


def open_parts(receivable: Receivable) -> list[tuple[date, Decimal]]:
    """Return what is still to be paid by its due date as the ERP has it; nothing where nothing is.

    Where the ERP does not keep instalments apart, what was settled counts for the oldest first (†, § 366 (2) BGB).
    """
    if receivable.kind == "credit_note" or not receivable.state.posted or receivable.open <= 0:
        return []
    if not receivable.maturities:
        return [(receivable.due, receivable.open)] if receivable.due else []
    opens = [(maturity.due, maturity.open) for maturity in receivable.maturities if maturity.open is not None]
    if len(opens) == len(receivable.maturities):
        return sorted((due, amount) for due, amount in opens if amount > 0)
    return _latest_open(receivable)


def _latest_open(receivable: Receivable) -> list[tuple[date, Decimal]]:
    rest, found = receivable.open, []
    latest_first = sorted(receivable.maturities, key=lambda maturity: maturity.due, reverse=True)
    for maturity in latest_first:
        part = rest if maturity is latest_first[-1] else min(rest, maturity.amount)
        if part > 0:
            found.append((maturity.due, part))
        rest -= part
    return found[::-1]


def overdue(receivable: Receivable, rules: Rules, as_of: date) -> Overdue:
    """Return days and amount on a local date; a returned debit is overdue from its original due date on."""
    late = [(effective_due(due, rules), amount) for due, amount in open_parts(receivable)]
    late = [(due, amount) for due, amount in late if due < as_of]
    if not late:
        return Overdue()
    return Overdue((as_of - min(due for due, _ in late)).days, sum((amount for _, amount in late), ZERO))
