"""From what the ERP says of invoices to what the CRM shows of invoices, contracts and accounts, and the tasks that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from interlock.domain.normalise import text
from interlock.domain.payment import Debtor, Receivable
from interlock.processes.receivables.balances import Balance, balances
from interlock.processes.receivables.dunning import plan_tasks
from interlock.processes.receivables.known import ContractStatus, DunningPlan, Rules, Standing, TaskKey, TaskState
from interlock.processes.receivables.overdue import overdue
from interlock.processes.receivables.settlement import closing, kept_payments, returns, settlement
from interlock.processes.receivables.status import contract_statuses

LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger on a local date: all invoices of the contracts and accounts asked about, since sums need every one.

    tasks: those that Interlock ever made, and where they stand. bank_booked_on: the day of the latest bank statement booked.
    """

    as_of: date
    receivables: tuple[Receivable, ...]
    debtors: tuple[Debtor, ...] = ()
    tasks: Mapping[TaskKey, TaskState] = field(default_factory=dict)
    bank_booked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where each invoice stands, each contract's status by its number, each account's balances, and the tasks to plan."""

    standings: tuple[Standing, ...]
    statuses: Mapping[str, ContractStatus]
    balances: tuple[Balance, ...]
    tasks: DunningPlan


def assess(known: Known, rules: Rules) -> Assessment:
    """Answer for all of them; raises ValueError where an invoice is there twice, for its amounts would count twice."""
    if len({one.id for one in known.receivables}) < len(known.receivables):
        raise ValueError("an invoice is there twice")
    standings = tuple(stand(one, rules, known.as_of) for one in known.receivables)
    return Assessment(
        standings,
        contract_statuses(standings),
        balances(standings, known.debtors),
        plan_tasks(standings, known.tasks, rules, known.as_of, known.bank_booked_on),
    )


def stand(receivable: Receivable, rules: Rules, as_of: date) -> Standing:
    """Judge one invoice on a local date."""
    taken_back, kept = returns(receivable), kept_payments(receivable)
    return Standing(
        receivable=receivable,
        settlement=settlement(receivable),
        closing=closing(receivable),
        last_payment=kept[-1] if kept else None,
        overdue=overdue(receivable, rules, as_of),
        returns=len(taken_back),
        returned_on=taken_back[-1].day if taken_back else None,
        reason=text(taken_back[-1].reason)[:LONGEST_REASON] if taken_back else "",
    )
