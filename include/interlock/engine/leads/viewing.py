"""From the store's rows to what a decision about an account sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from interlock.domain.activity import Activity
from interlock.domain.contact import Contact
from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer, Deal
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.processes.view import View
from interlock.store import work
from interlock.store.database import Transaction

Row = dict[str, Any]


def pages(engine: Engine, tx: Transaction, batch: UUID, scratch: UUID | None) -> Iterator[list[Row]]:
    """Yield the work's rows, a page at a time, parents first."""
    return work.views(tx, batch, engine.process, engine.flow.subjects, scratch, engine.settings.engine.page)


def view_of(row: Row) -> View:
    """Return the account as a decision sees it."""
    children: dict[str, list[Row]] = {"deal": [], "contact": [], "activity": []}
    for child in row["children"]:
        children.get(child["kind"], []).append(child | {"body": child["body"] | {"id": Ref.parse(child["ref"]).id}})
    return View(
        ref=Ref.parse(row["ref"]),
        account=Account.model_validate(row["body"]),
        revision=row["revision"],
        archived=row["archived"],
        problems=tuple(Problem(*problem) for problem in row["problems"]),
        deals=tuple(Deal.model_validate(child["body"]) for child in children["deal"]),
        customer_ref=Ref.parse(row["customer"]) if row["customer"] else None,
        customer=Customer.model_validate(row["customer_body"]) if row["customer_body"] and not row["customer_archived"] else None,
        number=row["number"] or "",
        noted=row["noted"],
        other_customers=tuple(row["other_customers"]),
        merging=row["merging"],
        released=frozenset((code, detail) for code, detail in row["released"]),
        contacts=tuple(Contact.model_validate(child["body"]) for child in children["contact"]),
        activities=tuple(Activity.model_validate(child["body"]) for child in children["activity"]),
        told=row["told"],
        further=row["further"],
        wanted=row["wanted"],
        unread=row["customer"] is not None and row["customer_archived"] is None,
        circular=row["cyclic"],
        above=Ref.parse(row["above"]["ref"]) if row["above"] else None,
        above_standing=row["above"]["standing"] if row["above"] else "",
    )
