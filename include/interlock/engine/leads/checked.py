"""What the batch's checks see, record by record of every kind, and what their findings mean for the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from interlock.config import Settings
from interlock.domain.finding import Finding, grouped
from interlock.domain.identity import Ref
from interlock.domain.record import Problem
from interlock.engine import findings
from interlock.engine.findings import Problems
from interlock.processes import lead_to_customer as process
from interlock.processes.view import View
from interlock.store import checked
from interlock.store.database import Transaction

Row = dict[str, Any]
Unfit = Mapping[str, frozenset[str]]
NAMES = ("salutation", "first_name", "last_name")


@dataclass
class Staged:
    """What was staged for the checks: `rows` by kind, the customers among them, what is known of contacts already.

    unknown: how many accounts a run was asked for that the CRM does not have.
    """

    rows: Counter[str] = field(default_factory=Counter)
    customers: set[str] = field(default_factory=set)
    contacts: Problems = field(default_factory=dict)
    unknown: int = 0

    @property
    def looked_at(self) -> Counter[str]:
        """Return how many records of each kind count."""
        return self.rows + Counter(account=self.unknown)


def stage(tx: Transaction, batch: UUID, staged: Staged, page: Sequence[tuple[Row, View]], settings: Settings) -> None:
    """Stage a page of accounts with the contacts that have a role, the deals that count, and the customers they have."""
    parts: dict[str, list[tuple[str, Mapping[str, Any]]]] = {kind: [] for kind in checked.COLUMNS}
    for row, view in page:
        parts["account"].append((row["ref"], view.account.fields()))
        children = {(child["kind"], Ref.parse(child["ref"]).id): child for child in row["children"]}
        for contact in (contact for contact in view.contacts if contact.roles):
            child = children["contact", contact.id]
            values = {name: getattr(contact, name) for name in ("name", "email", "phone", "country")}
            parts["contact"].append((child["ref"], values | {"account": row["ref"]}))
            if child["problems"]:
                staged.contacts[child["ref"]] = [Problem(*problem) for problem in child["problems"]]
        for deal in (deal for deal in view.deals if process.is_won(deal, settings)):
            won = {"account": row["ref"], "won_at": process.won_when(deal, settings)}
            parts["deal"].append((children["deal", deal.id]["ref"], won))
        if view.customer is not None and row["customer"] not in staged.customers:
            staged.customers.add(row["customer"])
            parts["customer"].append((row["customer"], {"account": row["ref"], "number": view.customer.number}))
    for kind, rows in parts.items():
        staged.rows[kind] += checked.fill(tx, batch, kind, rows)


def joined(staged: Staged, held: Mapping[str, Sequence[Problem]], found: Iterable[Finding]) -> list[Finding]:
    """Join what single records' checks say with what those over the batch found."""
    own = [
        f
        for kind, known in (("account", held), ("contact", staged.contacts))
        for f in grouped(kind, staged.looked_at[kind], known)
    ]
    return findings.joined(own, found)


def without(findings: Iterable[Finding], kind: str, fields: Mapping[str, Iterable[str]]) -> list[Finding]:
    """Drop from the findings of a kind the records in which the field does not count, by record."""
    return [
        replace(f, keys=tuple(key for key in f.keys if f.field not in fields.get(key, ()))) if f.kind == kind else f
        for f in findings
    ]


def unfit(found: Iterable[Finding]) -> Unfit:
    """Return which fields of which contacts broke a rule, by the contact's reference."""
    fields: dict[str, frozenset[str]] = {}
    for finding in (finding for finding in found if finding.kind == "contact"):
        broken = NAMES if finding.field == "name" else (finding.field,)
        fields |= {key: fields.get(key, frozenset()).union(broken) for key in finding.keys}
    return fields


def fit(view: View, unfit: Unfit) -> View:
    """Return the account with its contacts as they may go over: without what broke a rule."""
    emptied = {contact.id: unfit.get(str(replace(view.ref, kind="contact", id=contact.id)), ()) for contact in view.contacts}
    contacts = [contact.model_copy(update=dict.fromkeys(emptied[contact.id], "")) for contact in view.contacts]
    return replace(view, contacts=tuple(contacts))


def notices(tx: Transaction, batch: UUID, findings: Iterable[Finding]) -> list[Row]:
    """Name each contact, deal and customer that broke a rule, by its account; none of them holds the account back."""
    told = []
    for finding in findings:
        if finding.kind == "account" or not finding.keys:
            continue
        accounts = checked.accounts_of(tx, batch, finding.kind, finding.keys)
        for key in finding.keys:
            message = f"{finding.kind} {key.rsplit('/', 1)[-1]}: {finding.message}"
            told.append({"ref": accounts[key], "code": finding.code, "message": message})
    return told
