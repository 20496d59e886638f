"""A contract's status: the first that holds for any of its invoices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from interlock.processes.receivables.known import ContractStatus, Standing

PRECEDENCE: Final[tuple[ContractStatus, ...]] = (
    "returned", "overdue", "partly_paid", "open", "overpaid", "paid", "credited", "none",
)  # fmt: skip


def contract_status(standings: Iterable[Standing]) -> ContractStatus:
    """Return the first of `PRECEDENCE` that an invoice has; `none` where there is none but drafts."""
    held = {_status(standing) for standing in standings}
    return next((status for status in PRECEDENCE if status in held), "none")


def contract_statuses(standings: Iterable[Standing]) -> dict[str, ContractStatus]:
    """Return the status of each contract that is named by an invoice; drafts name it too."""
    invoices: defaultdict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        if standing.receivable.contract:
            invoices[standing.receivable.contract].append(standing)
    return {contract: contract_status(found) for contract, found in sorted(invoices.items())}


def _status(standing: Standing) -> ContractStatus:
    if standing.returned_unpaid:
        return "returned"
    if standing.overdue.days:
        return "overdue"
    if standing.settlement == "draft":
        return "none"
    return "credited" if standing.settlement == "cancelled" else standing.settlement
