"""What sales did with an account: contacts, a deal, activities, made by chance from a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from faker import Faker

from interlock_sandbox.crm.schema import association

Row = dict[str, Any]
BEGIN = datetime.fromisoformat("2026-02-02T08:00:00+00:00")
SCRIPT = (  # kind, and its texts in German and English; what an account of each stage has lived through, in this order
    ("notes", "Erstkontakt auf der Messe, Interesse an Wartung", "First contact at the fair, interested in maintenance"),
    ("calls", "Bedarf geklärt: zwei Anlagen, Einsatz im Schichtbetrieb", "Needs clarified: two machines, run in shifts"),
    ("emails", "Unterlagen und Referenzen geschickt", "Documents and references sent"),
    ("meetings", "Vor-Ort-Termin mit Begehung", "Visit on site"),
    ("tasks", "Angebot nachfassen", "Follow up on the offer"),
    ("calls", "Angebot besprochen, Rückfragen zum Preis", "Offer discussed, questions about the price"),
    ("emails", "Auftragsbestätigung erhalten", "Order confirmation received"),
    ("notes", "Ansprechpartner für Rechnungen benannt", "Contact for invoices named"),
)
ROLES = ("purchasing", "invoice", "delivery")
LENGTH = {"appointmentscheduled": 3, "qualifiedtobuy": 5, "closedlost": 6, "closedwon": 8}


def linked(kind: str, to: str, properties: Row, to_kind: str = "companies") -> Row:
    """Return a record that hangs on another, an account if nothing else is said."""
    category, number = association(kind, to_kind)
    link = {"to": {"id": to}, "types": [{"associationCategory": category, "associationTypeId": number}]}
    return {"properties": properties, "associations": [link]}


def history(
    chance: random.Random, faker: Faker, account: str, name: str, number: int, stage: str, owner: str, *, german: bool
) -> Iterator[tuple[str, Row]]:
    """Yield kind and record of everything that hangs on one account that `owner` looks after; its last note is private."""
    people = [_contact(faker, role, f"+49 30 {number:03}{n}00") for n, role in enumerate(ROLES[: chance.randint(1, 3)])]
    for person in people:
        yield "contacts", linked("contacts", account, person)
    at = BEGIN + timedelta(days=chance.randint(0, 120))
    for kind, in_german, in_english in SCRIPT[: LENGTH[stage]]:
        text = in_german if german else in_english
        activity = _activity(kind, text, at, f"{people[0]['firstname']} {people[0]['lastname']}")
        private = {"private": "true"} if in_german == SCRIPT[-1][1] else {}
        yield kind, linked(kind, account, activity | private | {"hubspot_owner_id": owner})
        at += timedelta(days=chance.randint(2, 12), minutes=chance.randint(0, 59))
    amount = chance.randint(5, 90) * 1000
    deal = {
        "dealname": f"{'Wartung' if german else 'Maintenance'} {name}".strip()[:100], "dealstage": stage, "pipeline": "default",
        "amount": str(amount), "deal_currency_code": "EUR", "closedate": _stamp(at),
    }  # fmt: skip
    yield "deals", linked("deals", account, deal)


def _contact(faker: Faker, role: str, phone: str) -> Row:
    person = {"firstname": faker.first_name(), "lastname": faker.last_name(), "email": faker.safe_email(), "role": role}
    if role == "delivery":
        person |= {"address": faker.street_address().replace("\n", " "), "zip": faker.postcode(), "city": faker.city()}
    return person | {"phone": phone}


def _activity(kind: str, text: str, at: datetime, person: str) -> Row:
    own: dict[str, Row] = {
        "notes": {"hs_note_body": text},
        "calls": {"hs_call_title": text, "hs_call_body": person, "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"},
        "emails": {"hs_email_subject": text, "hs_email_text": person, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
        "meetings": {"hs_meeting_title": text, "hs_meeting_body": person, "hs_meeting_outcome": "COMPLETED"},
        "tasks": {"hs_task_subject": text, "hs_task_status": "COMPLETED", "hs_task_priority": "MEDIUM", "hs_task_type": "CALL"},
    }
    return own[kind] | {"hs_timestamp": _stamp(at)}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:00Z")
