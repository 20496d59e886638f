"""HubSpot behind the port: companies with their deals, contacts, activities, notes and tasks; service contracts; balances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from interlock.config import CrmSettings, Endpoint
from interlock.connectors.hubspot import checks, contract_checks, contracts, objects, schema
from interlock.connectors.hubspot.api import Api
from interlock.connectors.hubspot.balances import ACCOUNT_BALANCES, BALANCE_KIND, PAYMENT_KIND, ContractPayments
from interlock.connectors.hubspot.fitting import require
from interlock.connectors.hubspot.objects import COMPANY, NOTE, Kind
from interlock.connectors.hubspot.people import ACTIVITIES, CONTACT
from interlock.connectors.hubspot.reading import Reader
from interlock.connectors.hubspot.setup import Setup
from interlock.connectors.hubspot.tasks import TASK
from interlock.connectors.hubspot.wanted import balance_properties, payment_properties
from interlock.connectors.hubspot.writing import Writer
from interlock.domain.change import Outcome, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.errors import ConfigurationError
from interlock.ports.system import Check, Instance, Need, Traits

KINDS = objects.KINDS | {CONTACT.kind: CONTACT, TASK.kind: TASK, BALANCE_KIND: ACCOUNT_BALANCES}
OF_CONTRACTS = (contracts.KIND, PAYMENT_KIND)


class HubSpot:
    """One HubSpot account; its portal id is the instance, so that a sandbox or test account is another one."""

    def __init__(self, endpoint: Endpoint, settings: CrmSettings) -> None:
        self.settings = settings
        self._url = endpoint.url.rstrip("/")
        self._api = Api(endpoint, settings)
        self._reader = Reader(self._api, settings, self.ref, self._page)
        self._contracts = contracts.ContractReader(self._api, settings, self.ref, self._page)
        self._writer = Writer(self._api, settings, self.ref, self._kind)
        self._complete: set[str] = set()

    @cached_property
    def _portal(self) -> str:
        return self.instance().id

    @cached_property
    def _contract(self) -> contracts.Contracts:
        custom = schema.require(self._api, self.settings.contract_object)
        contract_checks.require_properties(self._api, self.settings, custom.type_id)
        return contracts.Contracts(custom.type_id)

    @cached_property
    def _payment(self) -> ContractPayments:
        self._require_balances()
        place = self._contract.path
        require(self._api, place, list(payment_properties(self.settings)))
        return ContractPayments(place)

    def _kind(self, kind: str) -> Kind:
        if kind == PAYMENT_KIND:
            return self._payment
        return self._contract if kind == contracts.KIND else KINDS[kind]

    def _reader_of(self, kind: str) -> Reader:
        return self._contracts if kind in OF_CONTRACTS else self._reader

    def _require(self, kind: str) -> None:
        """Ask once whether HubSpot has what accounts and balances are read by; contracts' place is asked for with them."""
        if kind in self._complete:
            return
        if kind == COMPANY.kind:
            checks.require_properties(self._api, self.settings)
        elif kind == BALANCE_KIND:
            self._require_balances()
            require(self._api, COMPANY.path, list(balance_properties(self.settings)))
        self._complete.add(kind)

    def _require_balances(self) -> None:
        if not self.settings.balances:
            raise ConfigurationError(f"crm.balances is false: HubSpot keeps no balances; set it to true, then {schema.MAKE}")

    def instance(self) -> Instance:
        """Ask which portal this is."""
        details = self._api.read("GET", "/account-info/v3/details")
        return Instance(f"hubspot:{details['portalId']}", "HubSpot", self.settings.api_version, self._api.server_time)

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this portal."""
        return Ref(self._portal, "", kind, record_id)

    def _page(self, account: str) -> str:
        portal = self._portal.partition(":")[2]
        return self.settings.account_url.replace("{url}", self._url).replace("{portal}", portal).replace("{id}", account)

    def traits(self, kind: str) -> Traits:  # noqa: ARG002 - the same for all of HubSpot's kinds
        """Nothing in HubSpot refuses a second note."""
        return Traits(
            batch=self.settings.batch,
            enforces_key=False,
            settle_seconds=self.settings.settle_seconds,
            overlap_seconds=self.settings.overlap_seconds,
        )

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """List everything, or search by modification time; see the port."""
        self._require(kind)
        reader, place = self._reader_of(kind), self._kind(kind)
        return reader.everything(place) if since is None else reader.changed(place, since)

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id; a merged id answers with its survivor, however often that was merged itself."""
        self._require(kind)
        return self._reader_of(kind).read(self._kind(kind), ids)

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the deals, contacts, contracts, activities, notes, tasks, balance or payments of companies."""
        self._require(kind)
        if kind in ACTIVITIES:
            return self._reader.activities(kind, parents)
        return self._reader_of(kind).children(self._kind(kind), parents)

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look notes and tasks up by the key in their last line."""
        found: dict[str, Sequence[Record]] = {}
        for kind in (NOTE, TASK):
            if asked := [write for write in writes if write.kind == kind.kind]:
                found |= self._reader.keyed(kind, asked)
        return found

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update companies, contracts or tasks, or create notes or tasks, in one batch call."""
        return self._writer.write(writes)

    def remove(self, ref: Ref) -> bool:
        """Archive a double."""
        return self._api.archive(self._kind(ref.kind), ref.id)

    def checks(self) -> Iterator[Check]:
        """Check version, rights, properties and stages."""
        return checks.checks(self._api, self.settings)

    def survey(self) -> Sequence[Need]:
        """Say of all objects, associations and properties that the settings name how it stands with them."""
        return Setup(self._api, self.settings).survey()

    def make_missing(self) -> Sequence[Need]:
        """Make the custom object, associations and properties that are missing."""
        return Setup(self._api, self.settings).make_missing()
