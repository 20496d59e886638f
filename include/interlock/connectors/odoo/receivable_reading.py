"""Reading receivables by id: invoices, credit notes and open items, each with what was booked against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from interlock.connectors.odoo import receivable_building as building
from interlock.connectors.odoo import receivable_returns as returns
from interlock.connectors.odoo.api import Domain, Rpc, moment, numbers
from interlock.connectors.odoo.receivable_building import Book
from interlock.connectors.odoo.receivable_catalogue import MADE_FOR, MODEL
from interlock.connectors.odoo.receivable_debtors import unallocated
from interlock.connectors.odoo.receivable_ledger import Booked, LedgerReader
from interlock.connectors.receivable_lines import ITEM, Ledger, item_id
from interlock.connectors.receivable_records import EPOCH, record
from interlock.domain.identity import Ref
from interlock.domain.record import Record

FIELDS: Final = [
    "name", "ref", "invoice_origin", "move_type", "state", "payment_state", "posted_before", "invoice_date", "invoice_date_due",
    "commercial_partner_id", "currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "is_move_sent",
    "write_date",
]  # fmt: skip
BATCH: Final = 200


class ReceivableReader:
    """Turns Odoo's rows into receivables; `ref` names a record of this company.

    A record's timestamp is the invoice's own, which every deed with its payments moves.
    """

    def __init__(self, rpc: Rpc, lines: LedgerReader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._lines, self._ref = rpc, lines, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read by id, some ten calls for each 200."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Record] = {}
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            found |= self._read(numbers(part), numbers([name.removeprefix(ITEM) for name in part if name.startswith(ITEM)]))
        return found

    def _read(self, invoices: Sequence[int], items: Sequence[int]) -> dict[str, Record]:
        rows = self._rpc.search(MODEL, [["id", "in", invoices], *self._lines.catalogue.own], FIELDS) if invoices else []
        payments = returns.payments(self._rpc, self._lines.catalogue, [row["id"] for row in rows])
        booked = [name for name, row in payments.items() if row["move_id"]]
        either: Domain = ["|", "|", ["move_id", "in", [row["id"] for row in rows]], ["id", "in", list(items)]]
        lines, settled = self._lines.settled(self._lines.lines(*either, ["payment_id", "in", booked]).values())
        ledger = self._lines.ledger(lines.values())
        lines = self._lines.reversals(lines, ledger)
        asked = [
            line for number in items
            if (line := lines.get(number)) and line.party and (ledger.owner(line) == item_id(number) or ledger.raising(line))
        ]  # fmt: skip
        pending = {invoice for row in payments.values() if not row["move_id"] for invoice in row[MADE_FOR]}
        book = Book(
            lines, settled, ledger, self._left(asked, ledger), returns.shares(self._rpc, payments, lines, settled, ledger),
            frozenset(pending), self._lines.catalogue.currency,
        )  # fmt: skip
        make = partial(record, self._ref)
        found = [
            make(str(row["id"]), row["commercial_partner_id"][0], partial(building.invoice, row, book),
                 moment(row["write_date"]) or EPOCH)
            for row in rows
        ]  # fmt: skip
        found += [make(item_id(one.id), one.party or 0, partial(building.item, one, book), one.at) for one in asked]
        return {one.ref.id: one for one in found}

    def _left(self, items: Iterable[Booked], ledger: Ledger) -> Mapping[int, Decimal]:
        given_back = {line.party for line in items if ledger.raising(line) and line.left and line.party}
        return unallocated(self._lines, sorted(given_back))[1] if given_back else {}
