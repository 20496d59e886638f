"""Contacts and delivery addresses that we brought: children of a partner with a mark `[il:<contact>]` in their notes.

A contact is a child of the type contact, roles before the mark; its address is the company's. A delivery address is a child of
the type delivery. People may add to the notes; children without our mark are people's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.connectors.odoo.api import Row, words
from interlock.domain.contact import ROLES
from interlock.domain.normalise import RULES

_ROLE: Final = f"(?:{'|'.join(ROLES)})"
MARK: Final = re.compile(rf"(?:(?P<roles>{_ROLE}(?:, {_ROLE})*) )?\[il:(?P<id>[^\]\s<]+)\]")
FIELDS: Final = ("parent_id", "type", "name", "email", "phone", "street", "street2", "zip", "city", "country_id", "comment")
CREATED: Final = ("type", "name", "email", "phone", "street", "street2", "zip", "city", "country_id", "comment")
Person = Mapping[str, str]


def mark(child: Row) -> re.Match[str] | None:
    """Return our mark in a child's notes."""
    return MARK.search(words(child["comment"]))


def contacts(children: Sequence[Row]) -> list[dict[str, str]]:
    """Return our contacts among a partner's children in use, by id; of two with one id the oldest counts."""
    found: dict[str, dict[str, str]] = {}
    for child, ours in _ours(children):
        if child["active"] and child["type"] != "delivery" and ours["roles"]:
            ways = {name: canonical(name, words(child[name])) for name in ("email", "phone")}
            name = words(child["name"])
            name = "" if name in {words(child["email"]), words(child["phone"])} else name
            found[ours["id"]] = {"id": ours["id"], "name": name, "roles": ours["roles"], **ways}
    return [found[number] for number in sorted(found)]


def delivery_addresses(children: Sequence[Row], countries: Mapping[int, str]) -> list[dict[str, str]]:
    """Return our delivery addresses among a partner's children in use, by id."""
    found: dict[str, dict[str, str]] = {}
    for child, ours in _ours(children):
        if child["active"] and child["type"] == "delivery":
            found[ours["id"]] = {"id": ours["id"], "name": words(child["name"]), **place(child, countries)}
    return [found[number] for number in sorted(found)]


def rows(contacts: Sequence[Person], deliveries: Sequence[Person], countries: Mapping[str, int]) -> list[Row]:
    """Return the children that new contacts and delivery addresses are."""
    return [*map(_contact, contacts), *(_delivery(wanted, countries) for wanted in deliveries)]


def contact_commands(children: Sequence[Row], wanted: Sequence[Person]) -> list[list[Any]]:
    """Return Odoo's commands that make our contacts as wanted; one that is not wanted any more is archived and emptied."""
    known = {ours["id"]: child for child, ours in _ours(children) if child["type"] != "delivery" and ours["roles"]}
    rows = {person["id"]: _contact(person) for person in wanted}
    gone = [[1, known[number]["id"], _emptied(number)] for number in sorted(known.keys() - rows) if known[number]["active"]]
    return [command for number, row in rows.items() for command in _made(known.get(number), row)] + gone


def delivery_commands(children: Sequence[Row], wanted: Sequence[Person], countries: Mapping[str, int]) -> list[list[Any]]:
    """Return Odoo's commands that make our delivery addresses as wanted; an invoice may refer to one that is archived."""
    known = {ours["id"]: child for child, ours in _ours(children) if child["type"] == "delivery"}
    rows = {wish["id"]: _delivery(wish, countries) for wish in wanted}
    gone = [
        [1, known[number]["id"], {"active": False, "name": False}]
        for number in sorted(known.keys() - rows)
        if known[number]["active"]
    ]
    return [command for number, row in rows.items() for command in _made(known.get(number), row)] + gone


def address(values: Mapping[str, Any], countries: Mapping[str, int]) -> Row:
    """Return an address for Odoo, whose street has two lines; the second one takes what is left."""
    row: Row = {}
    if "street" in values:
        first, _, rest = str(values["street"] or "").partition("\n")
        row |= {"street": first or False, "street2": rest or False}
    if "postal_code" in values:
        row["zip"] = values["postal_code"] or False
    if "city" in values:
        row["city"] = values["city"] or False
    if "country" in values:
        row["country_id"] = countries.get(str(values["country"])) or False
    return row


def place(row: Row, countries: Mapping[int, str]) -> dict[str, str]:
    """Return a partner's address in our words."""
    street = canonical("street", "\n".join(filter(None, (words(row["street"]), words(row["street2"])))))
    country = countries.get(row["country_id"][0], "") if row["country_id"] else ""
    return {"street": street, "postal_code": words(row["zip"]), "city": words(row["city"]), "country": country}


def canonical(name: str, value: str) -> str:
    """Bring a value to its canonical form where it has one; else leave it as the ERP has it."""
    try:
        return RULES[name](value) if name in RULES else value
    except ValueError:
        return value


def _ours(children: Sequence[Row]) -> list[tuple[Row, re.Match[str]]]:
    """Return the children with a mark, the oldest last."""
    return [(child, ours) for child in sorted(children, key=lambda child: -int(child["id"])) if (ours := mark(child))]


def _contact(person: Person) -> Row:
    name = person["name"] or person["email"] or person["phone"]  # Odoo wants a name
    ways = {"email": person["email"] or False, "phone": person["phone"] or False}
    return {"type": "contact", "name": name, **ways, "comment": f"<p>{person['roles']} [il:{person['id']}]</p>"}


def _delivery(wanted: Person, countries: Mapping[str, int]) -> Row:
    row = address(wanted, countries)
    return {"type": "delivery", "name": wanted["name"] or False, **row, "comment": f"<p>[il:{wanted['id']}]</p>"}


def _emptied(number: str) -> Row:
    return {"active": False, "name": f"[il:{number}]", "email": False, "phone": False}


def _made(there: Row | None, row: Row) -> list[list[Any]]:
    """Write only what differs; what people wrote beside our mark stays."""
    if there is None:
        return [[0, 0, row]]
    comment = MARK.sub(lambda _: MARK.search(row["comment"])[0], there["comment"], count=1)  # type: ignore[index]
    changed = {name: value for name, value in {**row, "comment": comment}.items() if _plain(there[name]) != value}
    changed |= {} if there["active"] else {"active": True}
    changed |= {"state_id": False} if "country_id" in changed else {}
    return [[1, there["id"], changed]] if changed else []


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever Odoo has
    return value[0] if isinstance(value, list) else value or False
