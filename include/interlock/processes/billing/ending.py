"""When service ends: the effective end of a cancellation, never the contract's status (and the receipt, never the typing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from interlock.domain.contract import Contract, Term
from interlock.domain.record import Problem
from interlock.processes.billing.calendar import DAY, earliest_end, last_receipt
from interlock.processes.billing.stretches import is_confirmed, stretches

KIND: Final = Problem(
    "cancellation_kind_missing", "cancellation_kind",
    "a cancellation has dates but no kind; enter whether it is ordinary, for cause, by agreement, or the contract void",
)  # fmt: skip
RECEIPT: Final = Problem(
    "cancellation_receipt_missing", "cancellation_received_on",
    "an ordinary cancellation needs the day on which it arrived; that day decides, not the day of typing",
)  # fmt: skip
END: Final = Problem(
    "cancellation_end_missing", "cancellation_effective_on", "the cancellation needs its last day of service; enter it in the CRM"
)
DOUBTFUL: Final = Problem(
    "cancellation_date_doubtful", "cancellation_effective_on",
    "an ordinary cancellation that arrived then cannot take effect on that day; correct a date, or make it one by agreement",
)  # fmt: skip
BOTH: Final = Problem(
    "cancelled_and_renewed", "renewed_through",
    "the contract is cancelled and was confirmed beyond that end; correct one of them. Nothing later is invoiced till then",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """The last day of service, None while nothing ends it but its term; with a problem the day is the earliest it may be."""

    last_day: date | None = None
    problem: Problem | None = None


OPEN: Final = Ending()


def find_ending(contract: Contract, start: date, frozen: tuple[Term, ...]) -> Ending:
    """Judge a contract's cancellation against its terms and notice."""
    kind, received, effective = contract.cancellation_kind, contract.cancellation_received_on, contract.cancellation_effective_on
    if not kind:
        dates = [day for day in (received, effective) if day]
        return Ending(min(dates), KIND) if dates else OPEN
    if kind == "void":
        return Ending(start - DAY)
    if kind == "ordinary":
        return _ordinary(contract, start, frozen)
    last = effective or (received if kind == "for_cause" else None)
    if last is None:
        return Ending(received or start - DAY, END)
    return Ending(last)


def _ordinary(contract: Contract, start: date, frozen: tuple[Term, ...]) -> Ending:
    received, effective = contract.cancellation_received_on, contract.cancellation_effective_on
    if received is None:
        return Ending(effective or start - DAY, RECEIPT)
    possible = natural = None
    for _, first, last in stretches(contract, start, frozen):
        if last is None:
            possible = possible or max(earliest_end(received, contract.notice_value, contract.notice_unit), first)
            return _judged(contract, possible, effective or possible, fits=not effective or effective >= possible)
        natural = last
        if possible or received <= last_receipt(last, contract.notice_value, contract.notice_unit):
            possible = possible or last
            if effective is None or effective <= last:
                return _judged(contract, possible, effective or last, fits=effective in {None, last})
    if effective and natural and (possible or effective < natural):
        return Ending(min(possible or effective, effective), DOUBTFUL)
    return Ending(possible)


def _judged(contract: Contract, possible: date, last: date, *, fits: bool) -> Ending:
    if not fits:
        return Ending(min(possible, last), DOUBTFUL)
    return Ending(last, BOTH if is_confirmed(contract, last) else None)
