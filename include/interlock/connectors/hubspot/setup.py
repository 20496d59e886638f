"""`interlock setup hubspot`: what the processes need in HubSpot, seen and made; what is there is never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from interlock.config import CrmSettings
from interlock.connectors.hubspot import schema
from interlock.connectors.hubspot.api import Api, Body
from interlock.connectors.hubspot.wanted import CUSTOM_SCOPE, GROUP, OWN, SCOPES, Wanted, contract_properties, wanted
from interlock.errors import LoginRefused, Refused
from interlock.ports.system import Need


class Setup:
    """Surveys one account and makes what is missing, however often it is asked to."""

    def __init__(self, api: Api, settings: CrmSettings) -> None:
        self._api, self._settings = api, settings

    def survey(self) -> list[Need]:
        """Say of the custom object, its associations and each property whether it is there, missing, or of another type."""
        custom, unseen = self._custom_object()
        found: list[Need] = [unseen] if unseen else self._object_needs(custom)
        by_place: dict[str, list[Wanted]] = {}
        for one in wanted(self._settings):
            by_place.setdefault(one.place, []).append(one)
        for place, several in by_place.items():
            if place != self._settings.contract_object:
                found += self._properties(place, place, several)
            elif custom:
                found += self._properties(place, custom.type_id, several)
            elif not unseen:
                found += [_missing(one) for one in several]
        return found

    def make_missing(self) -> list[Need]:
        """Make what is missing, the custom object with its properties first; returns what became of each missing thing."""
        missing = [need for need in self.survey() if need.state == "missing"]
        made = [self._made(need, self._make_object) for need in missing if need.what == "object"]
        rest = [need for need in missing if need.what != "object"]
        for custom in made:
            of_it = [need for need in rest if need.place == custom.name]
            still = {_key(need) for need in self.survey() if need.state == "missing"} if custom.state == "made" else set()
            made = made + [need.now(custom.state, custom.message) for need in of_it if _key(need) not in still]
            rest = [need for need in rest if need not in of_it or _key(need) in still]
        made += [self._made(need, self._make_association) for need in rest if need.what == "association"]
        return made + self._make_properties([need for need in rest if need.what == "property"])

    # -- seeing

    def _custom_object(self) -> tuple[schema.CustomObject | None, Need | None]:
        name = self._settings.contract_object
        try:
            return (schema.find(self._api, name) if name else None), None
        except LoginRefused:
            return None, Need(name, "object", name, "unseen", _scope(f"{CUSTOM_SCOPE}.read"))

    def _object_needs(self, custom: schema.CustomObject | None) -> list[Need]:
        name = self._settings.contract_object
        if not name:
            return []
        needs = [Need(name, "object", name, "there" if custom else "missing")]
        for place, type_id in schema.ASSOCIATED.items():
            linked = custom and type_id in custom.associated
            needs.append(Need(name, "association", place, "there" if linked else "missing"))
        return needs

    def _properties(self, place: str, path: str, several: Iterable[Wanted]) -> list[Need]:
        try:
            known = schema.properties(self._api, path)
        except LoginRefused:
            return [Need(place, "property", "*", "unseen", _scope(f"{SCOPES.get(place, CUSTOM_SCOPE)}.read"))]
        return [_judged(one, known) for one in several]

    # -- making

    def _made(self, need: Need, make: Callable[[Need], None]) -> Need:
        try:
            make(need)
        except LoginRefused:
            scope = SCOPES.get(need.place, CUSTOM_SCOPE) + ".write"
            return need.now("refused", _scope(scope))
        except Refused as error:
            if error.status == HTTPStatus.CONFLICT:
                return need.now("made")
            return need.now("refused", f"HubSpot refuses it ({error.code}); make it by hand in HubSpot's settings")
        return need.now("made")

    def _make_object(self, need: Need) -> None:
        several = list(contract_properties(self._settings))
        label = need.name.replace("_", " ").capitalize()
        names = self._settings.contract_properties
        body: Body = {
            "name": need.name,
            "labels": {"singular": label.removesuffix("s"), "plural": label},
            "primaryDisplayProperty": names["name"],
            "secondaryDisplayProperties": [names["number"], names["status"]],
            "searchableProperties": [names["name"], names["number"]],
            "requiredProperties": [names["number"]],
            "properties": [{key: value for key, value in one.body().items() if key != "groupName"} for one in several],
            "associatedObjects": ["COMPANY", "CONTACT"],
        }
        self._api.make(schema.SCHEMAS, body)

    def _make_association(self, need: Need) -> None:
        custom = schema.require(self._api, need.place)
        body = {
            "fromObjectTypeId": custom.type_id,
            "toObjectTypeId": schema.ASSOCIATED[need.name],
            "name": f"{need.place}_to_{need.name}",
        }
        self._api.make(f"{schema.SCHEMAS}/{custom.type_id}/associations", body)

    def _make_properties(self, needs: list[Need]) -> list[Need]:
        refused = self._make_groups({need.place for need in needs})
        bodies = {(one.place, one.name): one.body() for one in wanted(self._settings)}

        def make(need: Need) -> None:
            self._api.make(f"{schema.PROPERTIES}/{self._path(need.place)}", bodies[need.place, need.name])

        return [need.now("refused", refused[need.place]) if need.place in refused else self._made(need, make) for need in needs]

    def _make_groups(self, places: set[str]) -> Mapping[str, str]:
        """Make the group that new properties stand in, for each object; returns why not, by object."""
        group: Body = {"name": GROUP, "label": GROUP.capitalize(), "displayOrder": -1}

        def make(need: Need) -> None:
            self._api.make(f"{schema.PROPERTIES}/{self._path(need.place)}/groups", group)

        made = [self._made(Need(place, "group", GROUP, "missing"), make) for place in sorted(places)]
        return {need.place: need.message for need in made if need.state == "refused"}

    def _path(self, place: str) -> str:
        return schema.require(self._api, place).type_id if place == self._settings.contract_object else place


def _key(need: Need) -> tuple[str, str, str]:
    return need.place, need.what, need.name


def _scope(scope: str) -> str:
    return f"give the private app the scope {scope}"


def _missing(one: Wanted) -> Need:
    if one.name.startswith(OWN):
        cure = f"HubSpot alone makes properties of that name; map another under [{one.table}]"
        return Need(one.place, "property", one.name, "differs", cure)
    return Need(one.place, "property", one.name, "missing", f"for {one.field}: {one.property.holds}")


def _judged(one: Wanted, known: Mapping[str, Body]) -> Need:
    if one.name not in known:
        return _missing(one)
    row = known[one.name]
    lacking = ", ".join(one.lacking(row))
    if lacking and one.written:
        cure = f"has no option {lacking}; add what is missing in HubSpot, or map another under [{one.table}]"
        return Need(one.place, "property", one.name, "differs", cure)
    if not one.fits(row):
        what = f"holds {row.get('type')}, {one.field} needs {one.property.holds}"
        return Need(one.place, "property", one.name, "differs", f"{what}; map another under [{one.table}]")
    if one.written and (row.get("modificationMetadata") or {}).get("readOnlyValue"):
        return Need(one.place, "property", one.name, "differs", f"is read only; map another under [{one.table}]")
    if lacking:
        cure = f"has no option {lacking}; add what you use in HubSpot"
        return Need(one.place, "property", one.name, "there", cure)
    return Need(one.place, "property", one.name, "there")
