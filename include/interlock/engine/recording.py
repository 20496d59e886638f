"""Record what was decided for a page of subjects, in sets: a statement a subject would take longer than both systems do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interlock.engine.context import Engine
from interlock.engine.flow import Decided
from interlock.engine.sweep import WAITED
from interlock.processes.decision import Decision
from interlock.store import outbox, people, work
from interlock.store.database import Transaction


def record(engine: Engine, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:
    """Record what the process found, changes, quarantine entries, and what each subject was decided on."""
    engine.flow.keep(tx, batch, decided)
    changes = [change for one in decided for change in one.decision.changes]
    waits = outbox.record(tx, batch, changes)
    outbox.withdraw(tx, engine.process, [one.ref for one in decided if not one.decision.stands], changes)
    for one in decided:
        if one.decision.problems:
            people.quarantine(tx, engine.process, batch, one.ref, one.decision.problems)
        elif one.decision.verdict == "waiting":
            people.resolve(tx, engine.process, [one.ref], keep=[(WAITED, "")])
    gone_on = [one.ref for one in decided if not one.decision.problems and one.decision.verdict != "waiting"]
    people.resolve(tx, engine.process, gone_on)
    work.decided(tx, engine.process, engine.flow.config(engine.settings), [one.subject for one in decided])
    work.redecide(tx, engine.process, [one.ref for one in decided if _again(one.decision, waits)])


def _again(decision: Decision, waits: set[str]) -> bool:
    return decision.verdict == "waiting" or decision.again or any(change.key in waits for change in decision.changes)
