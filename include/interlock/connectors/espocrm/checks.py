"""What `interlock doctor` asks of EspoCRM, and what a run asks before it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api, Row
from interlock.connectors.espocrm.balances import BALANCE_KIND, PAYMENT_KIND
from interlock.connectors.espocrm.contracts import KIND, LINES
from interlock.connectors.espocrm.objects import ACCOUNT, ACCOUNTS, DEALS
from interlock.connectors.espocrm.people import LISTED
from interlock.connectors.espocrm.rights import WHOLE
from interlock.connectors.espocrm.tasks import TASKS, words
from interlock.connectors.espocrm.wanted import (
    Wanted,
    account_attributes,
    balance_attributes,
    contract_attributes,
    payment_attributes,
    wanted,
)
from interlock.errors import ConfigurationError, LoginRefused
from interlock.ports.system import Check

MAKE: Final = "`interlock setup espocrm --apply` makes what is missing"
TESTED: Final = (8, 9)


def checks(api: Api, settings: CrmSettings, url: str) -> Iterator[Check]:
    """Check version, address, the user's rights to what the processes read and write, mapped fields, tasks, won stages."""
    yield _version(api)
    yield _site(api, url)
    for scope, actions in _rights(settings).items():
        yield _right(api, scope, actions)
    yield _stream(api)
    yield from _fields(api, settings)
    yield _owners(api)
    if settings.balances:
        yield _tasks(api)
    yield _stages(api, settings)


def require(api: Api, settings: CrmSettings, kind: str) -> None:
    """Raise ConfigurationError when EspoCRM lacks a field that a kind is read by, or has it of another type."""
    tables = {
        ACCOUNTS.kind: account_attributes, BALANCE_KIND: balance_attributes, KIND: contract_attributes,
        PAYMENT_KIND: payment_attributes,
    }  # fmt: skip
    several = list(tables[kind](settings))
    if kind == KIND:
        several = [one for one in wanted(settings) if one.scope.startswith(settings.contract_object)]
        several = [one for one in several if one.table != "crm.contract_payment"]
    if lacking := _lacking(api, several):
        what = f"missing, of another type or not permitted: {', '.join(lacking)}"
        raise ConfigurationError(f"{several[0].table}: {what}; {MAKE}; give the role its rights, or map others")


def _version(api: Api) -> Check:
    version = str(api.me["settings"].get("version") or "")
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) not in TESTED:
        return Check("crm version", "warning", f"EspoCRM {version} was never tried", "8 and 9 are")
    return Check("crm version", "ok", version)


def _rights(settings: CrmSettings) -> Mapping[str, Sequence[str]]:
    """Return what the processes do with each object."""
    found: dict[str, Sequence[str]] = {ACCOUNT: ("read", "edit", "stream"), DEALS.scope: ("read", "stream"), "Contact": ("read",)}
    found |= {kind.scope: ("read",) for kind in LISTED}
    if settings.balances:
        found[TASKS.scope] = ("read", "create", "edit")
    if name := settings.contract_object:
        found |= {name: ("read", "edit"), name + LINES: ("read",)}
    return found


def _right(api: Api, scope: str, actions: Sequence[str]) -> Check:
    name, given = f"crm rights on {scope}", {action: api.rights.level(scope, action) for action in actions}
    if missing := [action for action, level in given.items() if level == "no"]:
        return Check(name, "error", f"no right to {', '.join(missing)}", "give it to the role of Interlock's API user")
    if partial := [action for action, level in given.items() if level not in WHOLE]:
        harmless = len(actions) == 1 and scope in {kind.scope for kind in LISTED}
        return Check(
            name,
            "warning" if harmless else "error",
            f"only its own or its team's: {', '.join(partial)}",
            "set the role's level to all",
        )
    return Check(name, "ok", ", ".join(actions))


