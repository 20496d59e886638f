"""Contacts and delivery addresses that we brought: rows of a party with a mark `[il:<contact>]`; rows without it are people's.

A contact is a contact mechanism for each of e-mail and phone (its name alone if it has neither), roles and mark in the comment,
where people may add to it. A delivery address has its mark behind the name in the line "Attn".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.domain.contact import ROLES
from interlock.domain.normalise import RULES

_ROLE: Final = f"(?:{'|'.join(ROLES)})"
COMMENT: Final = re.compile(rf"(?P<roles>{_ROLE}(?:, {_ROLE})*) \[il:(?P<id>[^\]\s]+)\]")
ATTN: Final = re.compile(r"^(?P<name>.*?)\s*\[il:(?P<id>[^\]\s]+)\]$")
WAYS: Final = ("email", "phone")
NAME_ONLY: Final = "other"
PLACE: Final = ("street", "postal_code", "city")
Row = dict[str, Any]
Person = Mapping[str, str]


def is_contact(mechanism: Row) -> bool:
    """Tell whether we brought this contact mechanism."""
    return bool(COMMENT.search(mechanism.get("comment") or ""))


def is_delivery(address: Row) -> bool:
    """Tell whether we brought this address."""
    return bool(ATTN.match(address.get("attn") or ""))


def contacts(mechanisms: Sequence[Row]) -> list[dict[str, str]]:
    """Return our contacts among a party's active mechanisms, by id; of several rows for one value the oldest counts."""
    found: dict[str, dict[str, str]] = {}
    for row in sorted(mechanisms, key=lambda row: -int(row["id"])):
        mark = COMMENT.search(row.get("comment") or "")
        if mark and row["active"]:
            person = found.setdefault(mark["id"], {"id": mark["id"], "name": "", "email": "", "phone": ""})
            person |= {"roles": mark["roles"], "name": row["name"] or ""}
            if row["type"] in WAYS:
                person[row["type"]] = _canonical(row["type"], row["value"])
    return [found[number] for number in sorted(found)]


def delivery_addresses(addresses: Sequence[Row]) -> list[dict[str, str]]:
    """Return our delivery addresses among a party's active ones, by id."""
    found: dict[str, dict[str, str]] = {}
    for row in sorted(addresses, key=lambda row: -int(row["id"])):
        mark = ATTN.match(row.get("attn") or "")
        if mark and row["active"]:
            place = {name: _canonical(name, row[name]) for name in PLACE}
            country = (row.get("country.") or {}).get("code", "")
            found[mark["id"]] = {"id": mark["id"], "name": mark["name"], **place, "country": country}
    return [found[number] for number in sorted(found)]


def contact_commands(mechanisms: Sequence[Row], wanted: Sequence[Person]) -> list[list[Any]]:
    """Return Tryton's commands that make our mechanisms as wanted; what people wrote beside our mark stays."""
    known = {
        (mark["id"], row["type"]): row
        for row in sorted(mechanisms, key=lambda row: -int(row["id"]))
        if (mark := COMMENT.search(row.get("comment") or ""))
    }
    rows = {(person["id"], row["type"]): row for person in wanted for row in _mechanisms(person)}
    commands: list[list[Any]] = []
    for key, row in rows.items():
        if there := known.get(key):
            comment = COMMENT.sub(lambda _, ours=str(row["comment"]): ours, there["comment"], count=1)  # type: ignore[misc]
            commands += _write(there, row | {"comment": comment, "active": True})
        else:
            commands.append(["create", [row]])
    gone = [row["id"] for key, row in known.items() if key not in rows]
    return commands + ([["delete", gone]] if gone else [])


def delivery_commands(addresses: Sequence[Row], wanted: Sequence[Person], countries: Mapping[str, int]) -> list[list[Any]]:
    """Return Tryton's commands that make our addresses as wanted.

    An invoice may refer to one that is not wanted any more: it is put out of use, without the name.
    """
    known = {
        mark["id"]: row
        for row in sorted(addresses, key=lambda row: -int(row["id"]))
        if (mark := ATTN.match(row.get("attn") or ""))
    }
    commands: list[list[Any]] = []
    for place in wanted:
        row: Row = {name: place[name] or None for name in PLACE} | {"country": countries.get(place["country"])}
        row |= {"attn": f"{place['name']} [il:{place['id']}]".strip(), "invoice": False}
        if there := known.get(place["id"]):
            commands.append(["write", [there["id"]], row | {"subdivision": None, "active": True}])
        else:
            commands.append(["create", [row]])
    gone = known.keys() - {place["id"] for place in wanted}
    return commands + [["write", [known[number]["id"]], {"attn": f"[il:{number}]", "active": False}] for number in sorted(gone)]


def _mechanisms(person: Person) -> list[Row]:
    common: Row = {"name": person["name"] or None, "comment": f"{person['roles']} [il:{person['id']}]"}
    common["invoice"] = "invoice" in person["roles"]
    ways = [{"type": way, "value": person[way], **common} for way in WAYS if person[way]]
    return ways or [{"type": NAME_ONLY, "value": person["name"], **common}]


def _write(there: Row, row: Row) -> list[list[Any]]:
    return [["write", [there["id"]], row]] if any(there.get(name) != value for name, value in row.items()) else []


def _canonical(name: str, value: str | None) -> str:
    """Bring a value to its canonical form where it has one; else leave it as the ERP has it."""
    try:
        return RULES[name](value or "") if name in RULES else value or ""
    except ValueError:
        return value or ""
