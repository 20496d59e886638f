"""What `interlock doctor` asks of HubSpot about service contracts, and what a run asks before it reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interlock.config import CrmSettings
from interlock.connectors.hubspot import schema
from interlock.connectors.hubspot.api import Api, Body
from interlock.connectors.hubspot.contracts import LINE_ITEM, Contracts
from interlock.connectors.hubspot.rights import rights
from interlock.connectors.hubspot.wanted import Wanted, contract_properties, line_properties
from interlock.errors import ConfigurationError, LoginRefused
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
    for place, several in ((custom.type_id, contract_properties(settings)), (LINE_ITEM.path, line_properties(settings))):
        yield _fitting(api, place, list(several))


def _fitting(api: Api, place: str, several: Sequence[Wanted]) -> Check:
    name = f"crm {'contract' if place != LINE_ITEM.path else 'contract line'} properties"
    try:
        unfit = _unfit(schema.properties(api, place), several)
    except LoginRefused:
        scope = "custom" if place != LINE_ITEM.path else LINE_ITEM.path
        return Check(name, "error", "not readable", f"give the private app the scope crm.schemas.{scope}.read")
    if unfit:
        return Check(name, "error", f"missing or of another type: {', '.join(unfit)}", f"{schema.MAKE}; or map others")
    return Check(name, "ok", "all there")


def _unfit(known: Mapping[str, Body], several: Sequence[Wanted]) -> list[str]:
    return sorted(f"{one.name} (for {one.field})" for one in several if one.name not in known or not one.fits(known[one.name]))


def require_properties(api: Api, settings: CrmSettings, type_id: str) -> None:
    """Raise ConfigurationError when contracts or lines lack a property or have it of a type that cannot hold the field."""
    for place, several in ((type_id, contract_properties(settings)), (LINE_ITEM.path, line_properties(settings))):
        asked = list(several)
        if unfit := _unfit(schema.properties(api, place), asked):
            raise ConfigurationError(
                f"{asked[0].table}: missing or of another type: {', '.join(unfit)}; {schema.MAKE}, or map others"
            )
