"""Which fields and links the processes need in EspoCRM, object by object, and how each is made."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.config import CrmSettings
from interlock.config.balances import ACCOUNT_BALANCE, BALANCE, CONTRACT_PAYMENT
from interlock.config.contracts import CONTRACT, LINE, WRITTEN
from interlock.config.properties import Property
from interlock.connectors.espocrm.api import DECIMAL, Row
from interlock.connectors.espocrm.contracts import LINES
from interlock.connectors.espocrm.objects import ACCOUNT
from interlock.domain.contact import ROLES

CONTACT: Final = "Contact"
TYPES: Final = {
    "string": "varchar", "number": DECIMAL, "date": "date", "datetime": "datetime", "enumeration": "enum", "bool": "bool",
}  # fmt: skip
DIGITS: Final = {"precision": 18, "scale": 6}
"""EspoCRM's own four decimals round a price without a word, and more than nine digits before them are an error."""
READABLE: Final = {
    "string": {"varchar", "text", "enum", "multiEnum", "url", "phone", "email", "link", "number", "autoincrement", "foreign"},
    "number": {"decimal", "float", "int"},
    "enumeration": {"enum", "varchar"},
    "bool": {"bool", "enum", "varchar"},
}
WRITABLE: Final = {
    "string": {"varchar", "text", "enum"}, "number": {"decimal", "float"}, "enumeration": {"enum", "varchar"},
    "bool": {"enum", "varchar"},
}  # fmt: skip
ACCOUNT_HOLDS: Final = {"synced_at": Property("", "datetime")}
ACCOUNT_WRITTEN: Final = ("customer_number", "sync_state", "synced_at")
LINKED: Final = re.compile(r"(.+)(?:Id|Name)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One attribute: on which object, for which field of which table of the file; `written` ones must be of just their type."""

    scope: str
    table: str
    field: str
    name: str
    property: Property
    written: bool = False
    many: bool = False

    def definition(self, known: Mapping[str, Row]) -> Row | None:
        """Return the field that the attribute belongs to: its own, or that of the link whose id or name it is."""
        if self.name in known:
            return known[self.name]
        found = LINKED.fullmatch(self.name)
        link = known.get(found[1]) if found else None
        return link if link and link.get("type") in {"link", "file"} else None

    def fits(self, row: Row) -> bool:
        """Tell whether a field that is there can hold it."""
        holds = self.property.holds
        return str(row.get("type")) in (WRITABLE if self.written else READABLE).get(holds, {holds})

    def lacking(self, row: Row) -> list[str]:
        """Name the options that an enumeration that is there has not, and no value can be without."""
        if row.get("type") not in {"enum", "multiEnum"} or row.get("optionsReference"):
            return []
        there = {str(option) for option in row.get("options") or ()}
        return [word for word in self._words() if word not in there]

    def _words(self) -> tuple[str, ...]:
        return ("true", "false") if self.property.holds == "bool" and self.written else self.property.values

    def body(self, *, decimal: bool) -> Row:
        """Describe the field as EspoCRM wants a new one; on an object of its own EspoCRM itself puts the c before the name.

        What Interlock writes and may leave empty is no bool, which EspoCRM would fill with `false`. A number is an exact one
        where this version knows `decimal`, from 9.3 on; the other, `float`, shows up to 15 digits exactly.
        """
        kind = TYPES[self.property.holds]
        kind = "float" if kind == DECIMAL and not decimal else kind
        if self.many or self.property.lines or (self._words() and kind == "bool"):
            kind = "multiEnum" if self.many else "text" if self.property.lines else "enum"
        found: Row = {
            "name": self.name,
            "type": kind,
            "label": " ".join(re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", self.name)).capitalize(),
        }
        if kind == DECIMAL:
            found |= DIGITS
        if kind == "enum":
            found["options"] = ["", *self._words()]
        if kind == "multiEnum":
            found["options"] = [*self._words()]
        if self.scope in {ACCOUNT, CONTACT}:
            found["name"] = self.name[1:2].lower() + self.name[2:]
            found["label"] = found["label"][2:].capitalize()
        return found

    def can_be_made(self) -> bool:
        """Tell whether EspoCRM would give a new field that name."""
        return self.scope not in {ACCOUNT, CONTACT} or bool(re.fullmatch(r"c[A-Z]\w*", self.name))


def wanted(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield what the mappings name, contracts and balances only where the settings want them; no attribute comes twice."""
    yield from account_attributes(settings)
    for field, name in settings.contact_properties.items():
        roles = tuple(word for role in ROLES for word in settings.contact_roles.get(role, (role,)))
        holds = Property("", "string", roles) if field == "role" else Property("")
        yield Wanted(CONTACT, "crm.contact", field, name, holds, many=field == "role")
    if settings.contract_object:
        yield from contract_attributes(settings)
        yield from _of(settings.contract_object + LINES, "crm.contract_line", settings.contract_line_properties, LINE)
    if settings.balances:
        shared = {*settings.account_properties.values()}
        yield from (one for one in balance_attributes(settings) if one.written or one.name not in shared)
        if settings.contract_object:
            yield from payment_attributes(settings)


def account_attributes(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the attributes of accounts."""
    for field, name in settings.account_properties.items():
        holds = ACCOUNT_HOLDS.get(field, Property(""))
        yield Wanted(ACCOUNT, "crm.account", field, name, holds, field in ACCOUNT_WRITTEN)


def contract_attributes(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the attributes of the object of contracts."""
    return _of(settings.contract_object, "crm.contract", settings.contract_properties, CONTRACT, WRITTEN)


def balance_attributes(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the attributes of accounts that hold what is owed."""
    return _of(ACCOUNT, "crm.account_balance", settings.account_balance_properties, ACCOUNT_BALANCE, BALANCE)


def payment_attributes(settings: CrmSettings) -> Iterator[Wanted]:
    """Yield the attributes of contracts that hold how they are paid."""
    names, place = settings.contract_payment_properties, settings.contract_object
    return _of(place, "crm.contract_payment", names, CONTRACT_PAYMENT, CONTRACT_PAYMENT)


def links(settings: CrmSettings) -> Mapping[str, Row]:
    """Return the links that contracts need, by name, as EspoCRM wants new ones."""
    place = settings.contract_object
    if not place:
        return {}
    found = {
        "account": _link(ACCOUNT, place, "contracts", "account"),
        "lines": _link(place, place + LINES, "lines", "contract"),
    }
    other = LINKED.fullmatch(settings.contract_properties.get("invoice_account", ""))
    if other:
        found[other[1]] = _link(ACCOUNT, place, "invoicedContracts", other[1])
    return found


def _link(entity: str, foreign: str, link: str, back: str) -> Row:
    label, label_back = (" ".join(re.findall(r"[A-Z]?[a-z]+", name)).capitalize() for name in (link, back))
    return {
        "linkType": "oneToMany", "entity": entity, "entityForeign": foreign, "link": link, "linkForeign": back, "label": label,
        "labelForeign": label_back,
    }  # fmt: skip


def _of(
    scope: str, table: str, names: Mapping[str, str], usual: Mapping[str, Property], written: Collection[str] = ()
) -> Iterator[Wanted]:
    for field, name in names.items():
        yield Wanted(scope, table, field, name, usual[field], field in written)
