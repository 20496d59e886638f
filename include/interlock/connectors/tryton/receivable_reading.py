"""Reading receivables by id: invoices, credit notes and open items, each with what was booked against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from interlock.connectors.receivable_lines import Ledger, Line, item_id
from interlock.connectors.receivable_records import in_parts, record
from interlock.connectors.tryton import receivable_building as building
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.reading import numbers, stamp
from interlock.connectors.tryton.receivable_building import Book
from interlock.connectors.tryton.receivable_catalogue import PAYMENT
from interlock.connectors.tryton.receivable_debtors import unallocated
from interlock.connectors.tryton.receivable_ledger import INVOICE, LedgerReader
from interlock.connectors.tryton.receivable_matching import pairs
from interlock.domain.identity import Ref
from interlock.domain.record import Record

FIELDS: Final = [
    "reference", "state", "number", "invoice_date", "party", "currency.code", "untaxed_amount", "tax_amount", "total_amount",
    "amount_to_pay", "lines_to_pay", "payment_lines", "create_date", "write_date",
]  # fmt: skip
COLLECTING: Final = ["submitted", "approved", "processing"]


class ReceivableReader:
    """Turns Tryton's rows into receivables; `ref` names a record of this company.

    A record's timestamp is the invoice's own: that of its lines falls back when a payment is taken off, and an older record would
    not replace a newer one.
    """

    def __init__(self, rpc: Rpc, lines: LedgerReader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._lines, self._ref = rpc, lines, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read by id, some eight calls for each 200."""
        return in_parts(ids, lambda documents, items: self._read(numbers(documents), numbers(items)))

    def _read(self, invoices: Sequence[int], items: Sequence[int]) -> dict[str, Record]:
        own = [["id", "in", invoices], ["company", "=", self._lines.catalogue.company], ["type", "=", "out"]]
        rows = self._rpc.search(INVOICE, own, FIELDS) if invoices else []
        named = {line for row in rows for name in ("lines_to_pay", "payment_lines") for line in row[name]}
        lines = self._lines.lines("id", {*named, *items})
        lines |= self._lines.lines("move.origin", [f"{INVOICE},{row['id']}" for row in rows])
        groups = self._lines.settled_with(lines.values())
        every = {line.id: line for line in (*lines.values(), *(line for group in groups.values() for line in group))}
        ledger = self._lines.ledger(every.values())
        asked = [
            line
            for number in items
            if (line := lines.get(number)) and line.amount > 0 and line.party and ledger.owner(line) in {"", item_id(number)}
        ]
        book = Book(
            lines, {name: pairs(group, ledger) for name, group in groups.items()},
            {name: frozenset(line.id for line in group) for name, group in groups.items()}, ledger, self._left(asked, ledger),
            self._collecting(every), self._lines.catalogue.currency,
        )  # fmt: skip
        make = partial(record, self._ref)
        found = [make(str(row["id"]), row["party"], partial(building.invoice, row, book), stamp(row)) for row in rows]
        found += [make(item_id(one.id), one.party or 0, partial(building.item, one, book), one.at) for one in asked]
        return {one.ref.id: one for one in found}

    def _left(self, items: Sequence[Line], ledger: Ledger) -> dict[int, Decimal]:
        given_back = {line.party for line in items if ledger.raising(line) and not line.reconciliation and line.party}
        return unallocated(self._lines, given_back)[1] if given_back else {}

    def _collecting(self, lines: Mapping[int, Line]) -> frozenset[int]:
        """Return the lines that a direct debit is under way for."""
        if not lines or not self._lines.catalogue.readable.get(PAYMENT):
            return frozenset()
        domain = [["line", "in", list(lines)], ["kind", "=", "receivable"], ["state", "in", COLLECTING]]
        return frozenset(row["line"] for row in self._rpc.search(PAYMENT, domain, ["line"]))
