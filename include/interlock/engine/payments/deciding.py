"""Decide accounts, and keep how their invoices stand by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from interlock.engine.context import Engine
from interlock.engine.flow import Decided
from interlock.engine.payments.viewing import view_of
from interlock.processes import payment_to_crm_status as process
from interlock.processes.decision import Decision
from interlock.processes.payment_to_crm_status import PaymentAnswer
from interlock.processes.receivables import Rules
from interlock.processes.receivables.working_days import working_days
from interlock.store import batches, people, receivables, requests, work
from interlock.store.database import Transaction

Row = dict[str, Any]


def decide(engine: Engine, tx: Transaction, batch: UUID, bank_booked_on: date | None) -> Iterator[list[Decided]]:
    """Yield the decisions, a page at a time."""
    info, rules = batches.batch(tx, batch), rules_of(engine)
    as_of: date = info["as_of"] or engine.today
    scratch = batch if info["dry_run"] else None
    receivables.booked_on(tx, batch, bank_booked_on)
    for page in work.views(tx, batch, engine.process, engine.flow.subjects, scratch, engine.settings.engine.page):
        yield [_decided(engine, row, as_of, rules, bank_booked_on) for row in page if row["outcome"] != "rejected"]


def rules_of(engine: Engine) -> Rules:
    """Return the settings that receivables need; raises ConfigurationError for a region whose holidays nobody knows."""
    settings = engine.settings
    calendar = working_days(settings.due.region) if settings.due.business_day == "next_working_day" else None
    return Rules(settings.due, settings.dunning, settings.bank, calendar)


def _decided(engine: Engine, row: Row, as_of: date, rules: Rules, bank_booked_on: date | None) -> Decided:
    view = view_of(row, as_of, engine.settings.company.currency, bank_booked_on)
    answer = process.decide(view, rules, engine.settings, engine.now())
    if row["rejected_by_approver"]:
        answer = PaymentAnswer(Decision("rejected", reason=people.REJECTED_BY_APPROVER), {})
    return Decided(str(row["ref"]), row["inputs"], answer.decision, answer)


def keep(tx: Transaction, decided: Sequence[Decided]) -> None:
    """Remember how invoices stand, in the transaction that records the notes about it, and that the account was decided about."""
    found: list[tuple[str, PaymentAnswer]] = [(one.ref, one.found) for one in decided]
    told = [(ref, answer) for ref, answer in found if answer.decision.verdict != "rejected"]
    receivables.keep_standings(tx, {ref: () for ref, _ in told} | {k: s for _, answer in told for k, s in answer.seen.items()})


def brake(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Beyond a limit all of the run's changes wait for approval (invariant 14)."""
    limits = engine.settings.limits
    requests.renew(tx, engine.process, batch)
    rows = requests.unapproved(tx, batch)
    updates = len({row["subject"] for row in rows if row["operation"] == "update"})
    creates = sum(row["operation"] == "create" and row["kind"] == "task" for row in rows)
    if creates > limits.max_creates or updates > limits.max_updates:
        reason = f"{creates} tasks and updates of {updates} accounts exceed the limits"
        requests.hold(tx, engine.process, batch, [row["id"] for row in rows], reason)
