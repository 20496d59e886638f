"""What `interlock doctor` asks of HubSpot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from interlock.config import CrmSettings
from interlock.connectors.hubspot import contract_checks
from interlock.connectors.hubspot.api import Api, Body, rows
from interlock.connectors.hubspot.fitting import fitting
from interlock.connectors.hubspot.objects import COMPANY, DEAL, NOTE, Kind
from interlock.connectors.hubspot.people import ACTIVITIES, CONTACT
from interlock.connectors.hubspot.rights import rights
from interlock.connectors.hubspot.tasks import TASK
from interlock.connectors.hubspot.wanted import balance_properties
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused
from interlock.ports.system import Check

CREATE = "create it in HubSpot, or map another under [crm.account] in interlock.toml"
WRITTEN_BACK = ("customer_number", "sync_state", "synced_at")


def checks(api: Api, settings: CrmSettings) -> Iterator[Check]:
    """Check the version, the rights to what the processes read and write, the mapped properties, the won stages."""
    try:
        api.read("GET", api.path(COMPANY), params={"limit": 1})
    except ContractBroken:
        cure = "set crm.api_version to v3 or to a dated version that HubSpot offers"
        yield Check("crm version", "error", f"HubSpot does not answer version {api.version}", cure)
        return
    except LoginRefused:
        pass  # the rights say it, by kind
    yield Check("crm version", "ok", api.version)
    written: list[Kind] = [NOTE, TASK] if settings.balances else [NOTE]
    others = [kind for kind in ACTIVITIES["activity"] if kind.path not in {one.path for one in written}]
    for kind in (COMPANY, DEAL, CONTACT, *written, *others):
        yield rights(api, kind)
    yield from _named("crm properties", lambda: _properties(api, settings), COMPANY)
    yield from _named("crm contact properties", lambda: _contact_properties(api, settings), CONTACT)
    yield from _named("crm private activities", lambda: _private(api, settings), CONTACT)
    yield _owners(api)
    yield from _named("crm won stages", lambda: _stages(api, settings), DEAL)
    if settings.balances:
        yield fitting(api, "crm account balance properties", COMPANY.path, COMPANY.path, list(balance_properties(settings)))
    yield from contract_checks.checks(api, settings)


def _named(name: str, look: Callable[[], Check], kind: Kind) -> Iterator[Check]:
    try:
        yield look()
    except LoginRefused:
        yield Check(name, "error", "not readable", f"give the private app the scope crm.schemas.{kind.path}.read")


def require_properties(api: Api, settings: CrmSettings) -> None:
    """Raise ConfigurationError when HubSpot lacks a property that accounts are read by: it would read as empty."""
    try:
        missing = _missing(_known(api), settings)
    except LoginRefused:
        cure = f"give the private app the scope crm.schemas.{COMPANY.path}.read"
        raise LoginRefused(f"HubSpot does not show which properties companies have; {cure}") from None
    if missing:
        raise ConfigurationError(f"crm.account: HubSpot's companies have no property {', '.join(missing)}; {CREATE}")


def _known(api: Api) -> dict[str, Body]:
    return {row["name"]: row for row in rows(api.read("GET", f"/crm/v3/properties/{COMPANY.path}"))}


def _missing(known: Mapping[str, Body], settings: CrmSettings) -> list[str]:
    return sorted(f"{name} (for {field})" for field, name in settings.account_properties.items() if name not in known)


def _properties(api: Api, settings: CrmSettings) -> Check:
    known, names = _known(api), settings.account_properties
    if missing := _missing(known, settings):
        return Check("crm properties", "error", f"missing: {', '.join(missing)}", CREATE)
    written = {field: known[names[field]] for field in WRITTEN_BACK}
    if fixed := sorted(row["name"] for row in written.values() if (row.get("modificationMetadata") or {}).get("readOnlyValue")):
        cure = "map properties that may be written under [crm.account]"
        return Check("crm properties", "error", f"read only: {', '.join(fixed)}", cure)
    return Check("crm properties", "ok", "all there")


def _contact_properties(api: Api, settings: CrmSettings) -> Check:
    known = {row["name"] for row in rows(api.read("GET", f"/crm/v3/properties/{CONTACT.path}"))}
    if missing := sorted(set(settings.contact_properties.values()) - known):
        cure = 'create them in HubSpot, map others under [crm.contact], or "" for one that it has not'
        return Check("crm contact properties", "error", f"missing: {', '.join(missing)}", cure)
    return Check("crm contact properties", "ok", "all there")


def _private(api: Api, settings: CrmSettings) -> Check:
    name, mark = "crm private activities", settings.private_property
    lacking = [
        kind.path
        for kind in ACTIVITIES["activity"]
        if mark and mark not in {row["name"] for row in rows(api.read("GET", f"/crm/v3/properties/{kind.path}"))}
    ]
    if lacking:
        cure = f'create the property {mark} there, name another as crm.private_property, or set it to "" if all may be told'
        return Check(name, "warning", f"nothing marks private ones among {', '.join(lacking)}", cure)
    return Check(name, "ok", f"marked by {mark}" if mark else "none is marked, by configuration")


def _owners(api: Api) -> Check:
    try:
        api.read("GET", "/crm/v3/owners", params={"limit": 1})
    except LoginRefused:
        cure = "give the private app the scope crm.objects.owners.read"
        return Check("crm owners", "warning", "not readable: the prehistory names nobody", cure)
    return Check("crm owners", "ok", "readable")


def _stages(api: Api, settings: CrmSettings) -> Check:
    pipelines = rows(api.read("GET", f"/crm/v3/pipelines/{DEAL.path}"))
    known = {stage["id"] for pipeline in pipelines for stage in pipeline.get("stages") or ()}
    if missing := sorted(set(settings.won_stages) - known):
        cure = f"name the ids of won stages in crm.won_stages; HubSpot has {', '.join(sorted(known))}"
        return Check("crm won stages", "error", f"missing: {', '.join(missing)}", cure)
    return Check("crm won stages", "ok", "all there")
