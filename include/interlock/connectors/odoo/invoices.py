"""Invoices in three recorded steps: draft, confirm, post; each a write of its own that may be asked for again.

All three carry the planned invoice as values; the first hangs on its customer, the others on the invoice.
"""

from __future__ import annotations

from collections.abc import Callable

from interlock.connectors.invoicing import CONFIRMATION, DRAFT, RecordedSteps
from interlock.connectors.odoo.api import Rpc, numbers
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.odoo.invoice_reading import MODEL, Found, InvoiceReader
from interlock.connectors.odoo.invoice_steps import Steps
from interlock.connectors.odoo.reading import Reader
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
        """Delete a late double of ours while it is a draft that never was posted; False once it is more, or somebody else's."""
        try:
            for one in self.reader.by_id(numbers([ref.id])):
                if not one.ours or one.reopened or one.invoice.state is not InvoiceState.DRAFT:
                    return False
                self._rpc.call(MODEL, "unlink", [one.id], safe=False)
        except Refused:
            return False
        return True

    def _reached(self, kind: str, one: Found) -> bool:
        state = one.invoice.state
        drafted = state is InvoiceState.DRAFT and not one.reopened
        return bool(state.posted and one.invoice.number) or (kind == CONFIRMATION and drafted)
