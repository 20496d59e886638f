"""Invoices, credit notes and open items as receivables, from Tryton's rows and the lines of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from interlock.connectors.receivable_lines import Ledger, Line, item_id
from interlock.connectors.receivable_records import contract_of
from interlock.connectors.receivable_rows import Document, Pair, bookings, rate_of, rescheduled
from interlock.connectors.tryton.api import Row
from interlock.connectors.tryton.invoice_reading import state_of
from interlock.connectors.tryton.wire import read_amount, read_day
from interlock.domain.invoice import InvoiceState
from interlock.domain.money import ZERO
from interlock.domain.payment import Maturity


@dataclass(frozen=True, slots=True)
class Book:
    """What was read for some receivables: lines by id, pairs by reconciliation, what is left of unallocated money.

    members: ids of a reconciliation's lines, with those that stand in for them. collecting: lines that a direct debit is under
    way for. home: the company's currency.
    """

    lines: Mapping[int, Line]
    groups: Mapping[int, Sequence[Pair]]
    members: Mapping[int, frozenset[int]]
    ledger: Ledger
    left: Mapping[int, Decimal]
    collecting: frozenset[int]
    home: str

    def groups_of(self, key: str, named: Sequence[Line]) -> list[Sequence[Pair]]:
        """Return the reconciliations of some lines, and of payments that were made for an invoice and taken from it again.

        One that is part of another, which stands in for it, is left out.
        """
        made_for = (line for line in self.lines.values() if line.made_for == key)
        names = sorted({line.reconciliation or 0 for line in (*named, *made_for)} - {0})
        whole = [name for name in names if not any(self.members[name] < self.members[other] for other in names)]
        return [self.groups[name] for name in whole]


def invoice(row: Row, book: Book) -> dict[str, Any]:
    """Return the values of an invoice or credit note; posted counts as sent, for Tryton does not know."""
    own, linked = ([book.lines[line] for line in row[name] if line in book.lines] for name in ("lines_to_pay", "payment_lines"))
    document, state, reference = _document(row, own, book), state_of(row), row["reference"] or ""
    groups = book.groups_of(document.key, [*own, *linked])
    pending = [line for line in linked if not line.reconciliation]
    elsewhere = [line for line in own if line.links and not line.reconciliation]
    again = rescheduled(document.key, groups, book.ledger)
    to_pay = [line for line in own if line.id not in again and document.value(line) > 0]
    note = document.gross < 0
    return {
        "id": document.key, "kind": "credit_note" if note else "invoice", "number": row["number"] or "", "reference": reference,
        "contract": contract_of(reference), "recipient": str(row["party"]), "currency": document.code,
        "state": InvoiceState.POSTED if note and state is InvoiceState.PAID else state, "net": read_amount(row["untaxed_amount"]),
        "tax": read_amount(row["tax_amount"]), "gross": document.gross,
        "open": _open(row, document, own, pending) + _delegated(document, own, groups),
        "due": max((line.due for line in to_pay if line.due), default=read_day(row["invoice_date"]) if not to_pay else None),
        "maturities": () if note or len(to_pay) <= 1 else _maturities(document, to_pay, apart=not pending),
        "reconciliations": bookings(document, groups, [*pending, *elsewhere], book.ledger),
        "sent": state not in {InvoiceState.DRAFT, InvoiceState.VALIDATED, InvoiceState.DELETED},
        "debit_pending": any(line.id in book.collecting for line in _asking(own, groups)),
    }  # fmt: skip


def item(line: Line, book: Book) -> dict[str, Any]:
    """Return the values of a debit without an invoice; money given back is open as far as no unallocated money covers it."""
    key, foreign = item_id(line.id), bool(line.currency)
    gross = line.foreign if foreign else line.amount
    document = Document(key, line.currency, line.currency or book.home, gross, rate_of([line]) if foreign else Decimal(1))
    open_amount = ZERO if line.reconciliation or line.links else book.left.get(line.id, gross)
    state = InvoiceState.DRAFT if line.draft else InvoiceState.POSTED if open_amount else InvoiceState.PAID
    rows = () if book.ledger.raising(line) else bookings(document, book.groups_of(key, [line]), [], book.ledger)
    return {
        "id": key, "kind": "item", "recipient": str(line.party), "currency": document.code, "state": state, "net": gross,
        "gross": gross, "open": open_amount, "due": line.due or line.day, "reconciliations": rows, "sent": not line.draft,
        "debit_pending": not line.reconciliation and line.id in book.collecting,
    }  # fmt: skip


def _document(row: Row, own: Sequence[Line], book: Book) -> Document:
    code = row["currency."]["code"]
    gross = read_amount(row["total_amount"])
    return Document(
        str(row["id"]), "" if code == book.home else code, code, gross, rate_of(own) if code != book.home else Decimal(1)
    )


def _open(row: Row, document: Document, own: Sequence[Line], pending: Sequence[Line]) -> Decimal:
    """Return the ERP's residual; reckoned where it gives none, and where it would count a linked credit note twice."""
    if row["state"] == "posted" and not any(line.links for line in own):
        return read_amount(row["amount_to_pay"])
    left = [line for line in own if not line.reconciliation and not line.links]
    return sum((document.value(line) for line in (*left, *pending)), ZERO)


def _delegated(document: Document, own: Sequence[Line], groups: Sequence[Sequence[Pair]]) -> Decimal:
    """Return what is open of lines whose settlement another line, which is not settled wholly, stands in for."""
    if not any(line.delegate for line in own):
        return ZERO
    left = sum((document.value(line) for line in own if line.reconciliation), ZERO)
    names = {line.id for line in own}
    for pair in (pair for group in groups for pair in group):
        left += document.of_pair(pair) * ((pair.credit.id in names) - (pair.debit.id in names))
    return left


def _asking(own: Sequence[Line], groups: Sequence[Sequence[Pair]]) -> list[Line]:
    """Return the lines by which an invoice asks for its money: its own, and those that stand in for them."""
    standing_in = (line for group in groups for pair in group for line in (pair.debit, pair.credit) if line.stands_in)
    return [line for line in (*own, *standing_in) if not line.reconciliation]


def _maturities(document: Document, lines: Sequence[Line], *, apart: bool) -> list[Maturity]:
    """Return the instalments; Tryton does not say which of them a part payment is for."""
    found: list[Maturity] = []
    for line in lines:
        if line.due and (amount := document.value(line)):
            left = ZERO if line.reconciliation else amount if apart else None
            found.append(Maturity(due=line.due, amount=amount, open=None if line.delegate else left))
    return found
