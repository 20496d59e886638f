"""Decide accounts, and keep how their invoices stand by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from interlock.domain.record import Problem
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
UNFIT = Problem("receivable_unfit", "", "a document of the account was read anew and makes no receivable; the next run names it")


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
    answer = PaymentAnswer(Decision("rejected", reason=people.REJECTED_BY_APPROVER))
    if not row["rejected_by_approver"]:
        try:
            view = view_of(row, as_of, engine.today, engine.settings.company.currency, bank_booked_on)
        except ValidationError:
            answer = PaymentAnswer(Decision("rejected", problems=(UNFIT,)))
        else:
            answer = process.decide(view, rules, engine.settings, engine.now())
    return Decided(str(row["ref"]), row["inputs"], answer.decision, (answer, row["customer"], as_of))


def keep(tx: Transaction, decided: Sequence[Decided]) -> None:
    """Remember how invoices stand, and when their customer was told of, in the transaction that records the notes about it."""
    found: list[tuple[PaymentAnswer, str, date]] = [one.found for one in decided]
    standings: dict[str, Sequence[Any]] = {ref: seen for answer, _, _ in found for ref, seen in answer.seen.items()}
    standings |= {customer: (as_of.isoformat(),) for answer, customer, as_of in found if answer.told}
    receivables.keep_standings(tx, standings)


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
