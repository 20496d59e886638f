"""Invoices in three recorded steps: draft, confirm, post; each a write of its own that may be asked for again.

A draft is made once; confirming reads it back, compares it with the plan and validates it, after which people cannot edit it in
Tryton's windows without taking it back; posting compares once more and numbers it. What somebody did meanwhile is told apart.
All three carry the planned invoice as values; the first hangs on its customer, the others on the invoice.
"""

from __future__ import annotations

from collections.abc import Callable

from interlock.connectors.invoicing import CONFIRMATION, DRAFT, RecordedSteps
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.tryton.invoice_reading import MODEL, Found, InvoiceReader
from interlock.connectors.tryton.invoice_steps import Steps
from interlock.connectors.tryton.reading import Reader
from interlock.domain.identity import Ref
from interlock.domain.invoice import InvoiceState
from interlock.errors import Refused


class Invoices(RecordedSteps):
    """Finds, drafts, confirms, posts and removes invoices; `ref` names a record of this company."""

    reader: InvoiceReader

    def __init__(self, rpc: Rpc, customers: Reader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc = rpc
        self.catalogue = InvoiceCatalogue(rpc)
        self.reader = InvoiceReader(rpc, self.catalogue, ref, lambda ids: customers.read("customer", ids))
        self._steps = Steps(rpc, self.catalogue, self.reader, lambda invoice: ref(DRAFT, invoice))

    def remove(self, ref: Ref) -> bool:
        """Delete a late double of ours while it is a draft; False once it is more, or somebody else's."""
        try:
            for one in self.reader.by_id([int(ref.id)] if ref.id.isdecimal() else []):
                if not one.ours or one.invoice.state not in {InvoiceState.DRAFT, InvoiceState.VALIDATED}:
                    return False
                if one.invoice.state is InvoiceState.VALIDATED:
                    self._rpc.call(f"model.{MODEL}.draft", [one.id], safe=False)
                self._rpc.call(f"model.{MODEL}.delete", [one.id], safe=False)
        except Refused:
            return False
        return True

    def _reached(self, kind: str, one: Found) -> bool:
        state = one.invoice.state
        return bool(state.posted and one.invoice.number) or (kind == CONFIRMATION and state is InvoiceState.VALIDATED)
