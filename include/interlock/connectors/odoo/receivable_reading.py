"""Reading receivables by id: invoices, credit notes and open items, each with what was booked against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from interlock.connectors.odoo import receivable_building as building
from interlock.connectors.odoo import receivable_returns as returns
from interlock.connectors.odoo.api import Domain, Rpc, moment, numbers
from interlock.connectors.odoo.invoice_rows import party
from interlock.connectors.odoo.receivable_building import Book
from interlock.connectors.odoo.receivable_catalogue import MADE_FOR, MODEL
from interlock.connectors.odoo.receivable_debtors import unallocated
from interlock.connectors.odoo.receivable_ledger import Booked, LedgerReader
from interlock.connectors.receivable_lines import Ledger, item_id
from interlock.connectors.receivable_records import EPOCH, in_parts, record
from interlock.domain.identity import Ref
from interlock.domain.record import Record

FIELDS: Final = [
    "name", "ref", "invoice_origin", "move_type", "state", "payment_state", "posted_before", "invoice_date", "invoice_date_due",
    "commercial_partner_id", "currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "is_move_sent",
    "write_date",
]  # fmt: skip


class ReceivableReader:
    """Turns Odoo's rows into receivables; `ref` names a record of this company.

    A record's timestamp is the invoice's own, which every deed with its payments moves.
    """

    def __init__(self, rpc: Rpc, lines: LedgerReader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._lines, self._ref = rpc, lines, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read by id, some ten calls for each 200."""
        return in_parts(ids, lambda documents, items: self._read(numbers(documents), numbers(items)))

    def _read(self, invoices: Sequence[int], items: Sequence[int]) -> dict[str, Record]:
        there = self._rpc.search(MODEL, [["id", "in", invoices], *self._lines.catalogue.own], FIELDS) if invoices else []
        rows = [row for row in there if party(row)]  # nobody owes what bears no customer: a draft, or a receipt
        book, make = self._book([row["id"] for row in rows], items), partial(record, self._ref)
        found = [
            make(str(row["id"]), party(row), partial(building.invoice, row, book),
                 moment(row["write_date"]) or EPOCH)
            for row in rows
        ]  # fmt: skip
        asked = [book.lines[number] for number in items if number in book.left]
        found += [make(item_id(one.id), one.party or 0, partial(building.item, one, book), one.at) for one in asked]
        return {one.ref.id: one for one in found}

    def _book(self, invoices: Sequence[int], items: Sequence[int]) -> Book:
        """Read the lines of some invoices and items, with all that was booked against them."""
        payments = returns.payments(self._rpc, self._lines.catalogue, invoices)
        booked = [name for name, row in payments.items() if row["move_id"]]
        either: Domain = ["|", "|", ["move_id", "in", list(invoices)], ["id", "in", list(items)], ["payment_id", "in", booked]]
        lines, settled = self._lines.settled(self._lines.lines(*either).values())
        ledger = self._lines.ledger(lines.values())
        lines = self._lines.reversals(lines, ledger)
        pending = {invoice for row in payments.values() if not row["move_id"] for invoice in row[MADE_FOR]}
        return Book(
            lines=lines, settled=building.by_document(settled, lines, ledger), ledger=ledger, pending=frozenset(pending),
            left=self._left([lines[number] for number in items if number in lines], ledger),
            returned=returns.shares(self._rpc, payments, lines, settled, ledger), home=self._lines.catalogue.currency,
        )  # fmt: skip

    def _left(self, lines: Sequence[Booked], ledger: Ledger) -> dict[int, Decimal]:
        """Return what is open of each line that is an item: of money given back, what no unallocated money covers."""
        asked = [line for line in lines if line.party and (ledger.owner(line) == item_id(line.id) or ledger.raising(line))]
        given_back = {line.party for line in asked if ledger.raising(line) and line.left and line.party}
        covered = unallocated(self._lines, sorted(given_back))[1]
        return {line.id: covered.get(line.id, line.left) for line in asked}
