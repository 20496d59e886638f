"""`interlock setup espocrm`: what the processes need in EspoCRM, seen and made; what is there is never changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from interlock.config import CrmSettings
from interlock.connectors.espocrm.api import Api, Row
from interlock.connectors.espocrm.contracts import LINES
from interlock.connectors.espocrm.wanted import Wanted, links, wanted
from interlock.errors import LoginRefused, Refused
from interlock.ports.system import Need

OWN: Final = re.compile(r"C[A-Z]\w*")
ADMIN: Final = "log in as an administrator: --connection names a connection with a user's name and password"
TAKEN: Final = "EspoCRM says that the name is taken, by something else; look into its Entity Manager"


class Setup:
    """Surveys one installation and makes what is missing, however often it is asked to."""

    def __init__(self, api: Api, settings: CrmSettings) -> None:
        self._api, self._settings = api, settings

    def survey(self) -> list[Need]:
        """Say of objects, links and each field whether it is there, missing, or of another type."""
        every = list(wanted(self._settings))
        known = self._api.fields_of([*self._objects(), *(one.scope for one in every)])
        found = [_object(scope, there=bool(known[scope])) for scope in self._objects()]
        found += [self._link(name, known) for name in links(self._settings)]
        return found + [_judged(one, known[one.scope]) for one in every if not self._is_link(one)]

    def make_missing(self) -> list[Need]:
        """Make what is missing, objects first, then links, then fields; returns what became of each missing thing, seen again."""
        missing = [need for need in self.survey() if need.state == "missing"]
        if not missing:
            return []
        decimal = self._api.has_decimal
        bodies = {(one.scope, one.name): one.body(decimal=decimal) for one in wanted(self._settings)}

        def field(need: Need) -> None:
            self._api.make(f"Admin/fieldManager/{need.place}", bodies[need.place, need.name])

        made = [_made(need, self._make_object) for need in missing if need.what == "object"]
        made += [_made(need, self._make_link) for need in missing if need.what == "association"]
        made += [_made(need, field) for need in missing if need.what == "property"]
        return self._seen(made)

    def _seen(self, made: Sequence[Need]) -> list[Need]:
        """Return what is told as made only if it is there now: EspoCRM also says that a name is taken by something else."""
        places = {need: self._place(need) for need in made if need.state == "made"}
        known = self._api.fields_of(scope for scope, _ in places.values())

        def there(scope: str, name: str) -> bool:
            return name in known[scope] if name else bool(known[scope])

        return [need.now("refused", TAKEN) if need in places and not there(*places[need]) else need for need in made]

    def _place(self, need: Need) -> tuple[str, str]:
        """Return the object and the field by which a need is seen; no field for an object itself."""
        if need.what == "association":
            return _many_side(self._settings, need.name)
        return (need.name, "") if need.what == "object" else (need.place, need.name)

    def _objects(self) -> list[str]:
        name = self._settings.contract_object
        return [name, name + LINES] if name else []

    def _link(self, name: str, known: Mapping[str, Mapping[str, Row]]) -> Need:
        scope, attribute = _many_side(self._settings, name)
        place, row = self._settings.contract_object, known[scope].get(attribute)
        if row and row.get("type") != "link":
            return Need(place, "association", name, "differs", f"{attribute} of {scope} holds {row.get('type')}, not a link")
        return Need(place, "association", name, "there" if row else "missing")

    def _is_link(self, one: Wanted) -> bool:
        return one.scope == self._settings.contract_object and one.name.removesuffix("Id") in links(self._settings)

    def _make_object(self, need: Need) -> None:
        name = need.name.removeprefix("C")
        label = " ".join(re.findall(r"[A-Z][a-z0-9]+", name)) or name
        body = {"name": name, "type": "Base", "stream": False, "labelSingular": label, "labelPlural": f"{label}s"}
        self._api.make("EntityManager/action/createEntity", body)

    def _make_link(self, need: Need) -> None:
        self._api.make("EntityManager/action/createLink", links(self._settings)[need.name])


def _many_side(settings: CrmSettings, link: str) -> tuple[str, str]:
    """Return object and field by which a link is read: the side with many records; EspoCRM 9 keeps no field on the other."""
    body = links(settings)[link]
    return str(body["entityForeign"]), str(body["linkForeign"])


def _made(need: Need, make: Callable[[Need], None]) -> Need:
    try:
        make(need)
    except LoginRefused:
        return need.now("refused", ADMIN)
    except Refused as error:
        if error.status == HTTPStatus.CONFLICT:
            return need.now("made")
        if error.status == HTTPStatus.FORBIDDEN:
            return need.now("refused", ADMIN)
        return need.now("refused", f"EspoCRM refuses it ({error.code}); make it by hand in EspoCRM's Entity Manager")
    return need.now("made")


def _object(name: str, *, there: bool) -> Need:
    if there or OWN.fullmatch(name):
        return Need(name, "object", name, "there" if there else "missing")
    cure = "EspoCRM puts a C before the names of new objects; name one that begins so as crm.contract_object"
    return Need(name, "object", name, "differs", cure)


def _judged(one: Wanted, known: Mapping[str, Row]) -> Need:
    row = one.definition(known)
    if row is None:
        if not one.can_be_made():
            cure = f"EspoCRM puts a c before the names of new fields; map another under [{one.table}]"
            return Need(one.scope, "property", one.name, "differs", cure)
        return Need(one.scope, "property", one.name, "missing", f"for {one.field}: {one.property.holds}")
    if not one.fits(row):
        what = f"holds {row.get('type')}, {one.field} needs {one.property.holds}"
        return Need(one.scope, "property", one.name, "differs", f"{what}; map another under [{one.table}]")
    if row.get("disabled") or (one.written and row.get("readOnly")):
        what = 'is switched off; map another, or "",' if row.get("disabled") else "is read only; map another"
        return Need(one.scope, "property", one.name, "differs", f"{what} under [{one.table}]")
    if lacking := ", ".join(one.lacking(row)):
        message = f"has no option {lacking}; add what you use in EspoCRM"
        return Need(one.scope, "property", one.name, "differs" if one.written else "there", message)
    return Need(one.scope, "property", one.name, "there")
