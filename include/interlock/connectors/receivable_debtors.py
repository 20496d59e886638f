"""What a debtor's account holds beside its invoices, whatever the ERP: money that nobody allocated, less what of it went back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from interlock.connectors.receivable_lines import Ledger, Line
from interlock.domain.money import ZERO
from interlock.domain.payment import Debtor, Unallocated


def left_of(lines: Iterable[Line], ledger: Ledger) -> dict[int, Decimal]:
    """Return what is left of each line once refunds are set off, for each party and currency apart."""
    by: dict[tuple[int | None, str], list[Line]] = {}
    for line in lines:
        by.setdefault((line.party, line.currency), []).append(line)
    left: dict[int, Decimal] = {}
    for several in by.values():
        left |= netted(several, ledger)
    return left


def netted(lines: Sequence[Line], ledger: Ledger) -> dict[int, Decimal]:
    """Set money given back against money that nobody allocated, the oldest first; what is left of each line, none left out.

    All are of one party and currency, in that currency; credits come out below nothing.
    """
    left = {line.id: line.foreign if line.currency else line.amount for line in lines}
    credits_ = sorted((line for line in lines if left[line.id] < 0), key=lambda one: (one.day, one.id))
    for debit in sorted((line for line in lines if ledger.raising(line)), key=lambda one: (one.day, one.id)):
        for credit in credits_:
            amount = min(left[debit.id], -left[credit.id])
            left[debit.id] -= amount
            left[credit.id] += amount
    return left


def debtor(account: str, lines: Sequence[Line], left: Mapping[int, Decimal], home: str) -> Debtor:
    """Build a debtor of its lines without a document; parts of one booking are one row. home: the company's currency."""
    found: dict[tuple[str, str], Unallocated] = {}
    for line in sorted(lines, key=lambda one: (one.day, one.id)):
        key = (str(line.move), line.currency or home)
        if (amount := -left[line.id]) > 0:
            known = found[key].amount if key in found else ZERO
            found[key] = Unallocated(id=key[0], day=line.day, currency=key[1], amount=known + amount)
    return Debtor(account=account, unallocated=tuple(found.values()))
