"""The three steps: draft, confirm, post. Each looks first and reports one outcome for each invoice.

Odoo knows drafts and posted invoices, and nothing between them: to confirm is to read back that there is exactly one draft, as
planned. It has no lock either, so that what it posted is compared once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import chosen, wrong
from interlock.connectors.invoice_taking import Planned, Taking, parts
from interlock.connectors.odoo.api import Rpc
from interlock.connectors.odoo.invoice_catalogue import Customer, InvoiceCatalogue
from interlock.connectors.odoo.invoice_drafting import COLUMNS, Cells, Products, draft, unfit
from interlock.connectors.odoo.invoice_drafting import UNFIT as UNDRAFTED
from interlock.connectors.odoo.invoice_reading import MODEL, Found, InvoiceReader
from interlock.domain.change import Done, Outcome, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceState
from interlock.errors import InterlockError, Refused


class Steps(Taking[Found, Customer, Products, list[Cells]]):
    """Takes one kind of step for several invoices."""

    undrafted = UNDRAFTED
    _catalogue: InvoiceCatalogue

    def __init__(self, rpc: Rpc, catalogue: InvoiceCatalogue, reader: InvoiceReader, ref: Callable[[str], Ref]) -> None:
        super().__init__(catalogue, reader, ref)
        self._rpc = rpc

    def draft(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Create drafts in one transaction, none for a service day that a live invoice covers already.

        The external id lets Odoo itself refuse a second one: one that is there already is left as it is.
        """
        rows, outcomes = self._drafts(writes, planned)

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            ids = self._rpc.load(MODEL, COLUMNS, [row for write in part for row in rows[write.key]])
            if len(ids) != len(part):
                return [Unknown(write.key, "the new draft could not be read") for write in part]
            return [Done(w.key, self._ref(str(i)), {"state": InvoiceState.DRAFT.value}) for w, i in zip(part, ids, strict=True)]

        rest = [write for write in writes if write.key in rows]
        return [*outcomes, *sending.in_turn(parts(rest), send)]

    def _unfit(self, invoice: Invoice, customer: Customer | None, products: Products) -> str:
        return unfit(invoice, customer, products, self._catalogue)

    def _drafted(self, invoice: Invoice, customer: Customer, products: Products) -> list[Cells]:
        return draft(invoice, customer, products, self._catalogue)

    def _there(self, writes: Sequence[Write], planned: Planned) -> Mapping[str, Sequence[Found]]:
        """One whose texts somebody changed is found by its id, and known by our mark."""
        by = dict(super()._there(writes, planned))
        lost = [int(write.parent.id) for write in writes if write.parent and planned[write.key].reference not in by]
        for one in self._reader.by_id(lost):
            by.setdefault(one.invoice.reference, [one])
        return by

    def _wrong(self, invoice: Invoice, there: Sequence[Found]) -> str:
        """One that was posted and taken back is told apart from one that was edited."""
        one, code = chosen(there), wrong(invoice, there)
        return "draft_reopened" if one and one.reopened and code in {"", "invoice_edited"} else code

    def confirm(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:  # noqa: ARG002
        """Read back that each draft is the only one of its reference and holds the planned figures; nothing is sent."""
        ready, outcomes = self._ready(writes, planned)
        return [*outcomes, *(self._done(write, ready[write.key]) for write in writes if write.key in ready)]

    def post(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Post each draft that still holds the planned figures, and read what the ERP gave it."""
        ready, outcomes = self._ready(writes, planned)
        rest = [write for write in writes if write.key in ready and ready[write.key].invoice.state is InvoiceState.DRAFT]
        there = [write for write in writes if write.key in ready and write not in rest]
        outcomes += [self._done(write, ready[write.key]) for write in there]

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            several = [ready[write.key] for write in part]
            try:
                self._rpc.call(MODEL, "action_post", [one.id for one in several], safe=False)
            except Refused:
                if len(several) > 1 or not self._posted(several[0].id):
                    raise
            return self._numbered(part, several, planned)

        return [*outcomes, *sending.in_turn(parts(rest), send)]

    def _posted(self, invoice: int) -> bool:
        """Tell whether somebody else posted an invoice in between, for which Odoo refuses to post it."""
        try:
            return bool(self._rpc.search(MODEL, [["id", "=", invoice], ["state", "=", "posted"]], ["id"]))
        except InterlockError:
            return False
