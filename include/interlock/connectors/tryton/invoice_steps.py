"""The three steps: draft, confirm, post. Each looks first, locks what it has seen, and reports one outcome for each invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import chosen, differences, overlap, refused, results, wrong
from interlock.connectors.tryton.api import Row, Rpc
from interlock.connectors.tryton.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.tryton.invoice_drafting import UNFIT as UNDRAFTED
from interlock.connectors.tryton.invoice_drafting import draft, unfit
from interlock.connectors.tryton.invoice_reading import MODEL, Found, InvoiceReader
from interlock.domain.change import Conflict, Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceState
from interlock.errors import InterlockError, Refused

AT_ONCE: Final = 20
Planned = Mapping[str, Invoice]


class Steps:
    """Takes one kind of step for several invoices; `ref` names an invoice of this company by its id."""

    def __init__(self, rpc: Rpc, catalogue: InvoiceCatalogue, reader: InvoiceReader, ref: Callable[[str], Ref]) -> None:
        self._rpc, self._catalogue, self._reader, self._ref = rpc, catalogue, reader, ref

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

    def _drafts(self, writes: Sequence[Write], planned: Planned) -> tuple[dict[str, Row], list[Outcome]]:
        customers = self._catalogue.customers(sorted({int(write.parent.id) for write in writes if write.parent}))
        products = self._catalogue.products([line.product for invoice in planned.values() for line in invoice.lines])
        covered, rows, outcomes = self._covered(planned), dict[str, Row](), list[Outcome]()
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
            or any(overlap(invoice, other) for name, other in regular.items() if name < key and _same(invoice, other))
        }

    def confirm(self, writes: Sequence[Write], planned: Planned, sending: Sending) -> Sequence[Outcome]:
        """Validate each draft that is the only one of its reference and holds the planned figures."""
        ready, outcomes = self._ready(writes, planned)
        rest = [write for write in writes if write.key in ready]
        drafts = [write for write in rest if ready[write.key].invoice.state is InvoiceState.DRAFT]
        outcomes += [self._confirmed(write, ready[write.key].invoice.state, ready) for write in rest if write not in drafts]

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            self._validate([ready[write.key] for write in part])
            return [self._confirmed(write, InvoiceState.VALIDATED, ready) for write in part]

        return [*outcomes, *map(_judged_again, sending.in_turn(_parts(drafts), send))]

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
                one = ready[write.key]
                outcomes.append(Done(write.key, self._ref(str(one.id)), results(one.invoice)))

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            several = [ready[write.key] for write in part]
            self._rpc.call(f"model.{MODEL}.post", [one.id for one in several], safe=False, context=_lock(several))
            return self._numbered(part, several, planned)

        return [*outcomes, *map(_judged_again, sending.in_turn(_parts(rest), send))]

    def _numbered(self, writes: Sequence[Write], several: Sequence[Found], planned: Planned) -> Sequence[Outcome]:
        """Read numbers, dates and sums. The invoices are posted by now: no failure from here on may look like "not written".

        The lock does not hold the lines: one that changed at the last moment shows here.
        """
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
                outcomes.append(Done(write.key, self._ref(str(one.id)), results(there.invoice)))
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
            if one and not code:
                ready[write.key] = one
            else:
                outcomes.append(refused(write, code, ", ".join(differences(invoice, one)) if one else ""))
        return ready, outcomes


def _parts(writes: Sequence[Write]) -> list[Sequence[Write]]:
    return [writes[start : start + AT_ONCE] for start in range(0, len(writes), AT_ONCE)]


def _lock(several: Sequence[Found]) -> Row:
    return {"_timestamp": {name: stamp for one in several for name, stamp in one.timestamp.items()}}


def _same(one: Invoice, other: Invoice) -> bool:
    return one.key.contract == other.key.contract


def _judged_again(outcome: Outcome) -> Outcome:
    """Somebody touched the invoice between reading and writing: that is no refusal."""
    changed = isinstance(outcome, Rejected) and outcome.code == "changed_meanwhile"
    return Conflict(outcome.key) if changed else outcome
