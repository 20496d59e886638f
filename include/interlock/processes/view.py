"""What a decision about an account sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interlock.domain.activity import Activity
from interlock.domain.contact import Contact
from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer, Deal
from interlock.domain.record import Problem


@dataclass(frozen=True, slots=True)
class View:
    """One account with everything known of it: deals, contacts, linked customer, whether its note was written.

    other_customers: numbers of further customers that came with accounts merged into this one. merging: a change of such
    an account may still be on its way. released: (code, detail) of reasons that a person said are no obstacle. told: the ERP
    has its prehistory; until then `activities` hold what it is made of. further: its customer is another account's, by a
    person's decision or a merge in the ERP. above: the account above a new one, as it stands: `customer`, `coming`, `held`
    back, or empty when it is not to become a customer; circular: its parents form a circle. wanted: a contract of its is due.
    unread: its customer was made or linked a moment ago, and not read since.
    """

    ref: Ref
    account: Account
    revision: str = ""
    archived: bool = False
    problems: tuple[Problem, ...] = ()
    deals: tuple[Deal, ...] = ()
    customer_ref: Ref | None = None
    customer: Customer | None = None
    number: str = ""
    noted: bool = False
    other_customers: tuple[str, ...] = ()
    merging: bool = False
    released: frozenset[tuple[str, str]] = frozenset()
    contacts: tuple[Contact, ...] = ()
    activities: tuple[Activity, ...] = ()
    told: bool = False
    further: bool = False
    above: Ref | None = None
    above_standing: str = ""
    wanted: bool = False
    unread: bool = False
    circular: bool = False


WAITS: Final = {
    "merge_in_flight": "a change of an account that was merged into it may still be on its way",
    "customer_unread": "its customer was made by another run a moment ago and has not been read yet",
    "parent_first": "the account above it must become a customer first, and is held back or waits itself",
}
