"""The three steps: draft, confirm, post. Each looks first, locks what it has seen, and reports one outcome for each invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import refused, results
from interlock.connectors.invoice_taking import Planned, Taking, parts
from interlock.connectors.tryton.api import Row, Rpc
from interlock.connectors.tryton.invoice_catalogue import Customer, InvoiceCatalogue
from interlock.connectors.tryton.invoice_drafting import UNFIT as UNDRAFTED
from interlock.connectors.tryton.invoice_drafting import Products, draft, unfit
from interlock.connectors.tryton.invoice_reading import MODEL, Found, InvoiceReader
from interlock.domain.change import Conflict, Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceState
from interlock.errors import Refused


class Steps(Taking[Found, Customer, Products, Row]):
    """Takes one kind of step for several invoices."""

    undrafted = UNDRAFTED
    _catalogue: InvoiceCatalogue

    def __init__(self, rpc: Rpc, catalogue: InvoiceCatalogue, reader: InvoiceReader, ref: Callable[[str], Ref]) -> None:
        super().__init__(catalogue, reader, ref)
        self._rpc = rpc

    def draft(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Create drafts in one transaction, none for a service day that a live invoice covers already."""
        rows, outcomes = self._drafts(writes, planned)

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            ids = self._rpc.call(f"model.{MODEL}.create", [rows[write.key] for write in part], safe=False)
            if not isinstance(ids, list) or len(ids) != len(part):
                return [Unknown(write.key, "the new draft could not be read") for write in part]
            return [Done(w.key, self._ref(str(i)), {"state": InvoiceState.DRAFT.value}) for w, i in zip(part, ids, strict=True)]

        rest = [write for write in writes if write.key in rows]
        return [*outcomes, *sending.guarded(rest, send)] if rest else outcomes

    def _unfit(self, invoice: Invoice, customer: Customer | None, products: Products) -> str:
        return unfit(invoice, customer, products, self._catalogue)

    def _drafted(self, invoice: Invoice, customer: Customer, products: Products) -> Row:
        return draft(invoice, customer, products, self._catalogue)

    def confirm(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Validate each draft that is the only one of its reference and holds the planned figures."""
        ready, outcomes = self._ready(writes, planned)
        rest = [write for write in writes if write.key in ready]
        drafts = [write for write in rest if ready[write.key].invoice.state is InvoiceState.DRAFT]
        outcomes += [self._confirmed(write, ready[write.key].invoice.state, ready) for write in rest if write not in drafts]

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            self._validate([ready[write.key] for write in part])
            return [self._confirmed(write, InvoiceState.VALIDATED, ready) for write in part]

        return [*outcomes, *map(_judged_again, sending.in_turn(parts(drafts), send))]

    def _confirmed(self, write: Write, state: InvoiceState, ready: Mapping[str, Found]) -> Done:
        one = ready[write.key]
        return Done(write.key, self._ref(str(one.id)), {**results(one.invoice), "state": state.value})

    def _validate(self, several: Sequence[Found]) -> None:
        """Validate under the lock; that taxes are not the product's usual ones is known: the tax table gave them."""
        products = self._catalogue.products([code for one in several for code, _ in one.taxed])
        for one in several:
            if any((product := products[code]) is None or product.taxes != taxes for code, taxes in one.taxed):
                self._overrule(one)
        arguments = (f"model.{MODEL}.validate_invoice", [one.id for one in several])
        try:
            self._rpc.call(*arguments, safe=False, context=_lock(several))
        except Refused as error:
            if error.code != "warned_by_erp" or len(several) > 1:
                raise
            self._overrule(several[0])  # a tax rule of the customer's made others usual
            self._rpc.call(*arguments, safe=False, context=_lock(several))

    def _overrule(self, one: Found) -> None:
        """Answer the ERP's question about unusual taxes beforehand; the answer counts for one validation of this invoice."""
        mark = hashlib.md5(f"{MODEL},{one.id}".encode(), usedforsecurity=False).hexdigest()
        self._rpc.call("model.res.user.warning.skip", f"{mark}.invoice_taxes", False, safe=True)  # noqa: FBT003

    def post(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Post each confirmed invoice that still holds the planned figures, and read what the ERP gave it."""
        ready, outcomes = self._ready(writes, planned)
        rest: list[Write] = []
        for write in writes:
            state = ready[write.key].invoice.state if write.key in ready else None
            if state is InvoiceState.DRAFT:
                outcomes.append(refused(write, "draft_reopened"))
            elif state is InvoiceState.VALIDATED:
                rest.append(write)
            elif state:
                outcomes.append(self._done(write, ready[write.key]))

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            several = [ready[write.key] for write in part]
            self._rpc.call(f"model.{MODEL}.post", [one.id for one in several], safe=False, context=_lock(several))
            return self._numbered(part, several, planned)

        return [*outcomes, *map(_judged_again, sending.in_turn(parts(rest), send))]


def _lock(several: Sequence[Found]) -> Row:
    return {"_timestamp": {name: stamp for one in several for name, stamp in one.timestamp.items()}}


def _judged_again(outcome: Outcome) -> Outcome:
    """Somebody touched the invoice between reading and writing: that is no refusal."""
    changed = isinstance(outcome, Rejected) and outcome.code == "changed_meanwhile"
    return Conflict(outcome.key) if changed else outcome
