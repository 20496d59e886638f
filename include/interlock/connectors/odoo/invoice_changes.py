"""Invoices by change: themselves, or one of their lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from interlock.connectors.odoo.api import READ, Domain, Rpc, moment, wire
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.odoo.invoice_reading import EPOCH, LINE, MODEL, InvoiceReader
from interlock.domain.record import Page

FORM: Final = "%/____-__-__%"  # references that an invoice of a contract's period bears, and few others


def changed(rpc: Rpc, catalogue: InvoiceCatalogue, reader: InvoiceReader, since: datetime | None) -> Iterator[Page]:
    """Yield customer invoices that bear a reference of ours, oldest change first; None lists them all.

    A deleted draft leaves no trace: what is not posted yet is to be read by id.
    """
    stamps: dict[int, datetime] = {}
    changes: Domain = [["write_date", ">=", wire(since)]] if since else []
    for row in rpc.every(MODEL, [*catalogue.own, *_ours(""), *changes], ["write_date"], 10 * READ):
        stamps[row["id"]] = moment(row["write_date"]) or EPOCH
    lines: Domain = [
        ["move_id.company_id", "=", catalogue.company],
        ["move_id.move_type", "=", "out_invoice"],
        *_ours("move_id."),
    ]
    for row in rpc.every(LINE, [*lines, *changes], ["move_id", "write_date"], 10 * READ) if since else ():
        invoice = row["move_id"][0]
        stamps[invoice] = max(stamps.get(invoice, EPOCH), moment(row["write_date"]) or EPOCH)
    ordered = sorted(stamps, key=lambda invoice: (stamps[invoice], invoice))
    for start in range(0, len(ordered), READ):
        part = ordered[start : start + READ]
        yield Page(list(reader.read([str(invoice) for invoice in part]).values()), stamps[part[-1]])


def _ours(path: str) -> Domain:
    return ["|", [f"{path}invoice_origin", "=like", FORM], [f"{path}ref", "=like", FORM]]
