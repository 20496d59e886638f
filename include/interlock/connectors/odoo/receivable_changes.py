"""Receivables and debtors by change: what Odoo's timestamps of invoices and lines tell.

A removed reconciliation leaves no row, but touches its invoice and its lines. A deleted payment touches nothing but what it was
reconciled with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from interlock.connectors.odoo.api import READ, Domain, Row, Rpc, moment, numbers, wire
from interlock.connectors.odoo.invoice_rows import party
from interlock.connectors.odoo.receivable_catalogue import MADE_FOR, MODEL, PARTNER, PAYMENT
from interlock.connectors.odoo.receivable_ledger import Booked, LedgerReader
from interlock.connectors.receivable_lines import item_id
from interlock.connectors.receivable_records import EPOCH, Stamps, note, parts


class Changes:
    """Collects ids with when they changed."""

    def __init__(self, rpc: Rpc, lines: LedgerReader) -> None:
        self._rpc, self._lines = rpc, lines

    def receivables(self, since: datetime | None) -> Stamps:
        """Return invoices and items that were touched; None: all invoices, and the items that are open."""
        stamps: Stamps = {}
        for row in self._every(MODEL, self._lines.catalogue.own, ["write_date"], since):
            note(stamps, str(row["id"]), _stamp(row))
        changes: Domain = [["write_date", ">=", wire(since)]] if since else [["reconciled", "=", False]]
        self._note_lines(stamps, changes, documents=since is not None)
        return stamps

    def of_customers(self, ids: Sequence[str]) -> Stamps:
        """Return the invoices of some customers, and items of theirs that are open."""
        stamps: Stamps = {}
        for part in parts(numbers(ids)):
            for row in self._every(
                MODEL, [*self._lines.catalogue.own, ["commercial_partner_id", "in", part]], ["write_date"], None
            ):
                note(stamps, str(row["id"]), _stamp(row))
            open_ones = [["reconciled", "=", False], ["partner_id.commercial_partner_id", "in", part]]
            self._note_lines(stamps, open_ones, documents=False)
        return stamps

    def debtors(self, since: datetime | None) -> Stamps:
        """Return the customers of touched invoices and lines, and touched ones; None: all who were invoiced or owe."""
        stamps: Stamps = {}
        for row in self._every(MODEL, self._lines.catalogue.own, ["commercial_partner_id", "write_date"], since):
            if customer := party(row):
                note(stamps, str(customer), _stamp(row))
        changes: Domain = [["write_date", ">=", wire(since)]] if since else [["reconciled", "=", False]]
        for line in self._lines.lines(*changes, ["partner_id", "!=", False], posted=since is None).values():
            note(stamps, str(line.party), line.at)
        alone: Domain = ["|", ["parent_id", "=", False], ["is_company", "=", True]]
        for row in self._every(PARTNER, alone, ["write_date"], since) if since else ():
            note(stamps, str(row["id"]), _stamp(row))
        return stamps

    def _every(self, model: str, domain: Domain, fields: Sequence[str], since: datetime | None) -> Iterator[Row]:
        changes: Domain = [["write_date", ">=", wire(since)]] if since else []
        return self._rpc.every(model, [*domain, *changes], fields, 10 * READ)

    def _note_lines(self, stamps: Stamps, changes: Domain, *, documents: bool) -> None:
        """Note the items that lines are, and the documents that they were settled with or made for."""
        entries = iter(self._lines.lines(*changes, ["move_id.move_type", "=", "entry"], posted=not documents).values())
        while part := list(islice(entries, READ)):
            reversals = self._reversals(part)
            for line in part:
                if line.amount > 0 and line.party and not line.draft and line.move not in reversals:
                    note(stamps, item_id(line.id), line.at)
            for invoice, at in self._documents(part) if documents else ():
                note(stamps, str(invoice), at)

    def _documents(self, part: Sequence[Booked]) -> Iterator[tuple[int, datetime]]:
        at = {line.id: line.at for line in part}
        known, settled = self._lines.settled(part)
        for pair in settled:
            for one, other in ((pair.debit, pair.credit), (pair.credit, pair.debit)):
                if one in at and known[other].document:
                    yield known[other].move, at[one]
        paid = {line.payment: line.at for line in part if line.payment}
        if self._lines.catalogue.tells_made_for:
            for payment, row in self._rpc.of_ids(PAYMENT, sorted(paid), [MADE_FOR]).items():
                yield from ((invoice, paid[payment]) for invoice in row[MADE_FOR])

    def _reversals(self, part: Sequence[Booked]) -> set[int]:
        """Return the moves that wholly take another one back: they ask for nothing of their own."""
        moves = {line.move for line in part if line.amount > 0 and not line.left}
        rows = self._rpc.of_ids(MODEL, sorted(moves), ["reversed_entry_id"])
        return {move for move, row in rows.items() if row["reversed_entry_id"]}


def _stamp(row: Row) -> datetime:
    return moment(row["write_date"]) or EPOCH
