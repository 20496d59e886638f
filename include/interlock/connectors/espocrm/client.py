"""EspoCRM behind the port: accounts with opportunities, contacts, activities, notes and tasks; service contracts; balances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from interlock.config import CrmSettings, Endpoint
from interlock.connectors.espocrm import checks, contracts, field_checks
from interlock.connectors.espocrm.api import Api
from interlock.connectors.espocrm.balances import ACCOUNT_BALANCES, BALANCE_KIND, PAYMENT_KIND, ContractPayments
from interlock.connectors.espocrm.objects import ACCOUNTS, CONTACTS, DEALS, NOTES, Kind
from interlock.connectors.espocrm.reading import Reader
from interlock.connectors.espocrm.setup import Setup
from interlock.connectors.espocrm.tasks import TASKS
from interlock.connectors.espocrm.writing import Writer
from interlock.domain.change import Outcome, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.errors import ConfigurationError
from interlock.ports.system import Check, Instance, Need, Traits

KINDS = {kind.kind: kind for kind in (ACCOUNTS, CONTACTS, DEALS, NOTES, TASKS, ACCOUNT_BALANCES)}
TEXTS = "activity_text"
ACTIVITIES = ("activity", TEXTS)


class EspoCrm:
    """One EspoCRM; its site address is the instance, so that a copy made for tests is another one."""

    def __init__(self, endpoint: Endpoint, settings: CrmSettings) -> None:
        self.settings = settings
        self._url = endpoint.url.rstrip("/")
        self._api = Api(endpoint, settings)
        self._reader = Reader(self._api, settings, self.ref, self._page)
        self._writer = Writer(self._api, settings, self._reader, self.ref, self._kind)
        self._complete: set[str] = set()

    @cached_property
    def _site(self) -> str:
        site = str(self._api.me["settings"].get("siteUrl") or self._url).rstrip("/")
        return "espocrm:" + site.partition("://")[2].replace("/", "|")

    def _kind(self, kind: str) -> Kind:
        if kind in KINDS:
            return KINDS[kind]
        if not self.settings.contract_object:
            raise ConfigurationError("crm.contract_object is empty: no contracts are read; name the object that holds them")
        return ContractPayments(self.settings.contract_object) if kind == PAYMENT_KIND else contracts.Contracts(
            self.settings.contract_object
        )  # fmt: skip

    def _require(self, kind: str) -> None:
        """Ask once whether EspoCRM has what a kind is read by: an attribute that is missing would read as empty."""
        if kind in self._complete or kind not in {ACCOUNTS.kind, BALANCE_KIND, PAYMENT_KIND, contracts.KIND}:
            return
        if kind in {BALANCE_KIND, PAYMENT_KIND} and not self.settings.balances:
            raise ConfigurationError(f"crm.balances is false: it keeps no balances; set it to true, then {field_checks.MAKE}")
        field_checks.require(self._api, self.settings, kind)
        self._complete.add(kind)

    def instance(self) -> Instance:
        """Ask which installation this is."""
        version = str(self._api.me["settings"].get("version") or "")
        return Instance(self._site, "EspoCRM", version, self._api.server_time)

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this installation."""
        return Ref(self._site, "", kind, record_id)

    def _page(self, account: str) -> str:
        return self.settings.account_url.replace("{url}", self._url).replace("{portal}", "").replace("{id}", account)

    def traits(self, kind: str) -> Traits:  # noqa: ARG002 - the same for all of EspoCRM's kinds
        """Nothing in EspoCRM refuses a second note; its times are whole seconds."""
        return Traits(
            batch=self.settings.batch,
            enforces_key=False,
            settle_seconds=self.settings.settle_seconds,
            overlap_seconds=self.settings.overlap_seconds,
        )

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """List everything, or by time of change; see the port."""
        self._require(kind)
        place = self._kind(kind)
        return self._reader.everything(place) if since is None else self._reader.changed(place, since)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id; an account merged into another is gone, for EspoCRM keeps no trace of it."""
        self._require(kind)
        return self._reader.read(self._kind(kind), ids)

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the opportunities, contacts, contracts, activities, notes, tasks, balance or payments of accounts."""
        self._require(kind)
        if kind in ACTIVITIES:
            return self._reader.activities(parents, texts=kind == TEXTS)
        return self._reader.children(self._kind(kind), parents)

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes and tasks up by the key in their last line."""
        found: dict[str, Sequence[Record]] = {}
        for kind in (NOTES, TASKS):
            if asked := [write for write in writes if write.kind == kind.kind]:
                found |= self._reader.keyed(kind, asked)
        return found

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update accounts, contracts or tasks, or create notes or tasks, one a call."""
        return self._writer.write(writes)

    def remove(self, ref: Ref) -> bool:
        """Delete a double."""
        return self._api.delete(self._kind(ref.kind).scope, ref.id)

    def checks(self) -> Iterator[Check]:
        """Check version, rights, fields, links and stages."""
        return checks.checks(self._api, self.settings, self._url)

    def survey(self) -> Sequence[Need]:
        """Say of all objects, links and fields that the settings name how it stands with them."""
        return Setup(self._api, self.settings).survey()

    def make_missing(self) -> Sequence[Need]:
        """Make the objects, links and fields that are missing; takes an administrator's login."""
        return Setup(self._api, self.settings).make_missing()
