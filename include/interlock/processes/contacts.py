"""Which people and delivery addresses of an account its customer gets: those with a role, and nothing else about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from interlock.domain.contact import Contact
from interlock.domain.identity import Json
from interlock.domain.record import Problem
from interlock.processes.view import View

FIELDS: Final = ("contacts", "delivery_addresses")
PLACE: Final = ("street", "postal_code", "city", "country")
ACCOUNT: Final = "account"  # stands for the CRM's id where a delivery address is the account's own
LONGEST: Final = 200


def wanted(view: View) -> dict[str, Json]:
    """Return the customer's contacts and delivery addresses as the CRM has them, each list by id."""
    people = sorted((contact for contact in view.contacts if contact.roles), key=lambda contact: contact.id)
    contacts: list[Json] = [dict(_person(contact)) for contact in people if _reachable(contact)]
    places: list[Json] = [dict(place) for place in sorted(_places(view, people), key=lambda place: place["id"])]
    return {"contacts": contacts, "delivery_addresses": places}


def known(view: View) -> dict[str, Json]:
    """Return the contacts and delivery addresses that the customer has from us."""
    if view.customer is None:
        return {"contacts": [], "delivery_addresses": []}
    return {name: [dict(row) for row in getattr(view.customer, name)] for name in FIELDS}


def notices(contact: Contact, problems: Sequence[Problem]) -> Iterator[Problem]:
    """Say what of a contact was left out, and why; the account goes over all the same."""
    for problem in problems:
        message = f"contact {contact.id}: {problem.message}; this field was left out"
        yield Problem(problem.code, "contacts", message)
    if contact.roles and not _reachable(contact):
        message = f"contact {contact.id} has neither name, e-mail nor phone and was left out"
        yield Problem("contact_empty", "contacts", message)


def _person(contact: Contact) -> dict[str, str]:
    own = {"email": contact.email[:LONGEST], "phone": contact.phone}
    return {"id": contact.id, "roles": ", ".join(contact.roles), "name": contact.name[:LONGEST].strip(), **own}


def _reachable(contact: Contact) -> bool:
    row = _person(contact)
    return bool(row["name"] or row["email"] or row["phone"])


def _places(view: View, people: list[Contact]) -> Iterator[dict[str, str]]:
    """Yield the account's own delivery address and those of its delivery contacts, unless it is the invoice address again."""
    own = {name: getattr(view.account, f"delivery_{name}") for name in PLACE}
    candidates = [{"id": ACCOUNT, "name": view.account.delivery_name, **own}]
    candidates += [
        {"id": contact.id, "name": contact.name, **{name: getattr(contact, name) for name in PLACE}}
        for contact in people
        if "delivery" in contact.roles
    ]
    home = {name: getattr(view.account, name) for name in PLACE}
    for place in candidates:
        at = {name: place[name][:LONGEST].strip() for name in PLACE}
        at["country"] = at["country"] or (view.account.country if any(at.values()) else "")
        if (at["street"] or at["city"] or at["postal_code"]) and at != home:
            yield {"id": place["id"], "name": place["name"][:LONGEST].strip(), **at}
