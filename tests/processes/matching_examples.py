"""Short ways to say who is compared with whom."""

from __future__ import annotations

from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer
from interlock.processes.matching import Match, Subject, match

BERLIN = {"street": "Lindenstraße 12", "zip": "10969", "city": "Berlin"}
KOELN = {"street": "Hohe Straße 52", "zip": "50667", "city": "Köln"}
MUSTER = {"name": "Muster Maschinenbau GmbH", **BERLIN}
VAT, OTHER_VAT = "DE136695976", "DE129273398"
SHORT = {"name": "legal_name", "vat": "vat_id", "register": "register_number", "zip": "postal_code"}


def account_ref(number: int | str) -> Ref:
    return Ref("hubspot:1", "", "account", str(number))


def customer_ref(number: int | str) -> Ref:
    return Ref("tryton:erp", "1", "customer", str(number))


def account(number: int | str = 1, /, *, emails=(), parent=None, former=(), **fields: str) -> Subject:
    return Subject(account_ref(number), Account(**_fields(fields)), emails=emails, parent=parent, former=former)


def customer(number: int | str = 1, /, *, emails=(), **fields: object) -> Subject:
    return Subject(customer_ref(number), Customer(**_fields(fields)), emails=emails)


def only(accounts, customers, **known) -> Match:
    """Return the verdict on one account."""
    accounts = [accounts] if isinstance(accounts, Subject) else accounts
    customers = [customers] if isinstance(customers, Subject) else customers
    (found,) = match(accounts, customers, **known)
    return found


def _fields(fields):
    return {"country": "DE"} | {SHORT.get(name, name): value for name, value in fields.items()}
