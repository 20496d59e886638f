"""What `interlock doctor` asks of HubSpot about service contracts, and what a run asks before it reads them."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.config import CrmSettings
from interlock.connectors.hubspot import schema
from interlock.connectors.hubspot.api import Api
from interlock.connectors.hubspot.contracts import LINE_ITEM, Contracts
from interlock.connectors.hubspot.fitting import fitting, require
from interlock.connectors.hubspot.rights import rights
from interlock.connectors.hubspot.wanted import contract_properties, line_properties, payment_properties
from interlock.errors import LoginRefused
from interlock.ports.system import Check


def checks(api: Api, settings: CrmSettings) -> Iterator[Check]:
    """Check the custom object of contracts, its and its lines' rights and properties; nothing where none are read."""
    name = settings.contract_object
    if not name:
        return
    try:
        custom = schema.find(api, name)
    except LoginRefused:
        yield Check(
            "crm contracts", "error", "custom objects are not readable", f"give the private app the scope {schema.READ_SCOPE}"
        )
        return
    if custom is None:
        cure = f'{schema.MAKE}; or name another as crm.contract_object, "" if no contracts are to be invoiced'
        yield Check("crm contracts", "warning", f"no custom object {name}", cure)
        return
    if unlinked := sorted(place for place, type_id in schema.ASSOCIATED.items() if type_id not in custom.associated):
        yield Check("crm contracts", "error", f"not associated with {', '.join(unlinked)}", schema.MAKE)
        return
    yield Check("crm contracts", "ok", f"kept in {name}")
    for kind in (Contracts(custom.type_id), LINE_ITEM):
        yield rights(api, kind, name if kind is not LINE_ITEM else "")
    yield fitting(api, "crm contract properties", custom.type_id, "custom", list(contract_properties(settings)))
    yield fitting(api, "crm contract line properties", LINE_ITEM.path, LINE_ITEM.path, list(line_properties(settings)))
    if settings.balances:
        yield fitting(api, "crm contract payment properties", custom.type_id, "custom", list(payment_properties(settings)))


def require_properties(api: Api, settings: CrmSettings, type_id: str) -> None:
    """Raise ConfigurationError when contracts or lines lack a property or have it of a type that cannot hold the field."""
    require(api, type_id, list(contract_properties(settings)))
    require(api, LINE_ITEM.path, list(line_properties(settings)))
