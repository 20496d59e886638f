"""Whether EspoCRM has the fields and links that the settings name, of the right type, for this user to read and to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api, Row
from interlock.connectors.espocrm.balances import BALANCE_KIND, PAYMENT_KIND
from interlock.connectors.espocrm.contracts import KIND
from interlock.connectors.espocrm.objects import ACCOUNTS
from interlock.connectors.espocrm.wanted import (
    Wanted,
    account_attributes,
    balance_attributes,
    contract_attributes,
    payment_attributes,
    wanted,
)
from interlock.errors import ConfigurationError
from interlock.ports.system import Check

MAKE: Final = "`interlock setup espocrm --apply` makes what is missing"


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
    if lacking := _lacking(api, several, api.fields_of(one.scope for one in several)):
        what = f"missing, of another type or not permitted: {', '.join(lacking)}"
        raise ConfigurationError(f"{several[0].table}: {what}; {MAKE}; give the role its rights, or map others")


def fields(api: Api, settings: CrmSettings) -> Iterator[Check]:
    """Check each table of the file."""
    by_table: dict[str, list[Wanted]] = {}
    for one in wanted(settings):
        by_table.setdefault(one.table, []).append(one)
    known = api.fields_of(one.scope for several in by_table.values() for one in several)
    for table, several in by_table.items():
        name = f"{table.replace('crm.', 'crm ').replace('_', ' ')} fields"
        lacking = _lacking(api, several, known)
        if not known[several[0].scope]:
            cure = f'{MAKE}; or name another as crm.contract_object, "" if no contracts are to be invoiced'
            yield Check(name, "warning", f"no object {several[0].scope}", cure)
        elif lacking:
            what = f"missing, of another type or not permitted: {', '.join(lacking)}"
            yield Check(name, "error", what, f"{MAKE}; give the role its rights to them, or map others under [{table}]")
        else:
            yield Check(name, "ok", "all there")


def _lacking(api: Api, several: Sequence[Wanted], known: Mapping[str, Mapping[str, Row]]) -> list[str]:
    found: list[str] = []
    for one in several:
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
