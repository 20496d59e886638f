"""The three steps: draft, confirm, post. Each looks first and reports one outcome for each invoice.

Odoo knows drafts and posted invoices, and nothing between them: to confirm is to read back that there is exactly one draft, as
planned. It has no lock either, so that what it posted is compared once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import chosen, differences, overlap, refused, results, wrong
from interlock.connectors.odoo.api import Rpc
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.odoo.invoice_drafting import COLUMNS, Cells, draft, unfit
from interlock.connectors.odoo.invoice_drafting import UNFIT as UNDRAFTED
from interlock.connectors.odoo.invoice_reading import MODEL, Found, InvoiceReader
from interlock.domain.change import Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceState
from interlock.errors import InterlockError

AT_ONCE: Final = 20
Planned = Mapping[str, Invoice]


class Steps:
    """Takes one kind of step for several invoices; `ref` names an invoice of this company by its id."""

    def __init__(self, rpc: Rpc, catalogue: InvoiceCatalogue, reader: InvoiceReader, ref: Callable[[str], Ref]) -> None:
        self._rpc, self._catalogue, self._reader, self._ref = rpc, catalogue, reader, ref

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
        return [*outcomes, *sending.in_turn(_parts(rest), send)]

    def _drafts(self, writes: Sequence[Write], planned: Planned) -> tuple[dict[str, list[Cells]], list[Outcome]]:
        customers = self._catalogue.customers(sorted({int(write.parent.id) for write in writes if write.parent}))
        products = self._catalogue.products([line.product for invoice in planned.values() for line in invoice.lines])
        covered, rows, outcomes = self._covered(planned), dict[str, list[Cells]](), list[Outcome]()
        for write in writes:
            invoice, customer = planned[write.key], customers.get(int(write.parent.id)) if write.parent else None
            code = unfit(invoice, customer, products, self._catalogue)
            if code or not customer:
                outcomes.append(Rejected(write.key, code, UNDRAFTED[code]))
            elif write.key in covered:
                outcomes.append(refused(write, "service_day_invoiced"))
            else:
                rows[write.key] = draft(invoice, customer, products, self._catalogue)
        return rows, outcomes

    def _covered(self, planned: Planned) -> set[str]:
        """Return which regular invoices would cover a service day of a line that another live one covers already."""
        regular = {key: invoice for key, invoice in planned.items() if invoice.key.kind == "regular"}
        there = self._reader.of_contracts([invoice.key.contract for invoice in regular.values()]) if regular else {}
        return {
            key
            for key, invoice in regular.items()
            if any(overlap(invoice, other.invoice) for other in there.get(invoice.key.contract, ()))
            or any(
                overlap(invoice, other)
                for name, other in regular.items()
                if name < key and other.key.contract == invoice.key.contract
            )
        }

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
            self._rpc.call(MODEL, "action_post", [one.id for one in several], safe=False)
            return self._numbered(part, several, planned)

        return [*outcomes, *sending.in_turn(_parts(rest), send)]

    def _done(self, write: Write, one: Found) -> Done:
        return Done(write.key, self._ref(str(one.id)), results(one.invoice))

    def _numbered(self, writes: Sequence[Write], several: Sequence[Found], planned: Planned) -> Sequence[Outcome]:
        """Read numbers, dates and sums. The invoices are posted by now: no failure from here on may look like "not written"."""
        try:
            after = {one.id: one for one in self._reader.found([["id", "in", [one.id for one in several]]])}
        except InterlockError:
            after = {}
        outcomes: list[Outcome] = []
        for write, one in zip(writes, several, strict=True):
            there = after.get(one.id)
            if there is None or not there.invoice.number:
                outcomes.append(Unknown(write.key, "the number could not be read"))
            elif differing := differences(planned[write.key], there):
                outcomes.append(refused(write, "posted_otherwise", ", ".join(differing)))
            else:
                outcomes.append(self._done(write, there))
        return outcomes

    def _ready(self, writes: Sequence[Write], planned: Planned) -> tuple[dict[str, Found], list[Outcome]]:
        """Return the one invoice that each step goes on with, and a refusal for each whose invoice is not as planned."""
        by = self._reader.by_reference([planned[write.key].reference for write in writes])
        ready: dict[str, Found] = {}
        outcomes: list[Outcome] = []
        for write in writes:
            invoice = planned[write.key]
            there = by.get(invoice.reference, [])
            one, code = chosen(there), wrong(invoice, there)
            if one and one.reopened and code in {"", "invoice_edited"}:
                code = "draft_reopened"
            if one and not code:
                ready[write.key] = one
            else:
                outcomes.append(refused(write, code, ", ".join(differences(invoice, one)) if one else ""))
        return ready, outcomes


def _parts(writes: Sequence[Write]) -> list[Sequence[Write]]:
    return [writes[start : start + AT_ONCE] for start in range(0, len(writes), AT_ONCE)]
