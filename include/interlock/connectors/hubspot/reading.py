"""Reading HubSpot: everything, what changed, by id, by association."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from interlock.config import CrmSettings
from interlock.connectors.fields import moment
from interlock.connectors.hubspot.api import Api, Body, following, rows
from interlock.connectors.hubspot.objects import COMPANY, DEAL, Kind, milliseconds
from interlock.connectors.hubspot.people import ACTIVITIES
from interlock.domain.change import Write
from interlock.domain.identity import Json, Ref
from interlock.domain.record import Page, Record
from interlock.errors import LoginRefused

PAGE, SEARCH_PAGE = 100, 200
ID = "hs_object_id"
PRIMARY = frozenset((1, 2, 5, 6))  # association types of a contact's and of a deal's primary company, and back
LONGEST_ID = 18


class Reader:
    """Turns HubSpot's rows into records; `ref` names a record of this portal, `page` is an account's address for people."""

    def __init__(self, api: Api, settings: CrmSettings, ref: Callable[[str, str], Ref], page: Callable[[str], str]) -> None:
        self._api, self._settings, self._ref, self._page = api, settings, ref, page

    def everything(self, kind: Kind) -> Iterator[Page]:
        """List all; complete up to the newest change known before, as pages already read may change meanwhile."""
        newest = self._newest(kind)
        after, latest = "", None
        while True:
            params = {"limit": PAGE, "properties": ",".join(kind.properties(self._settings)), "archived": "false"}
            answer = self._api.read("GET", self._api.path(kind), params=params | ({"after": after} if after else {}))
            records = self._records(kind, rows(answer))
            latest = max([r.modified_at for r in records] + ([latest] if latest else []), default=None)
            after = following(answer)
            yield Page(records, None if after or not (latest and newest) else min(latest, newest))
            if not after:
                return

    def _newest(self, kind: Kind) -> datetime | None:
        found, _ = self._api.search(kind, _query([], kind.modified, "DESCENDING", [kind.modified], 1))
        return moment(found[0]["properties"][kind.modified]) if found else None

    def changed(self, kind: Kind, since: datetime) -> Iterator[Page]:
        """Search from the last timestamp on, page by page: an offset would skip records when earlier ones change meanwhile.

        An instant that fills a page (an import) is read by id to its end.
        """
        seen: set[tuple[str, str]] = set()
        start = milliseconds(since)
        while True:
            found, more = self._search(kind, [(kind.modified, "GTE", start)], kind.modified)
            versions = _versions(kind, found)
            if records := self._records(kind, [r for r, version in zip(found, versions, strict=True) if version not in seen]):
                yield Page(records, records[-1].modified_at)
            if not more:
                return
            last = milliseconds(moment(versions[-1][1]))
            if last > start:
                start, seen = last, {version for version in versions if milliseconds(moment(version[1])) == last}
            else:
                yield from self._instant(kind, start, seen.union(versions))
                start, seen = start + 1, set()

    def _instant(self, kind: Kind, at: int, seen: set[tuple[str, str]]) -> Iterator[Page]:
        last, more = 0, True
        while more:
            conditions = [(kind.modified, "GTE", at), (kind.modified, "LTE", at), (ID, "GT", last)]
            found, more = self._search(kind, conditions, ID)
            fresh = [r for r, version in zip(found, _versions(kind, found), strict=True) if version not in seen]
            if records := self._records(kind, fresh):
                yield Page(records, records[-1].modified_at)
            last = max((int(row["id"]) for row in found), default=last)

    def _search(self, kind: Kind, conditions: Sequence[tuple[str, str, int]], order: str) -> tuple[list[Body], bool]:
        query = _query(conditions, order, "ASCENDING", kind.properties(self._settings), SEARCH_PAGE)
        return self._api.search(kind, query)

    def read(self, kind: Kind, ids: Sequence[str]) -> dict[str, Record]:
        """Read by id in batches of 100; a merged id answers with its survivor."""
        fit = [i for i in dict.fromkeys(ids) if i.isdecimal() and len(i) <= LONGEST_ID]
        found: dict[str, Record] = {}
        for start in range(0, len(fit), PAGE):
            found.update(self._batch(kind, fit[start : start + PAGE]))
        return found

    def _batch(self, kind: Kind, asked: Sequence[str]) -> dict[str, Record]:
        body = {"inputs": [{"id": i} for i in asked], "properties": kind.properties(self._settings), "propertiesWithHistory": []}
        records = self._records(kind, rows(self._api.read("POST", f"{self._api.path(kind)}/batch/read", json=body)))
        found = {record.ref.id: record for record in records if record.ref.id in asked}
        for record in records:
            found.update({old: record for old in record.merged_from if old in asked and old not in found})
        return found | self._one_by_one(kind, [i for i in asked if i not in found])

    def _one_by_one(self, kind: Kind, ids: Sequence[str]) -> dict[str, Record]:
        """Read those that a batch does not give: gone, or merged into one that was itself merged, which it does not tell."""
        found: dict[str, Record] = {}
        for record_id in ids:
            row = self._api.get(kind, record_id, kind.properties(self._settings))
            for record in self._records(kind, [row] if row else []):
                found[record_id] = replace(record, merged_from=tuple(dict.fromkeys((*record.merged_from, record_id))))
        return found

    def children(self, kind: Kind, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the deals, contacts, notes or tasks of companies; a record counts for its primary company only."""
        if kind.is_company:
            found = {record.ref: record for record in self.read(kind, [ref.id for ref in parents]).values()}
            yield from (record for record in found.values() if record.parent in parents)
            return
        links = self._associations(COMPANY.path, kind.path, [ref.id for ref in parents])
        wanted = set(parents)
        yield from (record for record in self.read(kind, _all(links)).values() if record.parent in wanted)

    def activities(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield people's activities of companies; one with several companies counts for each, under an id of its own."""
        for place in ACTIVITIES[kind]:
            links = self._associations(COMPANY.path, place.path, [ref.id for ref in parents])
            found = self.read(place, _all(links))
            deals = self._associations(place.path, DEAL.path, sorted(found)) if found else {}
            for company, ids in links.items():
                for number in (i for i in dict.fromkeys(ids) if i in found and not found[i].archived):
                    values = {**found[number].values, "deal": next(iter(deals.get(number, ())), "")}
                    ref = self._ref(place.kind, f"{place.type}-{number}-{company}")
                    yield replace(found[number], ref=ref, parent=self._ref("account", company), values=values)

    def keyed(self, kind: Kind, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes or tasks up among those of their company, or of its survivor, by the key in the last line; oldest first."""
        parents = {write.parent.id for write in writes if write.parent}
        survivors = {record.ref.id for record in self.read(COMPANY, sorted(parents)).values()}
        links = self._associations(COMPANY.path, kind.path, sorted(parents | survivors))
        wanted = {write.key for write in writes}
        found: dict[str, list[Record]] = {}
        for record in sorted(self.read(kind, _all(links)).values(), key=lambda r: int(r.ref.id)):
            if (key := str(record.values["key"])) in wanted:
                found.setdefault(key, []).append(record)
        return found

    def _records(self, kind: Kind, found: Sequence[Body]) -> list[Record]:
        parents: Mapping[str, Sequence[str]] = {}
        if kind.has_parent and found:
            parents = self._associations(kind.path, COMPANY.path, [row["id"] for row in found])
        return [
            self._completed(kind, kind.record(self._ref, row, self._settings, next(iter(parents.get(row["id"], ())), None)))
            for row in found
            if not row.get("archived")
        ]

    def _completed(self, kind: Kind, record: Record) -> Record:
        more: dict[str, Json] = {}
        if kind.names_owner and "owner" in record.values:
            more["owner"] = self._owners.get(str(record.values["owner"]), {}) if record.values["owner"] else {}
        if record.ref.kind == COMPANY.kind:
            more["page"] = self._page(record.ref.id)
            above = str(record.values.get("parent") or "")
            more["parent"] = str(self._ref(COMPANY.kind, above)) if above.isdecimal() else ""
        return replace(record, values={**record.values, **more}) if more else record

    @cached_property
    def _owners(self) -> dict[str, Json]:
        """Who looks after records, by id, former ones too; nobody where the right to see owners is missing."""
        found: dict[str, Json] = {}
        try:
            for archived in ("true", "false"):
                for row in self._api.pages("/crm/v3/owners", {"limit": 500, "archived": archived}):
                    name = " ".join(filter(None, (row.get("firstName"), row.get("lastName"))))
                    found[str(row["id"])] = {"name": name, "former": archived == "true"}
        except LoginRefused:
            return {}
        return found

    def _associations(self, source: str, target: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the associated ids of each, the primary one first; all pages, as a lost one would hide a note of ours."""
        found: dict[str, list[tuple[bool, str]]] = {}
        inputs: list[Body] = [{"id": record_id} for record_id in dict.fromkeys(ids)]
        while inputs:
            part, inputs = inputs[:PAGE], inputs[PAGE:]
            for row in rows(self._api.read("POST", f"/crm/v4/associations/{source}/{target}/batch/read", json={"inputs": part})):
                origin = str(row["from"]["id"])
                for to in row["to"]:
                    primary = any(link.get("typeId") in PRIMARY for link in to.get("associationTypes") or ())
                    found.setdefault(origin, []).append((not primary, str(to["toObjectId"])))
                if after := following(row):
                    inputs.append({"id": origin, "after": after})
        return {origin: [to for _, to in sorted(links, key=lambda link: link[0])] for origin, links in found.items()}


def _query(conditions: Sequence[tuple[str, str, int]], order: str, direction: str, properties: Sequence[str], limit: int) -> Body:
    filters = [{"propertyName": name, "operator": operator, "value": str(value)} for name, operator, value in conditions]
    return {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": order, "direction": direction}],
        "properties": list(properties),
        "limit": limit,
        "after": "0",
    }


def _versions(kind: Kind, found: Sequence[Body]) -> list[tuple[str, str]]:
    return [(row["id"], row["properties"][kind.modified]) for row in found]


def _all(links: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted({to for targets in links.values() for to in targets})
