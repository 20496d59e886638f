"""Invoices by change: themselves, or one of their lines or taxes, whose change does not touch the invoice's own write date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from interlock.connectors.tryton.api import Rpc, moment, wire
from interlock.connectors.tryton.invoice_reading import EPOCH, MODEL, InvoiceReader
from interlock.connectors.tryton.reading import READ, STAMPS
from interlock.domain.record import Page

FORM: Final = "%/____-__-__%"  # references that an invoice of a contract's period bears, and few others
CHILDREN: Final = (f"{MODEL}.line", f"{MODEL}.tax")


def changed(rpc: Rpc, company: int, reader: InvoiceReader, since: datetime | None) -> Iterator[Page]:
    """Yield customer invoices that bear a reference of ours, oldest change first; None lists them all.

    A line deleted by itself, and a payment, change neither: what is not posted yet is to be read by id.
    """
    stamps: dict[int, datetime] = {}
    _collect(rpc, MODEL, "id", _ours(company, ""), since, stamps)
    for model in CHILDREN if since else ():
        _collect(rpc, model, "invoice", _ours(company, "invoice."), since, stamps)
    ordered = sorted(stamps, key=lambda invoice: (stamps[invoice], invoice))
    for start in range(0, len(ordered), READ):
        part = ordered[start : start + READ]
        yield Page(list(reader.read([str(invoice) for invoice in part]).values()), stamps[part[-1]])


def _ours(company: int, path: str) -> list[Any]:
    return [[f"{path}company", "=", company], [f"{path}type", "=", "out"], [f"{path}reference", "like", FORM]]


def _collect(rpc: Rpc, model: str, names: str, own: list[Any], since: datetime | None, stamps: dict[int, datetime]) -> None:
    """Note when invoices changed, by id: an offset would skip rows when others go while we read."""
    changes = [["OR", ["write_date", ">=", wire(since)], ["create_date", ">=", wire(since)]]] if since else []
    fields, last = [*STAMPS, *([names] if names != "id" else [])], 0
    while rows := rpc.search(model, [*own, ["id", ">", last], *changes], fields, limit=10 * READ):
        for row in rows:
            at = max(filter(None, (moment(row["create_date"]), moment(row["write_date"]))), default=EPOCH)
            stamps[row[names]] = max(stamps.get(row[names], EPOCH), at)
        last = rows[-1]["id"]
