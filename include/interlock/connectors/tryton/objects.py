"""Customers as Tryton keeps them: a party with identifiers, contact mechanisms and addresses; contacts are in `people`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stdnum import get_cc_module
from stdnum.eu.vat import MEMBER_STATES

from interlock.connectors.tryton import people
from interlock.domain.identity import Json, Values
from interlock.domain.normalise import RULES
from interlock.domain.normalise import vat_id as compact

REFERENCE: Final = "il:"
REGISTER: Final = "HR:"
OTHER_VAT: Final = "VAT:"
MECHANISMS: Final = ("phone", "website")
ADDRESS: Final = ("street", "postal_code", "city", "country")
IDENTIFIERS: Final = ("vat_id", "register_number")
PREFIXES: Final = {"eu_vat": "", "ch_vat": "CHE", "gb_vat": "GB", "no_vat": "NO", "gr_vat": "EL"} | {
    f"{state}_vat": state.upper() for state in MEMBER_STATES - {"gr", "xi"}
}  # types of identifiers that hold VAT ids, and how these begin
PEOPLE: Final = ("contacts", "delivery_addresses")
WRITABLE: Final = frozenset(("legal_name", "language", "references", *IDENTIFIERS, *MECHANISMS, *ADDRESS, *PEOPLE))
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lookups:
    """What this Tryton offers: ids of countries and languages by code, types of identifiers, the term of new customers."""

    countries: Mapping[str, int]
    languages: Mapping[str, int]
    identifier_types: Collection[str]
    term: int | None


def identifier(name: str, value: str, types: Collection[str]) -> Row:
    """Return the identifier row of a VAT id or register number.

    A VAT id gets the type under which this Tryton checks it and gives it back whole; else a prefix and no type.
    """
    if name == "register_number":
        return {"type": None, "code": REGISTER + value}
    for kind in ("eu_vat", f"{value[:2].lower()}_vat"):
        if kind in types and kind in PREFIXES and _whole(kind, value):
            return {"type": kind, "code": value}
    return {"type": None, "code": OTHER_VAT + value}


def _whole(kind: str, value: str) -> bool:
    """Tell whether Tryton takes a VAT id under this type, and writes it such that we read the same."""
    module = get_cc_module(*kind.split("_"))
    if module is None or not module.is_valid(value):
        return False
    return with_country(kind, module.format(value) if hasattr(module, "format") else value) == value


def with_country(kind: str, code: str) -> str:
    """Return a typed VAT id without separators and with its country, which Tryton leaves out of some."""
    code, prefix = compact(code), PREFIXES[kind]
    return code if code.startswith(prefix) else prefix + code


def creation(values: Values, reference: str, lookups: Lookups) -> Row:
    """Return the row for `party.party.create`."""
    identifiers = [{"type": None, "code": REFERENCE + reference}]
    types = lookups.identifier_types
    identifiers += [identifier(name, str(values[name]), types) for name in IDENTIFIERS if values.get(name)]
    mechanisms = [["create", [{"type": name, "value": values[name]}]] for name in MECHANISMS if values.get(name)]
    contacts, deliveries = (persons(values, name) for name in PEOPLE)
    row: Row = {
        "name": values.get("legal_name") or "",
        "lang": lookups.languages.get(str(values.get("language"))),
        "identifiers": [["create", identifiers]],
        "contact_mechanisms": [*mechanisms, *people.contact_commands([], contacts)],
        "addresses": [
            ["create", [address(values, lookups.countries)]],
            *people.delivery_commands([], deliveries, lookups.countries),
        ],
    }
    if values.get("number"):
        row["code"] = values["number"]
    if lookups.term:
        row["customer_payment_term"] = lookups.term
    return row


def touched(row: Row, values: Values, lookups: Lookups) -> Row:
    """Return what to write to a party as read: only touched fields, children edited in place."""
    written: Row = {}
    if "legal_name" in values:
        written["name"] = values["legal_name"]
    if "language" in values:
        written["lang"] = lookups.languages.get(str(values["language"]))
    known = {identifier_name(r): r["id"] for r in reversed(live(row["identifiers"]))}
    types = lookups.identifier_types
    wanted = {n: identifier(n, str(values[n]), types) if values[n] else None for n in IDENTIFIERS if n in values}
    wanted |= {reference: {"type": None, "code": REFERENCE + reference} for reference in _new_references(row, values)}
    written["identifiers"] = _children(known, wanted)
    known = {r["type"]: r["id"] for r in reversed(live(row["mechanisms"])) if not people.is_contact(r)}
    wanted = {n: {"type": n, "value": values[n]} if values[n] else None for n in MECHANISMS if n in values}
    written["contact_mechanisms"] = _children(known, wanted)
    if "contacts" in values:
        written["contact_mechanisms"] += people.contact_commands(row["mechanisms"], persons(values, "contacts"))
    written["addresses"] = []
    if any(name in values for name in ADDRESS):
        place = invoice_address(row["addresses"])
        known = {"invoice": place["id"]} if place else {}
        written["addresses"] += _children(known, {"invoice": address(values, lookups.countries)})
    if "delivery_addresses" in values:
        wished = persons(values, "delivery_addresses")
        written["addresses"] += people.delivery_commands(row["addresses"], wished, lookups.countries)
    return {name: value for name, value in written.items() if value != []}


def _new_references(row: Row, values: Values) -> list[str]:
    """Return the references to add; none is ever taken away."""
    there = {identifier["code"].removeprefix(REFERENCE) for identifier in row["identifiers"]}
    wanted = values.get("references") or []
    return [str(reference) for reference in wanted if reference not in there] if isinstance(wanted, list) else []


def persons(values: Values, name: str) -> list[dict[str, str]]:
    """Return the contacts or delivery addresses among a customer's values."""
    found = values.get(name)
    rows = found if isinstance(found, list) else []
    return [{key: str(value or "") for key, value in row.items()} for row in rows if isinstance(row, dict)]


