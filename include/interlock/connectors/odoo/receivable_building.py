"""Invoices, credit notes and open items as receivables, from Odoo's rows and the lines of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from interlock.connectors.odoo.api import Row, words
from interlock.connectors.odoo.invoice_rows import amount, party, state_of
from interlock.connectors.odoo.receivable_ledger import Booked, Settled
from interlock.connectors.odoo.receivable_returns import Shares
from interlock.connectors.receivable_lines import Ledger, Line, item_id
from interlock.connectors.receivable_records import contract_of
from interlock.connectors.receivable_rows import Document, Pair, bookings, rate_of
from interlock.domain.invoice import InvoiceState
from interlock.domain.money import ZERO, half_up
from interlock.domain.payment import Maturity, Reconciliation


@dataclass(frozen=True, slots=True)
class Book:
    """What was read for some receivables: lines by id, what settled what by document, what is open of the items.

    pending: the invoices that a payment without a booking is under way for. home: the company's currency.
    """

    lines: Mapping[int, Booked]
    settled: Mapping[str, Sequence[Settled]]
    ledger: Ledger
    left: Mapping[int, Decimal]
    returned: Shares
    pending: frozenset[int]
    home: str

    def bookings(self, document: Document) -> tuple[Reconciliation, ...]:
        """Return what was booked against a document."""
        return bookings(document, [[*self._pairs(document), *self._returned(document)]], [], self.ledger)

    def _pairs(self, document: Document) -> Iterator[Pair]:
        for one in self.settled.get(document.key, ()):
            yield _pair(document, self.lines[one.debit], self.lines[one.credit], one)

    def _returned(self, document: Document) -> Iterator[Pair]:
        """Yield what went back of payments made for the document, as far as it was for this one."""
        shares = self.returned.get(document.key, {})
        for one in self.settled.get("", ()) if shares else ():
            debit, credit = self.lines[one.debit], self.lines[one.credit]
            if one.credit in shares and self.ledger.raising(debit):
                pair = _pair(document, debit, replace(credit, links=(int(document.key),)), one)
                yield replace(pair, amount=half_up(pair.amount * shares[one.credit], document.code))


def by_document(settled: Sequence[Settled], lines: Mapping[int, Booked], ledger: Ledger) -> dict[str, list[Settled]]:
    """Sort pairs by the documents that their two lines belong to; under no name, those of which a line belongs to none."""
    found: dict[str, list[Settled]] = {}
    for one in settled:
        for name in {ledger.owner(lines[one.debit]), ledger.owner(lines[one.credit])}:
            found.setdefault(name, []).append(one)
    return found


def invoice(row: Row, book: Book) -> dict[str, Any]:
    """Return the values of an invoice or credit note, whose amounts are negative."""
    note = row["move_type"] == "out_refund"
    own = [line for line in book.lines.values() if line.move == row["id"]]
    document = _document(row, own, book.home, -1 if note else 1)
    booked = book.bookings(document)
    state = _state(row, booked, document.gross, note=note)
    posted, sign = row["state"] == "posted", -1 if note else 1
    to_pay = sorted((line for line in own if document.value(line) > 0), key=lambda line: (line.due or line.day, line.id))
    reference = next(filter(contract_of, (words(row["invoice_origin"]), words(row["ref"]))), words(row["ref"]))
    return {
        "id": document.key, "kind": "credit_note" if note else "invoice", "number": words(row["name"]).strip("/"),
        "reference": reference, "contract": contract_of(reference), "recipient": str(party(row)),
        "currency": document.code, "state": state, "net": sign * amount(row["amount_untaxed"], document.code),
        "tax": sign * amount(row["amount_tax"], document.code), "gross": document.gross,
        "open": sign * amount(row["amount_residual"], document.code) if posted else ZERO,
        "due": max((line.due for line in to_pay if line.due), default=_day(row)),
        "maturities": () if note or len(to_pay) <= 1 else _maturities(document, to_pay),
        "reconciliations": booked, "sent": posted and bool(row["is_move_sent"]),
        "dunning_block": row["payment_state"] == "blocked" or any(line.blocked for line in own),
        "debit_pending": row["id"] in book.pending,
    }  # fmt: skip


def item(line: Booked, book: Book) -> dict[str, Any]:
    """Return the values of a debit without an invoice; money given back is open as far as no unallocated money covers it."""
    key = item_id(line.id)
    gross = line.foreign if line.currency else line.amount
    rate = rate_of([line]) if line.currency else Decimal(1)
    document = Document(key, line.currency, line.currency or book.home, gross, rate)
    left = book.left[line.id]
    return {
        "id": key, "kind": "item", "recipient": str(line.party), "currency": document.code,
        "state": InvoiceState.POSTED if left else InvoiceState.PAID, "net": gross, "gross": gross, "open": left,
        "due": line.due or line.day, "sent": True, "dunning_block": line.blocked,
        "reconciliations": () if book.ledger.raising(line) else book.bookings(document),
    }  # fmt: skip


def _document(row: Row, own: Sequence[Line], home: str, sign: int) -> Document:
    currency = row["currency_id"][1]
    foreign, gross = "" if currency == home else currency, sign * amount(row["amount_total"], currency)
    return Document(str(row["id"]), foreign, currency, gross, rate_of(own) if foreign else Decimal(1))


def _pair(document: Document, debit: Booked, credit: Booked, one: Settled) -> Pair:
    """Odoo keeps what was settled in the currency of either line: the document's own one counts."""
    if debit.currency == document.currency:
        return Pair(debit, credit, one.debited if debit.currency else one.amount, document.currency)
    if credit.currency == document.currency:
        return Pair(debit, credit, one.credited if credit.currency else one.amount, document.currency)
    return Pair(debit, credit, one.amount, "")


def _state(row: Row, booked: Sequence[Reconciliation], gross: Decimal, *, note: bool) -> InvoiceState:
    """Odoo calls reversed what a credit note and any entry without a payment closed; here credit notes alone must have."""
    state = state_of(row)
    if row["state"] != "posted" or state is InvoiceState.POSTED:
        return state
    if note:
        return InvoiceState.POSTED
    corrected = sum((one.amount for one in booked if one.kind == "correction"), ZERO)
    return InvoiceState.PAID if state is InvoiceState.CANCELLED and corrected < gross else state


def _maturities(document: Document, lines: Sequence[Booked]) -> list[Maturity]:
    """Return the instalments; Odoo keeps what is open of each."""
    return [Maturity(due=line.due or line.day, amount=document.value(line), open=line.left) for line in lines]


def _day(row: Row) -> date | None:
    day = row["invoice_date_due"] or row["invoice_date"]
    return date.fromisoformat(day) if day else None
