"""Decide contracts, and keep what the decisions bring beside changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from interlock.domain.process import LEAD_TO_CUSTOMER
from interlock.domain.vat import VatAnswer
from interlock.engine.context import Engine
from interlock.engine.flow import Decided
from interlock.engine.invoices import money
from interlock.engine.invoices.viewing import tax_status, view_of
from interlock.engine.vat_evidence import ask_register
from interlock.processes import renewal_to_invoice as process
from interlock.processes.billing.tax import WAIT as UNANSWERED
from interlock.processes.contract_view import Answer, ContractView
from interlock.processes.decision import Decision
from interlock.store import batches, contracts, people, work
from interlock.store.database import Transaction

Row = dict[str, Any]


def learn(engine: Engine, batch: UUID, info: Row) -> Mapping[str, VatAnswer]:
    """Ask the VAT register about the recipients of invoices that only wait for its answer."""
    as_of, wanted = date_of(engine, info), list[str]()
    with engine.database.begin() as tx:
        for page in _pages(engine, tx, batch, info):
            views = [view_of(row, as_of, {}) for row in page if row["outcome"] != "rejected"]
            wanted += [view.known.recipient.party.vat_id for view in views if _waits_for_register(engine, view)]
    return ask_register(engine, engine.register, wanted, as_of, dry_run=info["dry_run"])


def _waits_for_register(engine: Engine, view: ContractView) -> bool:
    if not view.known.recipient.party.vat_id or view.known.recipient.party.country == engine.settings.tax.country:
        return False
    waiting = process.decide(view, engine.settings, engine.now()).billing.waiting
    return any(period.reason == UNANSWERED for period in waiting)


def decide(engine: Engine, tx: Transaction, batch: UUID, learned: Mapping[str, VatAnswer]) -> Iterator[list[Decided]]:
    """Yield the decisions, a page at a time."""
    info = batches.batch(tx, batch)
    as_of = date_of(engine, info)
    for page in _pages(engine, tx, batch, info):
        decided = [_decided(engine, row, view_of(row, as_of, learned)) for row in page if row["outcome"] != "rejected"]
        contracts.keep_billing(tx, batch, [(one.ref, money.kept(one.found[1])) for one in decided])
        yield decided


def date_of(engine: Engine, info: Row) -> date:
    """Return the local date that a run decides for."""
    as_of: date | None = info["as_of"]
    return as_of or engine.today


def _pages(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> Iterator[list[Row]]:
    scratch = batch if info["dry_run"] else None
    return work.views(tx, batch, engine.process, engine.flow.subjects, scratch, engine.settings.engine.page)


def _decided(engine: Engine, row: Row, view: ContractView) -> Decided:
    answer = process.decide(view, engine.settings, engine.now())
    if row["rejected_by_approver"]:
        answer = Answer(Decision("rejected", reason=people.REJECTED_BY_APPROVER), answer.billing)
    return Decided(str(row["ref"]), row["inputs"], answer.decision, (view, answer, row["recipient"], row["recipient_revision"]))


def keep(tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:
    """Store terms as they take effect, how recipients are taxed by now, and wake what makes customers."""
    found: list[tuple[ContractView, Answer, str, str]] = [one.found for one in decided]
    contracts.keep_terms(
        tx,
        [
            (str(view.ref), term.number, term.model_dump(mode="json"), bool(view.known.terms) and term not in view.known.terms)
            for view, answer, _, _ in found
            for term in answer.billing.plan.fresh
        ],
    )
    contracts.keep_tax_status(
        tx,
        [
            (str(view.ref), tax_status(view.known.recipient.party, view.contract), view.known.recipient.since)
            for view, answer, _, _ in found
            if answer.billing.plan.terms
        ],
    )
    contracts.wake(tx, LEAD_TO_CUSTOMER, batch, {account: revision for _, answer, account, revision in found if answer.wakes})
