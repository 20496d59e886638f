"""The three steps: draft, confirm, post. Each looks first, locks what it has seen, and reports one outcome for each invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from interlock.connectors.batches import Sending
from interlock.connectors.tryton.api import Row, Rpc
from interlock.connectors.tryton.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.tryton.invoice_drafting import UNFIT as UNDRAFTED
from interlock.connectors.tryton.invoice_drafting import draft, unfit
from interlock.connectors.tryton.invoice_judging import chosen, overlap, refused, results, wrong
from interlock.connectors.tryton.invoice_reading import MODEL, Found, InvoiceReader
from interlock.domain.change import Conflict, Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceState
from interlock.domain.readback import deviations
from interlock.errors import InterlockError, Refused

POSTED_AT_ONCE: Final = 10
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

        def send(part: Sequence[Write]) -> Sequence[Outcome]:
            (write,) = part
            one = ready[write.key]
            state = one.invoice.state
            if state is InvoiceState.DRAFT:
                self._validate(one)
                state = InvoiceState.VALIDATED
            return [Done(write.key, self._ref(str(one.id)), {**results(one.invoice), "state": state.value})]

        parts = [[write] for write in writes if write.key in ready]
        return [*outcomes, *map(_judged_again, sending.in_turn(parts, send))]

    def _validate(self, one: Found) -> None:
        """Validate under the lock; that taxes are not the product's usual ones is known: the tax table gave them."""
        arguments, lock = (f"model.{MODEL}.validate_invoice", [one.id]), {"_timestamp": one.timestamp}
        try:
            self._rpc.call(*arguments, safe=False, context=lock)
        except Refused as error:
            if error.code != "warned_by_erp":
                raise
            mark = hashlib.md5(f"{MODEL},{one.id}".encode(), usedforsecurity=False).hexdigest()
            self._rpc.call("model.res.user.warning.skip", f"{mark}.invoice_taxes", False, safe=False)  # noqa: FBT003
            self._rpc.call(*arguments, safe=False, context=lock)

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
            lock = {name: stamp for one in several for name, stamp in one.timestamp.items()}
            self._rpc.call(f"model.{MODEL}.post", [one.id for one in several], safe=False, context={"_timestamp": lock})
            return self._numbered(part, several, planned)

        parts = [rest[start : start + POSTED_AT_ONCE] for start in range(0, len(rest), POSTED_AT_ONCE)]
        return [*outcomes, *map(_judged_again, sending.in_turn(parts, send))]

    def _numbered(self, writes: Sequence[Write], several: Sequence[Found], planned: Planned) -> Sequence[Outcome]:
        """Read numbers, dates and sums. The invoices are posted by now: no failure from here on may look like "not written".

        The lock does not hold the lines: one that changed at the last moment shows here.
        """
        try:
            after = {one.id: one.invoice for one in self._reader.found([["id", "in", [one.id for one in several]]])}
        except InterlockError:
            after = {}
        outcomes: list[Outcome] = []
        for write, one in zip(writes, several, strict=True):
            invoice = after.get(one.id)
            if invoice is None or not invoice.number:
                outcomes.append(Unknown(write.key, "the number could not be read"))
            elif differing := deviations(planned[write.key], invoice):
                outcomes.append(refused(write, "posted_otherwise", ", ".join(differing)))
            else:
                outcomes.append(Done(write.key, self._ref(str(one.id)), results(invoice)))
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
                outcomes.append(refused(write, code, ", ".join(deviations(invoice, one.invoice)) if one else ""))
        return ready, outcomes


def _same(one: Invoice, other: Invoice) -> bool:
    return one.key.contract == other.key.contract


def _judged_again(outcome: Outcome) -> Outcome:
    """Somebody touched the invoice between reading and writing: that is no refusal."""
    changed = isinstance(outcome, Rejected) and outcome.code == "changed_meanwhile"
    return Conflict(outcome.key) if changed else outcome
