"""Reading EspoCRM: everything, what changed, by id, by account, by our key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api, Condition
from interlock.connectors.espocrm.contracts import KIND, OF_LINE, ContractLines, with_lines
from interlock.connectors.espocrm.listing import Listing
from interlock.connectors.espocrm.marks import key_in
from interlock.connectors.espocrm.objects import ACCOUNT, ACCOUNTS, DEALS, Kind, Row
from interlock.connectors.espocrm.owners import Owners
from interlock.connectors.espocrm.people import LISTED, Activity, Posts
from interlock.connectors.espocrm.stages import UNSEEN, entered
from interlock.connectors.espocrm.tasks import TASKS, Words, mark_of, with_over, words
from interlock.domain.change import Write
from interlock.domain.identity import Json, Ref
from interlock.domain.record import Page, Record

ID: Final = re.compile(r"[0-9A-Za-z][\w.-]{0,35}", re.ASCII)
"""EspoCRM gives letters and digits; an import may have brought ids of another system."""


class Reader:
    """Turns EspoCRM's rows into records; `ref` names a record of this installation, `page` is an account's address."""

    def __init__(self, api: Api, settings: CrmSettings, ref: Callable[[str, str], Ref], page: Callable[[str], str]) -> None:
        self._api, self._settings, self._ref, self._page = api, settings, ref, page
        self.owners, self._listing = Owners(api), Listing(api, settings)

    def everything(self, kind: Kind) -> Iterator[Page]:
        """List all by id; complete up to the newest change known before, as rows already read may change meanwhile."""
        latest: list[datetime] = []
        for rows, newest in self._listing.whole(kind):
            records = self.records(kind, rows)
            latest = [max(latest + [record.modified_at for record in records])] if records else latest
            yield Page(records, min(latest + newest) if latest and newest else None)

    def changed(self, kind: Kind, since: datetime) -> Iterator[Page]:
        """Tell what changed; of contracts all, or those changed themselves or in a line (`crm.contract_links`)."""
        if kind.kind != KIND:
            yield from self._changed(kind, since)
        elif self._settings.contract_links == "every_run":
            yield from self.everything(kind)
        else:
            yield from self._changed_contracts(kind, since)

    def _changed_contracts(self, kind: Kind, since: datetime) -> Iterator[Page]:
        """Two listings move one watermark: it stops where both were complete, at EspoCRM's clock before they began."""
        begun, stamps, held = self._api.server_time, list[datetime](), list[Record]()
        for page in chain(self._changed(kind, since), self._by_changed_lines(kind, since)):
            if held:
                yield Page(held)
            held = list(page.records)
            stamps += [page.watermark] if page.watermark and page.watermark <= begun else []
        if held:
            yield Page(held, max(stamps, default=None))

    def _by_changed_lines(self, kind: Kind, since: datetime) -> Iterator[Page]:
        place = ContractLines(self._settings.contract_object)
        for rows, at in self._listing.since(place, since):
            contracts = self.read(kind, [str(row[OF_LINE]) for row in rows if row.get(OF_LINE)])
            if contracts:
                yield Page(list(contracts.values()), at)

    def _changed(self, kind: Kind, since: datetime) -> Iterator[Page]:
        for rows, _ in self._listing.since(kind, since):
            if records := self.records(kind, rows):
                yield Page(records, records[-1].modified_at)

    def read(self, kind: Kind, ids: Sequence[str]) -> dict[str, Record]:
        """Read by id, a hundred a call."""
        self._listing.require(kind)
        fit = [i for i in ids if ID.fullmatch(i)]
        rows = list(self._api.of_ids(kind.scope, "id", fit, self._listing.select(kind))) if fit else []
        return {record.ref.id: record for record in self.records(kind, rows)}

    def children(self, kind: Kind, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the records of some accounts."""
        self._listing.require(kind)
        ids = [ref.id for ref in parents]
        if kind.parent == "id":
            yield from self.read(kind, ids).values()
            return
        attribute = kind.parent or ("accountId" if kind is TASKS else "parentId")
        yield from self.records(kind, list(self._api.of_ids(kind.scope, attribute, ids, self._listing.select(kind))))

    def activities(self, parents: Sequence[Ref], *, texts: bool) -> Iterator[Record]:
        """Yield people's activities of accounts, and what they wrote on the accounts' streams."""
        ids = [ref.id for ref in parents]
        for kind in (place(texts=texts) for place in LISTED):
            self._api.rights.require(kind.scope, "read")
            for row in self._api.of_ids(kind.scope, kind.parent, ids, self._listing.select(kind)):
                if row.get("status") != "Draft":
                    yield self._activity(kind, row)
        self._api.rights.require(ACCOUNT, "stream", whole=True)
        for account in ids:
            for row in self._api.stream(ACCOUNT, account, "posts") or ():
                yield self._activity(Posts(texts=texts), row | {"accountId": account})

    def keyed(self, kind: Kind, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes or tasks up among those of their account by the key in the last line, oldest first."""
        self._listing.require(kind)
        found: dict[str, list[Record]] = {}
        wanted = {write.key for write in writes}
        parents = [write.parent.id for write in writes if write.parent]
        on_account: Condition = {"type": "equals", "attribute": "parentType", "value": ACCOUNT}
        rows = self._api.of_ids(kind.scope, "parentId", parents, self._listing.select(kind), on_account)
        for row in sorted(rows, key=lambda row: (str(row.get("createdAt") or ""), str(row["id"]))):
            key = mark_of(str(row.get("description") or ""))[0] if kind is TASKS else key_in(str(row.get("post") or ""))
            if key in wanted:
                found.setdefault(key, []).extend(self.records(kind, [row]))
        return found

    def records(self, kind: Kind, rows: Sequence[Row]) -> list[Record]:
        """Build records; a won deal's stream and a contract's lines are asked for."""
        if kind is DEALS:
            rows = [row | self._entered(row) for row in rows]
        if kind is TASKS and rows:
            rows = with_over(rows, self.words)
        if kind.kind == KIND:
            rows = with_lines(rows, self._lines([str(row["id"]) for row in rows]))
        return [self._completed(kind, row, kind.record(self._ref, row, self._settings)) for row in rows]

    @cached_property
    def words(self) -> Words:
        """What this installation calls a task's states and priorities."""
        return words(self._api)

    def _entered(self, row: Row) -> Row:
        won = self._settings.won_stages
        if row.get("stage") not in won:
            return {}
        stream = self._api.stream(DEALS.scope, row["id"])
        return {"entered": UNSEEN if stream is None else entered(stream, won)}

    def _lines(self, contracts: Sequence[str]) -> Mapping[str, Sequence[Row]]:
        found: dict[str, list[Row]] = {}
        place = ContractLines(self._settings.contract_object)
        self._listing.require(place)
        for row in self._api.of_ids(place.scope, OF_LINE, contracts, self._listing.select(place)) if contracts else ():
            found.setdefault(str(row[OF_LINE]), []).append(row)
        return found

    def _completed(self, kind: Kind, row: Row, record: Record) -> Record:
        if kind is not ACCOUNTS:
            return record
        more: dict[str, Json] = {"page": self._page(record.ref.id)}
        if "owner" in record.values:
            more["owner"] = self._owner(row)
        above = str(record.values.get("parent") or "")
        more["parent"] = str(self._ref(ACCOUNTS.kind, above)) if ID.fullmatch(above) else ""
        return replace(record, values={**record.values, **more})

    def _activity(self, kind: Activity, row: Row) -> Record:
        record = kind.seen(kind.record(self._ref, row, self._settings), row)
        ref = self._ref(kind.kind, f"{kind.type}-{row['id']}")
        owner = {} if record.values.get("private") else {"owner": self._owner(row)}
        return replace(record, ref=ref, values={**record.values, **owner})

    def _owner(self, row: Row) -> Json:
        owner = str(row.get("assignedUserId") or (row.get("createdById") if "post" in row else "") or "")
        return self.owners.named(owner, str(row.get("assignedUserName") or "")) if owner else {}
