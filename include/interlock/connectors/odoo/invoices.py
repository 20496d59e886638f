"""Invoices in three recorded steps: draft, confirm, post; each a write of its own that may be asked for again.

All three carry the planned invoice as values; the first hangs on its customer, the others on the invoice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import planned, refused, wrong
from interlock.connectors.odoo.api import Rpc, numbers
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.odoo.invoice_reading import MODEL, Found, InvoiceReader
from interlock.connectors.odoo.invoice_steps import Steps
from interlock.connectors.odoo.reading import Reader
from interlock.domain.change import Outcome, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import STEPS, Invoice, InvoiceState
from interlock.domain.record import Record
from interlock.errors import Refused

DRAFT, CONFIRMATION, POSTING = KINDS = STEPS


class Invoices:
    """Finds, drafts, confirms, posts and removes invoices; `ref` names a record of this company."""

    def __init__(self, rpc: Rpc, customers: Reader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc = rpc
        self.catalogue = InvoiceCatalogue(rpc)
        self.reader = InvoiceReader(rpc, self.catalogue, ref, lambda ids: customers.read("customer", ids))
        self._steps = Steps(rpc, self.catalogue, self.reader, lambda invoice: ref(DRAFT, invoice))

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look for each step's effect by our reference: an invoice; the one that holds our figures; the same, posted."""
        wanted = {write.key: invoice for write in writes if (invoice := planned(write))}
        by = self.reader.by_reference([invoice.reference for invoice in wanted.values()]) if wanted else {}
        found: dict[str, list[Record]] = {}
        for write in writes:
            invoice = wanted.get(write.key)
            there = by.get(invoice.reference, []) if invoice else []
            if invoice and write.kind != DRAFT:
                there = [] if wrong(invoice, there) else [one for one in there if _reached(write.kind, one)]
            if there:
                found[write.key] = [one.record for one in there]
        return found

    def write(self, writes: Sequence[Write], seconds: float) -> Sequence[Outcome]:
        """Take one step for each; all of one kind."""
        sending = Sending(seconds)
        outcomes: list[Outcome] = []
        fit: dict[str, Invoice] = {}
        for write in writes:
            invoice, code = planned(write), _unfit(write)
            if invoice and not code:
                fit[write.key] = invoice
            else:
                outcomes.append(refused(write, code or "invoice_unfit"))
        rest = [write for write in writes if write.key in fit]
        if not rest:
            return outcomes
        step = {DRAFT: self._steps.draft, CONFIRMATION: self._steps.confirm, POSTING: self._steps.post}[rest[0].kind]
        return [*outcomes, *step(rest, fit, sending)]

    def remove(self, ref: Ref) -> bool:
        """Delete a late double of ours while it is a draft that never was posted; False once it is more, or somebody else's."""
        fit = numbers([ref.id])
        found = self.reader.found([["id", "in", fit]]) if fit else []
        try:
            for one in found:
                if not one.ours or one.reopened or one.invoice.state is not InvoiceState.DRAFT:
                    return False
                self._rpc.call(MODEL, "unlink", [one.id], safe=False)
        except Refused:
            return False
        return True


def _reached(kind: str, one: Found) -> bool:
    state = one.invoice.state
    drafted = state is InvoiceState.DRAFT and not one.reopened
    return bool(state.posted and one.invoice.number) or (kind == CONFIRMATION and drafted)


def _unfit(write: Write) -> str:
    if write.operation != "create" or write.kind not in KINDS:
        return "unknown_write"
    return "" if write.parent and write.parent.id.isdecimal() else "no_record"
