"""What `interlock doctor` asks of HubSpot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from interlock.config import CrmSettings
from interlock.connectors.hubspot.api import Api, Body, rows
from interlock.connectors.hubspot.objects import COMPANY, DEAL, KINDS, NOTE, Kind
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused
from interlock.ports.system import Check

WRITES: Mapping[str, str] = {COMPANY.kind: "update", NOTE.kind: "create"}
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
    for kind in KINDS.values():
        yield _rights(api, kind)
    yield from _named("crm properties", lambda: _properties(api, settings), COMPANY)
    yield from _named("crm won stages", lambda: _stages(api, settings), DEAL)


def _rights(api: Api, kind: Kind) -> Check:
    name, scope, action = f"crm rights on {kind.path}", f"crm.objects.{kind.scope}", WRITES.get(kind.kind)
    try:
        api.read("GET", api.path(kind), params={"limit": 1})
    except LoginRefused:
        return Check(name, "error", "not readable", f"give the private app the scope {scope}.read")
    if not action:
        return Check(name, "ok", "readable")
    try:
        api.may_write(kind, action)
    except LoginRefused:
        return Check(name, "error", f"no right to {action}", f"give the private app the scope {scope}.write")
    return Check(name, "ok", f"readable, right to {action}")


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


def _stages(api: Api, settings: CrmSettings) -> Check:
    pipelines = rows(api.read("GET", f"/crm/v3/pipelines/{DEAL.path}"))
    known = {stage["id"] for pipeline in pipelines for stage in pipeline.get("stages") or ()}
    if missing := sorted(set(settings.won_stages) - known):
        cure = f"name the ids of won stages in crm.won_stages; HubSpot has {', '.join(sorted(known))}"
        return Check("crm won stages", "error", f"missing: {', '.join(missing)}", cure)
    return Check("crm won stages", "ok", "all there")
