"""Find out which new accounts already are customers, before any of them is created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import tee
from typing import Any, TypeVar
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.maps import ValueMaps
from interlock.domain.party import Account, Customer
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.processes.matching import REASONS, Candidate, Match, Subject, match
from interlock.processes.view import View
from interlock.store import crosswalk, matches
from interlock.store.database import Transaction

Row = dict[str, Any]


class Matches:
    """The verdicts on the new accounts of one batch, and the customers they may be linked to."""

    def __init__(self, engine: Engine, tx: Transaction, views: Iterable[View], scratch: UUID | None) -> None:
        self._customers: dict[Ref, Customer] = {}
        self._verdicts: dict[Ref, Match] = {}
        self._taken: set[Ref] = set()
        new = [(view.ref, view.account, view.above) for view in views]
        if not new:
            return
        erp, maps = engine.erp.instance().id, engine.settings.maps
        linked, said = settled(tx)
        new = [one for one in new if one[0] not in linked]  # another run may have linked some since they were looked at
        known = map(_customer, matches.customers(tx, erp, scratch))
        found = match(accounts_of(new, maps), customers_of(known, maps), linked, engine.settings.matching, said)
        self._verdicts = {verdict.account: verdict for verdict in found}
        chosen = {verdict.customer for verdict in self._verdicts.values() if verdict.customer is not None}
        self._customers = dict(map(_customer, matches.some_customers(tx, list(map(str, chosen)), scratch)))
        self._taken = chosen.intersection(linked.values())

    def of(self, view: View) -> Match | None:
        """Return the verdict on an account, None for one that needed none."""
        return self._verdicts.get(view.ref)

    def linked(self, view: View) -> View:
        """Return the account with the customer it was matched with, if it was; the first account of a customer owns its data."""
        verdict = self.of(view)
        if verdict is None or verdict.verdict != "linked" or verdict.customer is None:
            return view
        customer = self._customers[verdict.customer]
        further = verdict.customer in self._taken
        self._taken.add(verdict.customer)
        return replace(view, customer_ref=verdict.customer, customer=customer, number=customer.number, further=further)


def accounts_of(accounts: Iterable[tuple[Ref, Account, Ref | None]], maps: ValueMaps) -> Iterator[Subject]:
    """Yield accounts as they are compared, each given with the account above it."""
    known = list(accounts)
    for (ref, account, above), name in zip(known, maps.comparable(a.legal_name for _, a, _ in known), strict=True):
        yield Subject(ref, _renamed(account, name), parent=above)


def customers_of(customers: Iterable[tuple[Ref, Customer]], maps: ValueMaps) -> Iterator[Subject]:
    """Yield customers as they are compared, without keeping any."""
    known, named = tee(customers)
    for (ref, customer), name in zip(known, maps.comparable(c.legal_name for _, c in named), strict=True):
        yield Subject(ref, _renamed(customer, name))


def _customer(row: Row) -> tuple[Ref, Customer]:
    return Ref.parse(row["ref"]), Customer.model_validate(row["body"])


P = TypeVar("P", Account, Customer)


def _renamed(party: P, name: str) -> P:
    return party if name == party.legal_name else party.model_copy(update={"legal_name": name})


def settled(tx: Transaction) -> tuple[dict[Ref, Ref], dict[Ref, Ref | None]]:
    """Return the crosswalk, and what people decided: account -> customer, or None for a new one."""
    linked = {Ref.parse(account): Ref.parse(customer) for account, customer in matches.links(tx).items()}
    return linked, {Ref.parse(account): Ref.parse(to) if to else None for account, to in matches.said(tx).items()}


def question(verdict: Match | None) -> Problem | None:
    """Return why a person must decide, or None."""
    if verdict is None or verdict.verdict != "ask":
        return None
    cure = "decide with `interlock quarantine release ID --link NUMBER` or `--create`"
    if verdict.reason in {"customer_has_account", "same_customer"}:
        cure += "; linked, it is a further account of that customer, whose data stay those of its first account"
    return Problem(f"match_{verdict.reason}", "", f"{REASONS[verdict.reason]}; {cure}")


def record(tx: Transaction, verdicts: Sequence[tuple[View, Match]]) -> None:
    """Keep links, and the candidates of questions."""
    matches.forget(tx, [str(view.ref) for view, _ in verdicts])
    links = [
        (str(view.ref), str(verdict.customer), view.number, f"match/{verdict.reason}", verdict.reason == "decided")
        for view, verdict in verdicts
        if verdict.verdict == "linked"
    ]
    if links:
        crosswalk.link(tx, links)
    for view, verdict in verdicts:
        if verdict.verdict == "ask":
            matches.ask(tx, str(view.ref), [_plain(candidate) for candidate in verdict.candidates])


def _plain(candidate: Candidate) -> Row:
    return {
        "ref": str(candidate.ref), "score": candidate.score, "evidence": list(candidate.evidence),
        "against": list(candidate.against), "active": candidate.active,
        "taken_by": str(candidate.taken_by) if candidate.taken_by else None,
    }  # fmt: skip
