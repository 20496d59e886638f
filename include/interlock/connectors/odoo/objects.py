"""Customers as Odoo keeps them: a partner without a parent; contacts and delivery addresses, its children, are in `people`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from interlock.connectors.odoo import people
from interlock.connectors.odoo.api import Row, words
from interlock.connectors.odoo.catalogue import Lookups
from interlock.domain.identity import Json, Values

EXTERNAL: Final = "interlock."
"""Before our external ids; Odoo deletes records under the name of a module when that is removed, so none may be called so."""
REFERENCE: Final = re.compile(r"<(?P<reference>.+)@interlock\.customer>")
PLAIN: Final = {
    "legal_name": "name",
    "vat_id": "vat",
    "register_number": "company_registry",
    "phone": "phone",
    "website": "website",
}
ADDRESS: Final = ("street", "postal_code", "city", "country")
PEOPLE: Final = ("contacts", "delivery_addresses")
WRITABLE: Final = frozenset(("language", "references", *PLAIN, *ADDRESS, *PEOPLE))
READ: Final = (
    "name", "ref", "lang", "vat", "company_registry", "phone", "website", "street", "street2", "zip", "city", "country_id",
    "active", "parent_id", "is_company", "partner_share", "write_date",
)  # fmt: skip
MAIN: Final = (
    "name", "is_company", "ref", "lang", "vat", "company_registry", "phone", "website", "street", "street2", "zip", "city",
    "country_id",
)  # fmt: skip
NOTE: Final = ("model", "message_id", "body", "message_type", "subtype_id", "is_internal")
Person = dict[str, str]


def message_id(reference: str) -> str:
    """Name the note in a customer's history that links it with the account it was made from."""
    return f"<{reference}@interlock.customer>"


def note(reference: str) -> Row:
    """Return that note, which nobody outside the company sees."""
    body = f"<p>Interlock: {html.escape(reference)}</p>"
    return internal_note(message_id(reference), body)


def internal_note(number: str, body: str) -> Row:
    """Return a note under a message id of ours, without its subtype."""
    return {"model": "res.partner", "message_id": number, "body": body, "message_type": "comment", "is_internal": True}


def table(creations: Sequence[tuple[str, Values, str]], lookups: Lookups) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows for `load` of (reference, values, number): one row a customer, more if it has several children."""
    columns = ["id", *map(_column, MAIN), *(f"child_ids/{_column(name)}" for name in people.CREATED)]
    columns += [f"message_ids/{_column(name)}" for name in NOTE]
    if lookups.term:
        columns.append("property_payment_term_id/.id")
    rows = [row for one in creations for row in _rows(*one, lookups)]
    return columns, rows


def _rows(reference: str, values: Values, number: str, lookups: Lookups) -> Iterable[list[str]]:
    main: Row = {**touched(values, lookups), "is_company": True, "ref": number}
    link: Row = {**note(reference), "subtype_id": "mail.mt_note"}
    children = people.rows(persons(values, "contacts"), persons(values, "delivery_addresses"), lookups.countries)
    first, *others = children or [{}]
    term = [_cell(lookups.term)] if lookups.term else []
    yield [EXTERNAL + reference, *_cells(main, MAIN), *_cells(first, people.CREATED), *_cells(link, NOTE), *term]
    for child in others:
        yield ["", *_cells({}, MAIN), *_cells(child, people.CREATED), *_cells({}, NOTE), *(["" for _ in term])]


def _column(name: str) -> str:
    return {"country_id": "country_id/.id", "subtype_id": "subtype_id/id"}.get(name, name)


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    return [_cell(row.get(name)) for name in names]


def _cell(value: Any) -> str:  # noqa: ANN401 - a text, a number or nothing
    return "1" if value is True else str(value or "")


def touched(values: Values, lookups: Lookups) -> Row:
    """Return what to write to the partner itself: only touched fields; a new country ends the state of the old."""
    row: Row = {theirs: values[ours] or False for ours, theirs in PLAIN.items() if ours in values}
    if "language" in values:
        row["lang"] = lookups.languages.get(str(values["language"])) or False
    state = {"state_id": False} if "country" in values else {}
    return row | people.address(values, lookups.countries) | state


def commands(children: Sequence[Row], known: Sequence[str], values: Values, lookups: Lookups, subtype: int) -> Row:
    """Return what to write to a partner's children and notes; no reference is ever taken away."""
    written: Row = {"child_ids": [], "message_ids": []}
    if "contacts" in values:
        written["child_ids"] += people.contact_commands(children, persons(values, "contacts"))
    if "delivery_addresses" in values:
        written["child_ids"] += people.delivery_commands(children, persons(values, "delivery_addresses"), lookups.countries)
    wanted = values.get("references") or []
    added = [str(one) for one in wanted if one not in known] if isinstance(wanted, list) else []
    written["message_ids"] = [[0, 0, {**note(reference), "subtype_id": subtype}] for reference in added]
    return {name: value for name, value in written.items() if value}


def persons(values: Values, name: str) -> list[Person]:
    """Return the contacts or delivery addresses among a customer's values."""
    found = values.get(name)
    rows = found if isinstance(found, list) else []
    return [{key: str(value or "") for key, value in row.items()} for row in rows if isinstance(row, dict)]


def values(row: Row, children: Sequence[Row], references: Sequence[str], countries: Mapping[int, str]) -> dict[str, Json]:
    """Return a partner as a customer, every field in canonical form; what was archived of its people does not count."""
    plain = {ours: people.canonical(ours, words(row[theirs])) for ours, theirs in PLAIN.items()}
    if re.fullmatch(r"GR\d{9}", plain["vat_id"]):  # as Odoo also takes Greek ones, whose prefix is EL
        plain["vat_id"] = f"EL{plain['vat_id'][2:]}"
    ours: dict[str, Json] = {
        "contacts": [dict(person) for person in people.contacts(children)],
        "delivery_addresses": [dict(place) for place in people.delivery_addresses(children, countries)],
    }
    return {
        "number": words(row["ref"]),
        "language": words(row["lang"])[:2],
        "active": bool(row["active"]),
        "references": [*dict.fromkeys(references)],
        **plain,
        **people.place(row, countries),
        **ours,
    }
