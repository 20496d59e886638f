"""What an ERP's steps of an invoice have in common: what may be drafted, what is ready to go on, what came of posting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from interlock.connectors.invoice_judging import Found, chosen, differences, overlap, refused, results, wrong
from interlock.domain.change import Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice
from interlock.errors import InterlockError

AT_ONCE: Final = 20
Planned = Mapping[str, Invoice]
T = TypeVar("T")


class Kept(Found, Protocol):
    """One invoice as the ERP has it, with its id there."""

    @property
    def id(self) -> int:
        """The ERP's own."""


F = TypeVar("F", bound=Kept)
F_co = TypeVar("F_co", bound=Kept, covariant=True)
Customer = TypeVar("Customer")
Customer_co = TypeVar("Customer_co", covariant=True)
Products = TypeVar("Products")
Products_co = TypeVar("Products_co", covariant=True)
Draft = TypeVar("Draft")


class Catalogue(Protocol[Customer_co, Products_co]):
    """What invoices are made of in the ERP."""

    def customers(self, ids: Sequence[int]) -> Mapping[int, Customer_co]:
        """Return customers by id."""

    def products(self, codes: Sequence[str]) -> Products_co:
        """Return products by code."""


class Reader(Protocol[F_co]):
    """The ERP's invoices."""

    def by_reference(self, references: Sequence[str]) -> Mapping[str, Sequence[F_co]]:
        """Return the invoices that bear some references."""

    def of_contracts(self, contracts: Sequence[str]) -> Mapping[str, Sequence[F_co]]:
        """Return the invoices of some contracts."""

    def by_id(self, ids: Sequence[int]) -> Sequence[F_co]:
        """Return the invoices of some ids."""


class Taking(Generic[F, Customer, Products, Draft]):
    """An ERP's own class brings how an invoice is drafted there; `ref` names an invoice of this company by its id."""

    undrafted: ClassVar[Mapping[str, str]]  # why an invoice cannot be drafted there

    def __init__(self, catalogue: Catalogue[Customer, Products], reader: Reader[F], ref: Callable[[str], Ref]) -> None:
        self._catalogue, self._reader, self._ref = catalogue, reader, ref

    def _unfit(self, invoice: Invoice, customer: Customer | None, products: Products) -> str:
        """Tell why an invoice cannot be drafted, or return an empty string."""
        raise NotImplementedError

    def _drafted(self, invoice: Invoice, customer: Customer, products: Products) -> Draft:
        """Return what the ERP takes as a new draft."""
        raise NotImplementedError

    def _there(self, writes: Sequence[Write], planned: Planned) -> Mapping[str, Sequence[F]]:
        """Return the invoices under the planned references."""
        return self._reader.by_reference([planned[write.key].reference for write in writes])

    def _wrong(self, invoice: Invoice, there: Sequence[F]) -> str:
        """Tell what keeps a step from going on with what is there, or return an empty string."""
        return wrong(invoice, there)

    def _drafts(self, writes: Sequence[Write], planned: Planned) -> tuple[dict[str, Draft], list[Outcome]]:
        """Return the drafts to send, and a refusal for each that cannot be, or covers a service day once more."""
        customers = self._catalogue.customers(sorted({int(write.parent.id) for write in writes if write.parent}))
        products = self._catalogue.products([line.product for invoice in planned.values() for line in invoice.lines])
        covered, drafts, outcomes = self._covered(planned), dict[str, Draft](), list[Outcome]()
        for write in writes:
            invoice, customer = planned[write.key], customers.get(int(write.parent.id)) if write.parent else None
            code = self._unfit(invoice, customer, products)
            if code or not customer:
                outcomes.append(Rejected(write.key, code, self.undrafted[code]))
            elif write.key in covered:
                outcomes.append(refused(write, "service_day_invoiced"))
            else:
                drafts[write.key] = self._drafted(invoice, customer, products)
        return drafts, outcomes

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

    def _ready(self, writes: Sequence[Write], planned: Planned) -> tuple[dict[str, F], list[Outcome]]:
        """Return the one invoice that each step goes on with, and a refusal for each whose invoice is not as planned."""
        by = self._there(writes, planned)
        ready, outcomes = dict[str, F](), list[Outcome]()
        for write in writes:
            invoice = planned[write.key]
            there = by.get(invoice.reference, [])
            one, code = chosen(there), self._wrong(invoice, there)
            if one and not code:
                ready[write.key] = one
            else:
                outcomes.append(refused(write, code, ", ".join(differences(invoice, one)) if one else ""))
        return ready, outcomes

    def _numbered(self, writes: Sequence[Write], several: Sequence[F], planned: Planned) -> Sequence[Outcome]:
        """Read numbers, dates and sums. The invoices are posted by now: no failure from here on may look like "not written".

        No ERP locks the lines: one that changed at the last moment shows here.
        """
        try:
            after = {one.id: one for one in self._reader.by_id([one.id for one in several])}
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

    def _done(self, write: Write, one: Kept) -> Done:
        return Done(write.key, self._ref(str(one.id)), results(one.invoice))


def parts(writes: Sequence[T]) -> list[Sequence[T]]:
    """Cut what is to be sent into parts of one call each."""
    return [writes[start : start + AT_ONCE] for start in range(0, len(writes), AT_ONCE)]


def _same(one: Invoice, other: Invoice) -> bool:
    return one.key.contract == other.key.contract
