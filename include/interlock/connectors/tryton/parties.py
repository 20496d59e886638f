"""Customers as Tryton keeps them: a party with identifiers, contact mechanisms and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.domain.identity import Json, Values
from interlock.domain.normalise import RULES

REFERENCE: Final = "il:"
REGISTER: Final = "HR:"
OTHER_VAT: Final = "VAT:"
EU: Final = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
    )
)  # fmt: skip
MECHANISMS: Final = ("phone", "website")
ADDRESS: Final = ("street", "postal_code", "city", "country")
Row = dict[str, Any]


def identifier(name: str, value: str) -> Row:
    """Return the identifier row of a VAT id or register number; other kinds than EU VAT ids carry a prefix, no type."""
    if name == "register_number":
        return {"type": None, "code": REGISTER + value}
    return {"type": "eu_vat", "code": value} if value[:2] in EU else {"type": None, "code": OTHER_VAT + value}


def creation(values: Values, reference: str, countries: Mapping[str, int], languages: Mapping[str, int], term: int | None) -> Row:
    """Return the row for `party.party.create`."""
    identifiers = [{"type": None, "code": REFERENCE + reference}]
    identifiers += [identifier(name, str(values[name])) for name in ("vat_id", "register_number") if values.get(name)]
    mechanisms = [{"type": name, "value": values[name]} for name in MECHANISMS if values.get(name)]
    row: Row = {
        "name": values["legal_name"],
        "lang": languages.get(str(values.get("language"))),
        "identifiers": [["create", identifiers]],
        "contact_mechanisms": [["create", mechanisms]] if mechanisms else [],
        "addresses": [["create", [address(values, countries)]]],
    }
    if values.get("number"):
        row["code"] = values["number"]
    if term:
        row["customer_payment_term"] = term
    return row


def address(values: Values, countries: Mapping[str, int]) -> Row:
    """Return the invoice address."""
    row: Row = {name: values.get(name) or None for name in ADDRESS if name in values}
    if "country" in values:
        row["country"] = countries.get(str(values["country"]))
    return {**row, "invoice": True}


def values(party: Row, identifiers: list[Row], mechanisms: list[Row], addresses: list[Row]) -> dict[str, Json]:
    """Return a party as a customer, every field in canonical form."""
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
    found["references"] = sorted(r["code"].removeprefix(REFERENCE) for r in identifiers if r["code"].startswith(REFERENCE))
    for row in sorted(identifiers, key=lambda r: int(r["id"]), reverse=True):
        if name := identifier_name(row):
            found[name] = row["code"].removeprefix(REGISTER).removeprefix(OTHER_VAT)
    for row in sorted(mechanisms, key=lambda r: int(r["id"]), reverse=True):
        if row["type"] in MECHANISMS:
            found[row["type"]] = row["value"] or ""
    if place := invoice_address(addresses):
        found.update({name: place[name] or "" for name in ADDRESS[:3]})
        found["country"] = (place.get("country.") or {}).get("code", "")
    return {name: canonical(name, value) for name, value in found.items()}


def identifier_name(row: Row) -> str:
    """Tell which of our fields an identifier holds, or an empty string."""
    if row["code"].startswith(REGISTER):
        return "register_number"
    return "vat_id" if row["type"] == "eu_vat" or row["code"].startswith(OTHER_VAT) else ""


def invoice_address(addresses: list[Row]) -> Row | None:
    """Return the party's invoice address: the first active one so marked, else its first."""
    ordered = sorted(addresses, key=lambda row: (not row["active"], not row.get("invoice"), int(row["id"])))
    return ordered[0] if ordered else None


def canonical(name: str, value: Json) -> Json:
    """Bring a value to its canonical form where it has one; else leave it as the ERP has it."""
    try:
        return RULES[name](str(value)) if name in RULES else value
    except ValueError:
        return value
