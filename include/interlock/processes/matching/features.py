"""A record prepared for comparison: everything is taken apart once, never once a pair."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer
from interlock.processes.matching.addresses import Address, read_address
from interlock.processes.matching.identifiers import Register, read_domain, read_register, read_vat, register_in
from interlock.processes.matching.model import Subject
from interlock.processes.matching.names import Name, read_name


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared. `keys` are the names the record goes by: its own and merged ones, or a customer's references."""

    ref: Ref
    name: Name
    address: Address
    vat: str = ""
    vat_valid: bool = False
    register: Register | None = None
    domain: str = ""
    phone: str = ""
    emails: tuple[str, ...] = ()
    number: str = ""
    keys: tuple[str, ...] = ()
    active: bool = True
    parent: Ref | None = None


def features(subject: Subject) -> Features:
    """Take a record apart; never raises, whatever the texts hold."""
    party = subject.party
    vat, valid = read_vat(party.vat_id)
    register = read_register(party.register_number, party.country)
    if valid and register is None:
        register = register_in(vat)
    return Features(
        ref=subject.ref, name=read_name(party.legal_name),
        address=read_address(party.street, party.postal_code, party.city, party.country),
        vat=vat, vat_valid=valid, register=register,
        domain=_domain(party.website), phone=party.phone,
        emails=tuple(sorted({email.strip().casefold() for email in subject.emails if "@" in email})),
        number=_number(party), keys=_keys(subject), active=not isinstance(party, Customer) or party.active,
        parent=subject.parent,
    )  # fmt: skip


def _domain(website: str) -> str:
    try:
        return read_domain(website)
    except ValueError:
        return ""


def _number(party: Account | Customer) -> str:
    return (party.number if isinstance(party, Customer) else party.customer_number).strip()


def _keys(subject: Subject) -> tuple[str, ...]:
    if isinstance(subject.party, Customer):
        return subject.party.references
    return (str(subject.ref), *map(str, subject.former))
