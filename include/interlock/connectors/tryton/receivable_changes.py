"""Receivables and debtors by change: what Tryton's timestamps of invoices, lines and direct debits tell.

A removed reconciliation leaves no row, but touches its lines. A deleted draft receipt touches nothing: its invoice shows when it
is read by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from interlock.connectors.receivable_lines import item_id
from interlock.connectors.receivable_records import Stamps, note, parts
from interlock.connectors.tryton.api import Row, Rpc, wire
from interlock.connectors.tryton.reading import READ, STAMPS, numbers, stamp
from interlock.connectors.tryton.receivable_catalogue import PAYMENT
from interlock.connectors.tryton.receivable_debtors import PARTY
from interlock.connectors.tryton.receivable_ledger import INVOICE, LINE, MOVE, LedgerReader
from interlock.connectors.tryton.wire import read_amount

LINE_FIELDS: Final = [
    "move", "account", "party", "debit", "credit", "invoice_payments", "reconciliation", "move.origin", "move.journal",
]  # fmt: skip


class Changes:
    """Collects ids with when they changed, and reads them page by page, the oldest change first."""

    def __init__(self, rpc: Rpc, lines: LedgerReader) -> None:
        self._rpc, self._lines = rpc, lines

    def receivables(self, since: datetime | None) -> Stamps:
        """Return invoices and items that were touched; None: all invoices, and the items that are open."""
        stamps: Stamps = {}
        for row in self._invoices(since, []):
            note(stamps, str(row["id"]), stamp(row))
        for rows in self._touched_lines(since):
            self._note_lines(stamps, rows, [stamp(row) for row in rows])
        for rows in _in_parts(self._direct_debits(since)):
            self._note_lines(stamps, [row["line."] for row in rows], [stamp(row) for row in rows])
        return stamps

    def of_customers(self, ids: Sequence[str]) -> Stamps:
        """Return the invoices of some parties, and items of theirs that are open."""
        stamps: Stamps = {}
        for part in parts(numbers(ids)):
            for row in self._rows(INVOICE, [*self._own(), ["party", "in", part]], STAMPS, None):
                note(stamps, str(row["id"]), stamp(row))
            for rows in self._touched_lines(None, ["party", "in", part]):
                self._note_lines(stamps, rows, [stamp(row) for row in rows])
        return stamps

    def debtors(self, since: datetime | None) -> Stamps:
        """Return the parties of touched invoices and lines, and those touched themselves; None: all who were invoiced or owe."""
        stamps: Stamps = {}
        for row in self._invoices(since, ["party"]):
            note(stamps, str(row["party"]), stamp(row))
        for row in self._rows(LINE, [*self._lines_of(since), ["party", "!=", None]], [*STAMPS, "party"], since):
            note(stamps, str(row["party"]), stamp(row))
        for row in self._rows(PARTY, [], STAMPS, since) if since else ():
            note(stamps, str(row["id"]), stamp(row))
        return stamps

    def _invoices(self, since: datetime | None, fields: list[str]) -> Iterator[Row]:
        return self._rows(INVOICE, self._own(), [*STAMPS, *fields], since)

    def _own(self) -> list[Any]:
        return [["company", "=", self._lines.catalogue.company], ["type", "=", "out"]]

    def _touched_lines(self, since: datetime | None, *more: list[Any]) -> Iterator[list[Row]]:
        return _in_parts(self._rows(LINE, [*self._lines_of(since), *more], [*STAMPS, *LINE_FIELDS], since))

    def _lines_of(self, since: datetime | None) -> list[Any]:
        """Return what tells receivable lines: of all there are only those that nothing settled."""
        unsettled = [["reconciliation", "=", None]] if since is None else []
        return [["account", "in", self._lines.catalogue.receivable], ["state", "=", "valid"], *unsettled]

    def _direct_debits(self, since: datetime | None) -> Iterator[Row]:
        if since is None or not self._lines.catalogue.readable.get(PAYMENT):
            return iter(())
        fields = [*STAMPS, *(f"line.{name}" for name in LINE_FIELDS)]
        return self._rows(PAYMENT, [["kind", "=", "receivable"], ["line", "!=", None]], fields, since)

    def _rows(self, model: str, domain: list[Any], fields: list[str], since: datetime | None) -> Iterator[Row]:
        """Yield rows by id: an offset would skip rows when others go while we read."""
        changes = [["OR", ["write_date", ">=", wire(since)], ["create_date", ">=", wire(since)]]] if since else []
        last = 0
        while rows := self._rpc.search(model, [*domain, ["id", ">", last], *changes], fields, limit=10 * READ):
            yield from rows
            last = rows[-1]["id"]

    def _note_lines(self, stamps: Stamps, lines: Sequence[Row], at: Sequence[datetime]) -> None:
        owners = self._owners(lines)
        for line, changed in zip(lines, at, strict=True):
            for name in self._names(line, owners):
                note(stamps, name, changed)

    def _owners(self, rows: Sequence[Row]) -> dict[tuple[int, int], str]:
        owners: dict[tuple[int, int], str] = {}
        for part in parts(row["move"] for row in rows):
            domain = [["type", "=", "out"], ["OR", ["move", "in", part], ["additional_moves", "in", part]]]
            for row in self._rpc.search(INVOICE, domain, ["account", "move", "additional_moves"]):
                owners |= {(move, row["account"]): str(row["id"]) for move in (row["move"], *row["additional_moves"])}
        return owners

    def _names(self, row: Row, owners: Mapping[tuple[int, int], str]) -> Iterator[str]:
        """Name what a line's change is a change of: its document, what it pays, what it was made for, the item that it is."""
        move = row["move."]
        yield from (str(invoice) for invoice in row["invoice_payments"])
        if owner := owners.get((row["move"], row["account"])):
            yield owner
            return
        model, _, made_for = (move["origin"] or "").partition(",")
        if model == INVOICE:
            yield made_for
        kind, _ = self._lines.catalogue.journals.get(move["journal"], ("", ""))
        reversal = model == MOVE and row["reconciliation"]
        if row["party"] and kind != "write-off" and not reversal and _is_debit(row):
            yield item_id(row["id"])


def _in_parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, READ)):
        yield part


def _is_debit(row: Row) -> bool:
    return read_amount(row["debit"]) > read_amount(row["credit"])