def _children(known: Mapping[str, int], wanted: Mapping[str, Row | None]) -> list[list[Any]]:
    """Return Tryton's commands that make child rows as wanted: write the one there is, create, or delete."""
    commands: list[list[Any]] = []
    for name, row in wanted.items():
        if row is not None and name in known:
            commands.append(["write", [known[name]], row])
        elif row is not None:
            commands.append(["create", [row]])
        elif name in known:
            commands.append(["delete", [known[name]]])
    return commands


def address(values: Values, countries: Mapping[str, int]) -> Row:
    """Return the invoice address; a new country ends the subdivision, which belonged to the old one."""
    row: Row = {name: values.get(name) or None for name in ADDRESS if name in values}
    if "country" in values:
        row |= {"country": countries.get(str(values["country"])), "subdivision": None}
    return {**row, "invoice": True}


def values(party: Row, identifiers: list[Row], mechanisms: list[Row], addresses: list[Row]) -> dict[str, Json]:
    """Return a party as a customer, every field in canonical form; what was deactivated does not count, our reference does."""
    found: dict[str, Json] = {
        "legal_name": party["name"] or "",
        "number": party["code"] or "",
        "language": (party.get("lang.") or {}).get("code", "")[:2],
        "active": bool(party["active"]),
        "vat_id": "",
        "register_number": "",
        "references": [],
        **dict.fromkeys((*MECHANISMS, *ADDRESS), ""),
    }
    by_age = sorted(identifiers, key=lambda row: int(row["id"]))
    found["references"] = [r["code"].removeprefix(REFERENCE) for r in by_age if r["code"].startswith(REFERENCE)]
    for row in reversed(live(identifiers)):
        if name := identifier_name(row):
            typed = row["type"] in PREFIXES
            found[name] = with_country(row["type"], row["code"]) if typed else _bare(row["code"])
    for row in reversed(live(mechanisms)):
        if row["type"] in MECHANISMS and not people.is_contact(row):
            found[row["type"]] = row["value"] or ""
    if place := invoice_address(addresses):
        found.update({name: place[name] or "" for name in ADDRESS[:3]})
        found["country"] = (place.get("country.") or {}).get("code", "")
    ours: dict[str, Json] = {
        "contacts": [dict(person) for person in people.contacts(mechanisms)],
        "delivery_addresses": [dict(place) for place in people.delivery_addresses(addresses)],
    }
    return {name: canonical(name, value) for name, value in found.items()} | ours


def live(rows: list[Row]) -> list[Row]:
    """Return the active rows, oldest first: of several for one field the oldest counts."""
    return sorted((row for row in rows if row["active"]), key=lambda row: int(row["id"]))


def identifier_name(row: Row) -> str:
    """Tell which of our fields an identifier holds, or an empty string."""
    if row["code"].startswith(REGISTER):
        return "register_number"
    return "vat_id" if row["type"] in PREFIXES or row["code"].startswith(OTHER_VAT) else ""


def _bare(code: str) -> str:
    return code.removeprefix(REGISTER).removeprefix(OTHER_VAT)


def invoice_address(addresses: list[Row]) -> Row | None:
    """Return the party's invoice address: the first active one so marked, else its first; never a delivery address of ours."""
    own = [row for row in addresses if not people.is_delivery(row)]
    ordered = sorted(own, key=lambda row: (not row["active"], not row.get("invoice"), int(row["id"])))
    return ordered[0] if ordered else None


def canonical(name: str, value: Json) -> Json:
    """Bring a value to its canonical form where it has one; else leave it as the ERP has it."""
    try:
        return RULES[name](str(value)) if name in RULES else value
    except ValueError:
        return value