def _site(api: Api, url: str) -> Check:
    """Check that EspoCRM itself goes by the connection's address: a copy goes by that of what it was copied from."""
    site = str(api.me["settings"].get("siteUrl") or "")
    if site and urlsplit(site).netloc != urlsplit(url).netloc:
        cure = "if this is a copy, set its own under Administration > Settings > Site URL, else it counts as the original"
        return Check("crm address", "warning", f"EspoCRM says it is at {site}, the connection leads elsewhere", cure)
    return Check("crm address", "ok", site or url)


def _tasks(api: Api) -> Check:
    try:
        words(api)
        api.rights.require_assignment()
    except (ConfigurationError, LoginRefused) as error:
        what, _, cure = str(error).rpartition("; ")
        return Check("crm tasks", "error", what, cure)
    return Check("crm tasks", "ok", "can be given to owners and closed")


def _stream(api: Api) -> Check:
    silent = [scope for scope in (ACCOUNT, DEALS.scope) if not api.metadata(f"scopes.{scope}").get("stream")]
    if silent:
        cure = "switch it on in Administration > Entity Manager: notes go there, and it tells when a deal was won"
        return Check("crm stream", "error", f"off for {', '.join(silent)}", cure)
    return Check("crm stream", "ok", "on for accounts and opportunities")


def _fields(api: Api, settings: CrmSettings) -> Iterator[Check]:
    by_table: dict[str, list[Wanted]] = {}
    for one in wanted(settings):
        by_table.setdefault(one.table, []).append(one)
    for table, several in by_table.items():
        name = f"{table.replace('crm.', 'crm ').replace('_', ' ')} fields"
        lacking = _lacking(api, several)
        if not api.fields(several[0].scope):
            cure = f'{MAKE}; or name another as crm.contract_object, "" if no contracts are to be invoiced'
            yield Check(name, "warning", f"no object {several[0].scope}", cure)
        elif lacking:
            what = f"missing, of another type or not permitted: {', '.join(lacking)}"
            yield Check(name, "error", what, f"{MAKE}; give the role its rights to them, or map others under [{table}]")
        else:
            yield Check(name, "ok", "all there")


def _lacking(api: Api, several: Sequence[Wanted]) -> list[str]:
    known: dict[str, Mapping[str, Row]] = {}
    found: list[str] = []
    for one in several:
        if one.scope not in known:
            known[one.scope] = api.fields(one.scope)
        row = one.definition(known[one.scope])
        if row is None:
            found.append(f"{one.name} (for {one.field})")
        elif not one.fits(row):
            found.append(f"{one.name} (for {one.field}: is {row.get('type')})")
        elif one.written and one.lacking(row):
            found.append(f"{one.name} (for {one.field}: no option {', '.join(one.lacking(row))})")
        elif kept := _kept(api, one, row):
            found.append(f"{one.name} (for {one.field}: {kept})")
    return sorted(found)


def _kept(api: Api, one: Wanted, row: Row) -> str:
    """Tell what keeps the user from a field: the role's field-level rights, or that it is read only or off.

    EspoCRM 9 switches the one assigned user off where an administrator chose several; the owner would read as empty.
    """
    if row.get("disabled"):
        return "switched off in EspoCRM"
    if api.rights.kept(one.scope, [one.name], "read"):
        return "the role hides it"
    if one.written and api.rights.kept(one.scope, [one.name], "edit"):
        return "the role forbids to edit it"
    return "read only" if one.written and row.get("readOnly") else ""


def _owners(api: Api) -> Check:
    if api.rights.level("User", "read") != "all":
        cure = "set User: read to all in the role of Interlock's API user"
        return Check("crm owners", "warning", "not readable: the prehistory names nobody", cure)
    return Check("crm owners", "ok", "readable")


def _stages(api: Api, settings: CrmSettings) -> Check:
    try:
        known = [str(option) for option in api.metadata(f"entityDefs.{DEALS.scope}.fields.stage").get("options") or ()]
    except LoginRefused:
        known = []
    if missing := sorted(set(settings.won_stages) - set(known)):
        cure = f"name won stages in crm.won_stages; EspoCRM has {', '.join(known)}"
        return Check("crm won stages", "error", f"missing: {', '.join(missing)}", cure)
    return Check("crm won stages", "ok", "all there")
