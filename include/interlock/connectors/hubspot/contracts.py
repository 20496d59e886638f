"""Service contracts in HubSpot: a custom object with its line items and companies, read as one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from interlock.config import CrmSettings
from interlock.config.contracts import CONTRACT, LINE, WRITTEN
from interlock.connectors.contracts import judged, lacking
from interlock.connectors.fields import filled, moment
from interlock.connectors.hubspot.api import Body, rows
from interlock.connectors.hubspot.objects import COMPANY, Kind
from interlock.connectors.hubspot.people import CONTACT
from interlock.connectors.hubspot.reading import PAGE, Reader
from interlock.domain.identity import Json, Values
from interlock.domain.normalise import text
from interlock.domain.record import Page, Problem, Record

KIND: Final = "contract"
DISCOUNT: Final = "discount"  # HubSpot's own: an amount off each unit, beside the discount in percent


class Contracts(Kind):
    """The custom object, under the type id that it has in this account."""

    kind, scope = KIND, "custom"

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:  # type: ignore[override] # each account has its own
        """Where it lives in this account."""
        return self._path

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties."""
        return [*settings.contract_properties.values(), self.modified, "hs_merged_object_ids"]


class LineItems(Kind):
    """The lines, which belong to one contract each."""

    kind, path, scope = "contract_line", "line_items", "line_items"

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties, and the discount that no field has."""
        return [*settings.contract_line_properties.values(), DISCOUNT, self.modified]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form; empty ones are left out."""
        return filled(row, settings.contract_line_properties, LINE), ()


LINE_ITEM: Final = LineItems()


class ContractReader(Reader):
    """Reads contracts with what hangs on them."""

    def changed(self, kind: Kind, since: datetime) -> Iterator[Page]:
        """Read all contracts, or those changed themselves or in a line; see `crm.contract_links`.

        Two searches move one watermark: it stops where both were complete, at what HubSpot's clock said before they began.
        """
        if self._settings.contract_links == "every_run":
            yield from self.everything(kind)
            return
        if kind.kind != KIND:
            yield from super().changed(kind, since)
            return
        begun, stamps, held = self._api.server_time, list[datetime](), list[Record]()
        for page in chain(super().changed(kind, since), self._by_changed_lines(kind, since)):
            if held:
                yield Page(held)
            held = list(page.records)
            stamps += [page.watermark] if page.watermark and page.watermark <= begun else []
        if held:
            yield Page(held, max(stamps, default=None))

    def _by_changed_lines(self, kind: Kind, since: datetime) -> Iterator[Page]:
        for page in super().changed(LINE_ITEM, since):
            links = self._associations(LINE_ITEM.path, kind.path, [record.ref.id for record in page.records])
            contracts = self.read(kind, sorted({to for targets in links.values() for to in targets}))
            if contracts:
                yield Page(list({record.ref: record for record in contracts.values()}.values()), page.watermark)

    def _records(self, kind: Kind, found: Sequence[Body]) -> list[Record]:
        if kind.kind != KIND:
            return super()._records(kind, found)
        live = [row for row in found if not row.get("archived")]
        ids = [str(row["id"]) for row in live]
        if not ids:
            return []
        accounts, people, lines = (self._associations(kind.path, to, ids) for to in (COMPANY.path, CONTACT.path, LINE_ITEM.path))
        items = self._items(sorted({line for several in lines.values() for line in several}))
        return [
            self._contract(row, accounts.get(i, ()), people.get(i, ()), [items[n] for n in lines.get(i, ()) if n in items])
            for i, row in zip(ids, live, strict=True)
        ]

    def _items(self, ids: Sequence[str]) -> dict[str, Body]:
        found: dict[str, Body] = {}
        for start in range(0, len(ids), PAGE):
            inputs = [{"id": i} for i in ids[start : start + PAGE]]
            body = {"inputs": inputs, "properties": LINE_ITEM.properties(self._settings), "propertiesWithHistory": []}
            read = rows(self._api.read("POST", f"{self._api.path(LINE_ITEM)}/batch/read", json=body))
            found |= {str(row["id"]): row for row in read}
        return found

    def _contract(self, row: Body, accounts: Sequence[str], people: Sequence[str], lines: Sequence[Body]) -> Record:
        """Build the record; its time is the contract's own, which no line's removal sets back."""
        own = row["properties"]
        given = filled(own, self._settings.contract_properties, CONTRACT)
        given["account"] = next(iter(accounts), "")
        given["lines"] = [
            {"id": str(line["id"]), **LINE_ITEM.values(line["properties"], self._settings)[0]}
            for line in sorted(lines, key=lambda line: int(line["id"]))
        ]
        contract, problems = judged(given)
        problems += list(lacking(given, accounts)) + [_absolute(line) for line in lines if _has_discount(line)]
        written: dict[str, Json] = {field: given.get(field, "") for field in WRITTEN}
        values: dict[str, Json] = {**contract, **written, "name": given.get("name", ""), "contacts": [*sorted(people, key=int)]}
        merged = str(own.get("hs_merged_object_ids") or "")
        return Record(
            self._ref(KIND, str(row["id"])),
            moment(own.get(Kind.modified) or row["updatedAt"]),
            values,
            self._ref(COMPANY.kind, accounts[0]) if accounts else None,
            tuple(problems),
            merged_from=tuple(filter(None, merged.split(";"))),
        )


def _has_discount(line: Body) -> bool:
    return text(str(line["properties"].get(DISCOUNT) or "0")).strip("0.-") != ""


def _absolute(line: Body) -> Problem:
    message = f"line {line['id']} has a discount as an amount; write it in percent, or into the price"
    return Problem("contract_line_discount", "lines", message)
