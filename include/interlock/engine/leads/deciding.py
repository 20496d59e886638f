"""Decide accounts: match the new ones, ask the process, and hold a run beyond its limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from interlock.engine.context import Engine
from interlock.engine.flow import Decided
from interlock.engine.leads import checked
from interlock.engine.leads.match import Matches, question
from interlock.engine.leads.viewing import pages, view_of
from interlock.processes import lead_to_customer as process
from interlock.processes.decision import Decision
from interlock.processes.view import View
from interlock.store import batches, people, requests
from interlock.store import checked as store
from interlock.store.database import Transaction

Row = dict[str, Any]


def decide(engine: Engine, tx: Transaction, batch: UUID) -> Iterator[list[Decided]]:
    """Yield the decisions, a page at a time."""
    scratch = batch if batches.batch(tx, batch)["dry_run"] else None
    found = Matches(engine, tx, _new(engine, tx, batch, scratch), scratch)
    unfit = checked.unfit(store.findings(tx, batch))
    for page in pages(engine, tx, batch, scratch):
        yield [_decided(engine, row, found, unfit) for row in page if row["outcome"] != "rejected"]


def _new(engine: Engine, tx: Transaction, batch: UUID, scratch: UUID | None) -> Iterator[View]:
    """Yield the accounts that are to become customers, unless they already are."""
    for page in pages(engine, tx, batch, scratch):
        accepted = (view_of(row) for row in page if row["outcome"] != "rejected" and not row["rejected_by_approver"])
        yield from (v for v in accepted if v.customer_ref is None and not v.merging and process.concerns(v, engine.settings))


def _decided(engine: Engine, row: Row, found: Matches, unfit: checked.Unfit) -> Decided:
    view = checked.fit(found.linked(view_of(row)), unfit)
    decision = process.decide(view, engine.settings, engine.now())
    if row["customer"] is None and (problem := question(found.of(view))):
        decision = Decision("rejected", problems=(problem,))
    if row["rejected_by_approver"]:
        decision = Decision("rejected", reason=people.REJECTED_BY_APPROVER)
    return Decided(str(row["ref"]), row["inputs"], decision, (view, found.of(view)))


def brake(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Beyond a limit all of the run's changes wait for approval (invariant 14)."""
    limits = engine.settings.limits
    requests.renew(tx, engine.process, batch)
    row = tx.execute(
        "SELECT count(*) FILTER (WHERE operation = 'create' AND system = 'erp' AND kind = 'customer') AS creates,"  # noqa: S608
        " count(*) FILTER (WHERE operation = 'update' AND system = 'erp') AS updates, array_agg(id) AS ids"
        f" FROM interlock.change c WHERE batch_id = %s AND attempt = 0 AND {requests.UNAPPROVED}",
        [batch],
    ).fetchone()
    if row and (row["creates"] > limits.max_creates or row["updates"] > limits.max_updates):
        reason = f"{row['creates']} creates and {row['updates']} updates exceed the limits"
        requests.hold(tx, engine.process, batch, row["ids"], reason)
