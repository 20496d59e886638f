"""HubSpot behind the port: companies, deals and notes (developers.hubspot.com, CRM API)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from interlock.config import CrmSettings, Endpoint
from interlock.connectors.batches import guarded
from interlock.connectors.hubspot.objects import COMPANY, DEAL, NOTE, Kind, milliseconds, moment, note_html, note_key
from interlock.domain.change import Done, Outcome, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.errors import ContractBroken
from interlock.http import Http
from interlock.ports.system import Check, Instance, Traits

LIST_PAGE, SEARCH_PAGE, SEARCH_CAP = 100, 200, 10_000
Body = dict[str, Any]


class HubSpot:
    """One HubSpot account; its portal id is the instance."""

    def __init__(self, endpoint: Endpoint, settings: CrmSettings) -> None:
        self.settings = settings
        self._token = endpoint.token.get_secret_value()
        self._http = Http(endpoint.url, settings.http, "HubSpot")
        self._kinds: dict[str, Kind] = {k.kind: k for k in (COMPANY, DEAL, NOTE)}

    @cached_property
    def _instance(self) -> Instance:
        details = self._call("GET", "/account-info/v3/details")
        return Instance(f"hubspot:{details['portalId']}", "HubSpot", self.settings.api_version, datetime.now(UTC))

    def instance(self) -> Instance:
        """Return the portal; HubSpot tells no clock of its own."""
        return self._instance

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this portal."""
        return Ref(self._instance.id, "", kind, record_id)

    def traits(self, kind: str) -> Traits:  # noqa: ARG002 - the same for all of HubSpot's kinds
        """Nothing in HubSpot refuses a second note."""
        return Traits(self.settings.batch, False, self.settings.settle_seconds, self.settings.overlap_seconds)  # noqa: FBT003

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """List everything, or search by modification time; see the port."""
        return self._list(self._kinds[kind]) if since is None else self._search(self._kinds[kind], since)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id in batches of 100; a merged id answers with its survivor."""
        found: dict[str, Record] = {}
        for part in _batched(ids, LIST_PAGE):
            found.update(self._read(self._kinds[kind], part))
        return found

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the deals or notes of companies, by association."""
        links = self._associations("companies", self._kinds[kind].path, [ref.id for ref in parents])
        ids = sorted({child for children in links.values() for child in children})
        yield from self.read(kind, ids).values()

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes up among those of their company, by the key in their last line."""
        parents = {write.parent.id for write in writes if write.parent}
        links = self._associations("companies", NOTE.path, sorted(parents))
        notes = self.read("note", sorted({note for notes in links.values() for note in notes}))
        wanted = {write.key for write in writes}
        found: dict[str, list[Record]] = {}
        for note in sorted(notes.values(), key=lambda n: (n.modified_at, n.ref.id)):
            if (key := note_key(str(note.values["body"]))) in wanted:
                found.setdefault(key, []).append(note)
        return found

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update companies or create notes in one batch call."""
        return guarded(writes, self._create_notes if writes[0].operation == "create" else self._update)

    def remove(self, ref: Ref) -> bool:
        """Archive a double."""
        self._http.call("DELETE", f"{self._path(self._kinds[ref.kind])}/{ref.id}", safe=True, headers=self._headers())
        return True

    def checks(self) -> Iterator[Check]:
        """Check that the properties of the mapping exist."""
        known = {p["name"] for p in self._call("GET", "/crm/v3/properties/companies")["results"]}
        missing = sorted(set(self.settings.account_properties.values()) - known)
        cure = "create them in HubSpot, or map others under [crm.account]"
        if missing:
            yield Check("crm properties", "error", f"missing: {', '.join(missing)}", cure)
        else:
            yield Check("crm properties", "ok", "all there")

    # -- reading

    def _list(self, kind: Kind) -> Iterator[Page]:
        after, latest = "", None
        while True:
            params = {"limit": LIST_PAGE, "properties": ",".join(kind.properties(self.settings)), "archived": "false"}
            answer = self._call("GET", self._path(kind), params=params | ({"after": after} if after else {}))
            records = self._records(kind, answer["results"])
            latest = max([r.modified_at for r in records] + ([latest] if latest else []), default=None)
            after = ((answer.get("paging") or {}).get("next") or {}).get("after", "")
            yield Page(records, None if after else latest)
            if not after:
                return

    def _search(self, kind: Kind, since: datetime) -> Iterator[Page]:
        seen: set[str] = set()
        start, after = since, 0
        while True:
            condition = {"propertyName": kind.modified, "operator": "GTE", "value": str(milliseconds(start))}
            query = {
                "filterGroups": [{"filters": [condition]}],
                "sorts": [{"propertyName": kind.modified, "direction": "ASCENDING"}],
                "properties": kind.properties(self.settings),
                "limit": SEARCH_PAGE,
                "after": str(after),
            }
            answer = self._call("POST", f"{self._path(kind)}/search", json=query)
            records = self._records(kind, [row for row in answer["results"] if row["id"] not in seen])
            seen.update(record.ref.id for record in records)
            if records:
                yield Page(records, records[-1].modified_at)
            if not ((answer.get("paging") or {}).get("next") or {}).get("after"):
                return
            after += SEARCH_PAGE
            if after >= SEARCH_CAP:
                last = moment(answer["results"][-1]["properties"][kind.modified])
                if last <= start:
                    raise ContractBroken(f"more than {SEARCH_CAP} {kind.path} changed at one instant; run once with `full`")
                start, after = last, 0

    def _read(self, kind: Kind, ids: Iterable[str]) -> dict[str, Record]:
        asked = list(dict.fromkeys(ids))
        body = {
            "inputs": [{"id": record_id} for record_id in asked],
            "properties": kind.properties(self.settings),
            "propertiesWithHistory": [],
        }
        answer = self._call("POST", f"{self._path(kind)}/batch/read", json=body)
        records = self._records(kind, answer["results"])
        found = {record.ref.id: record for record in records if record.ref.id in asked}
        for record in records:
            found.update({old: record for old in record.merged_from if old in asked and old not in found})
        return found

    def _records(self, kind: Kind, rows: Sequence[Body]) -> list[Record]:
        parents: Mapping[str, Sequence[str]] = {}
        if kind.has_parent and rows:
            parents = self._associations(kind.path, "companies", [row["id"] for row in rows])
        return [
            kind.record(self.ref, row, self.settings, next(iter(parents.get(row["id"], ())), None))
            for row in rows
            if not row.get("archived")
        ]

    def _associations(self, source: str, target: str, ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for part in _batched(ids, LIST_PAGE):
            body = {"inputs": [{"id": record_id} for record_id in part]}
            answer = self._call("POST", f"/crm/v4/associations/{source}/{target}/batch/read", json=body)
            for row in answer["results"]:
                found.setdefault(str(row["from"]["id"]), []).extend(str(to["toObjectId"]) for to in row["to"])
        return found

    # -- writing

    def _update(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        names = self.settings.account_properties
        inputs = [{"id": w.ref.id, "properties": {names[n]: str(v) for n, v in w.values.items()}} for w in writes if w.ref]
        answer = self._http.call(
            "POST", f"{self._path(COMPANY)}/batch/update", safe=False, json={"inputs": inputs}, headers=self._headers()
        )
        done = {row["id"] for row in answer["results"]}
        refused = {i for e in answer.get("errors") or () for i in (e.get("context") or {}).get("ids", ())}
        outcomes: list[Outcome] = []
        for write in writes:
            if write.ref and write.ref.id in done:
                outcomes.append(Done(write.key, write.ref, dict(write.values)))
            elif write.ref and write.ref.id in refused:
                outcomes.append(Rejected(write.key, "account_refused", "HubSpot refused the update of the account"))
            else:
                outcomes.append(Unknown(write.key, "not in the answer"))
        return outcomes

    def _create_notes(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        inputs = [
            {
                "properties": {"hs_timestamp": str(w.values["time"]), "hs_note_body": note_html(str(w.values["body"]), w.key)},
                "associations": [
                    {
                        "to": {"id": w.parent.id if w.parent else ""},
                        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE.to_company}],
                    }
                ],
            }
            for w in writes
        ]
        answer = self._http.call(
            "POST", f"{self._path(NOTE)}/batch/create", safe=False, json={"inputs": inputs}, headers=self._headers()
        )
        ids = {note_key(row["properties"].get("hs_note_body") or ""): row["id"] for row in answer["results"]}
        return [
            Done(w.key, self.ref("note", ids[w.key])) if w.key in ids else Unknown(w.key, "not in the answer") for w in writes
        ]

    # -- plumbing

    def _path(self, kind: Kind) -> str:
        version = self.settings.api_version
        return f"/crm/v3/objects/{kind.path}" if version == "v3" else f"/crm/objects/{version}/{kind.path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _call(self, method: str, path: str, *, json: Body | None = None, params: Body | None = None) -> Body:
        answer = self._http.call(method, path, safe=True, json=json, params=params, headers=self._headers())
        if not isinstance(answer, dict):
            raise ContractBroken("HubSpot answers with another shape than documented")
        return answer


def _batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
