"""What was booked against one document of the debtors' ledger, from the lines that the ERP settled together or linked to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from interlock.connectors.receivable_lines import Ledger, Line
from interlock.domain.money import ZERO, half_up
from interlock.domain.payment import RAISING, Reconciliation, ReconciliationKind


@dataclass(frozen=True, slots=True)
class Pair:
    """Part of a debit that part of a credit settled; amount: above nothing, in `currency`, empty for the company's."""

    debit: Line
    credit: Line
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its key as `Ledger.owner` names it, its currency as lines have it (empty for the company's), its gross.

    code: the currency's ISO code. rate: what one of the company's currency is in the document's, as its own lines have it.
    """

    key: str
    currency: str
    code: str
    gross: Decimal
    rate: Decimal = Decimal(1)

    def value(self, line: Line) -> Decimal:
        """Return a line's amount in the document's currency; one that does not bear it is converted at the document's rate."""
        if not self.currency or line.currency == self.currency:
            return line.in_currency(self.currency)
        return half_up(line.amount * self.rate, self.code)

    def of_pair(self, pair: Pair) -> Decimal:
        """Return what a pair settled, in the document's currency."""
        return pair.amount if pair.currency == self.currency else half_up(pair.amount * self.rate, self.code)


def rate_of(lines: Sequence[Line]) -> Decimal:
    """Return what one of the company's currency is in that of some lines, as they have it themselves."""
    domestic = sum((abs(line.amount) for line in lines if line.currency), ZERO)
    return sum((abs(line.foreign) for line in lines), ZERO) / domestic if domestic else Decimal(1)


def bookings(
    document: Document, groups: Sequence[Sequence[Pair]], linked: Sequence[Line], ledger: Ledger
) -> tuple[Reconciliation, ...]:
    """Return what was booked against a document, oldest first; parts of one booking of one kind are one row."""
    found: dict[tuple[str, ReconciliationKind], Reconciliation] = {}
    rows = [row for group in groups for row in _of_group(document, group, ledger)]
    for row in [*rows, *(row for line in linked for row in _linked(document, line, ledger))]:
        known = found.get((row.id, row.kind))
        day = max(row.day, known.day) if known else row.day
        found[row.id, row.kind] = row.model_copy(update={"amount": row.amount + (known.amount if known else ZERO), "day": day})
    ordered = sorted((row for row in found.values() if row.amount), key=lambda row: (row.day, int(row.id)))
    return tuple(_told_apart(document, ordered))


def _of_group(document: Document, group: Sequence[Pair], ledger: Ledger) -> Iterator[Reconciliation]:
    for pair in group:
        debtor, creditor, amount = ledger.owner(pair.debit), ledger.owner(pair.credit), document.of_pair(pair)
        if debtor == creditor == document.key or not amount:
            continue
        if debtor == document.key:
            yield from _settled(document, pair.credit, amount, ledger)
        elif creditor == document.key:
            kind: ReconciliationKind = "refund" if ledger.raising(pair.debit) else "correction"
            booked = pair.debit if kind == "refund" else pair.credit
            yield _row(booked, kind, -amount, max(pair.debit.day, pair.credit.day))
        elif not creditor and ledger.raising(pair.debit) and _paid_for(pair, group, ledger) == document.key:
            yield from _settled(document, pair.credit, amount, ledger)
            yield _row(pair.debit, "returned", -amount, pair.debit.day)


def _linked(document: Document, line: Line, ledger: Ledger) -> Iterator[Reconciliation]:
    """Yield what is not settled with the document, but counted against it; of a credit note, what is counted elsewhere."""
    amount = -document.value(line)
    if ledger.owner(line) == document.key:
        yield _row(line, "correction", -amount, line.day)
    elif amount < 0:
        yield _row(line, "returned", amount, line.day)
    elif amount:
        yield from _settled(document, line, amount, ledger)


def _settled(document: Document, credit: Line, amount: Decimal, ledger: Ledger) -> Iterator[Reconciliation]:
    for kind, part in ledger.kinds(credit, amount, document.code).items():
        if part:
            yield _row(credit, kind, part, credit.day)


def _row(line: Line, kind: ReconciliationKind, amount: Decimal, day: date) -> Reconciliation:
    if kind != "returned":
        return Reconciliation(id=str(line.move), day=day, kind=kind, amount=amount)
    return Reconciliation(id=str(line.move), day=day, kind=kind, amount=amount, of=line.reverses, reason=line.text)


def _paid_for(pair: Pair, group: Sequence[Pair], ledger: Ledger) -> str:
    """Name the document that a payment was for, which then went back in part or in whole."""
    if pair.credit.links:
        return str(pair.credit.links[0])
    if pair.credit.made_for:
        return pair.credit.made_for
    settled = [ledger.owner(other.debit) for other in group if other.credit.id == pair.credit.id]
    return next((owner for owner in [*settled, *(ledger.owner(other.debit) for other in group)] if owner), "")


def _told_apart(document: Document, rows: Sequence[Reconciliation]) -> Iterator[Reconciliation]:
    """Tell refunds from returns: what goes back of more than the whole was paid is a refund, unless it reverses a payment."""
    received = ZERO
    for row in rows:
        refund = row.kind in RAISING and not row.of and received - document.gross >= -row.amount
        received += row.amount
        yield row.model_copy(update={"kind": "refund", "reason": ""}) if refund else row


def rescheduled(key: str, groups: Sequence[Sequence[Pair]], ledger: Ledger) -> set[int]:
    """Return a document's lines that were settled with lines of its own, as when its instalments were made anew."""
    return {
        line.id
        for group in groups
        for pair in group
        if ledger.owner(pair.debit) == ledger.owner(pair.credit) == key
        for line in (pair.debit, pair.credit)
    }
