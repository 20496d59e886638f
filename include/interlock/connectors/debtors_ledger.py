"""The debtors' ledger of an ERP behind the port: by change, by id, by customer and by number, the same whatever the ERP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from interlock.connectors.receivable_records import Stamps, pages
from interlock.domain.record import Page, Record
from interlock.ports.receivables import DEBTOR


class Changes(Protocol):
    """What changed when."""

    def receivables(self, since: datetime | None) -> Stamps:
        """Return receivables that were touched; None: all."""

    def debtors(self, since: datetime | None) -> Stamps:
        """Return debtors that were touched; None: all."""

    def of_customers(self, ids: Sequence[str]) -> Stamps:
        """Return what some customers ever owed."""


class ById(Protocol):
    """Records of one kind."""

    def read(self, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id."""


class BaseLedger:
    """An ERP's own class brings the readers, and how an invoice is found by its number."""

    def __init__(self, changes: Changes, receivables: ById, debtors: ById) -> None:
        self._changes, self._receivables, self._debtors = changes, receivables, debtors

    def _bearing(self, numbers: Sequence[str]) -> Iterable[tuple[str, str]]:
        """Yield the number and the id of each posted invoice that bears one of some numbers."""
        raise NotImplementedError

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield what the ERP says was touched at or after a moment, the oldest change first; None lists it all."""
        if kind == DEBTOR:
            return pages(self._changes.debtors(since), self._debtors.read)
        return pages(self._changes.receivables(since), self._receivables.read)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id."""
        return (self._debtors if kind == DEBTOR else self._receivables).read(ids)

    def of_customers(self, ids: Sequence[str]) -> Iterator[Record]:
        """Yield all that some customers ever owed."""
        for page in pages(self._changes.of_customers(ids), self._receivables.read):
            yield from page.records

    def numbered(self, numbers: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return invoices by their number."""
        borne = list(self._bearing(numbers)) if numbers else []
        records = self._receivables.read([name for _, name in borne])
        found: dict[str, list[Record]] = {}
        for number, name in borne:
            if one := records.get(name):
                found.setdefault(number, []).append(one)
        return found
