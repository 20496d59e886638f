"""Which credit settled which debit: Tryton says only which lines were settled together."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.connectors.receivable_lines import Ledger, Line
from interlock.connectors.receivable_rows import Pair


def pairs(lines: Sequence[Line], ledger: Ledger) -> list[Pair]:
    """Match the lines of one reconciliation: a document with itself, payments with the invoice they name, then the oldest first.

    Documents go before money given back, in the order of due dates.
    """
    currency = common_currency(lines)
    left = {line.id: line.in_currency(currency) for line in lines}
    debits = [line for line in lines if left[line.id] > 0]
    debits.sort(key=lambda one: (not ledger.owner(one), one.due or one.day, one.id))
    credits_ = sorted((line for line in lines if left[line.id] < 0), key=lambda one: (one.day, one.id))
    found: list[Pair] = []
    every = [(debit, credit) for debit in debits for credit in credits_]
    for debit, credit in sorted(every, key=lambda two: _fit(two[0], two[1], ledger)):
        amount = min(left[debit.id], -left[credit.id])
        if amount > 0:
            left[debit.id] -= amount
            left[credit.id] += amount
            found.append(Pair(debit, credit, amount, currency))
    return found


def _fit(debit: Line, credit: Line, ledger: Ledger) -> int:
    owner = ledger.owner(debit)
    if owner and owner == ledger.owner(credit):
        return 0
    return 1 if owner in {str(invoice) for invoice in credit.links} else 2


def common_currency(lines: Sequence[Line]) -> str:
    """Return the foreign currency that all lines bear but those that only balance rates; empty where there is no such."""
    foreign = {line.currency for line in lines if line.currency}
    if len(foreign) != 1:
        return ""
    balanced = all(line.currency for line in lines) or not sum(line.foreign for line in lines)
    return foreign.pop() if balanced else ""
