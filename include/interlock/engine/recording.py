"""Record what was decided for a page of subjects, in sets: a statement a subject would take longer than both systems do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from interlock.engine import match
from interlock.engine.context import Engine
from interlock.engine.sweep import WAITED
from interlock.processes.matching import Match
from interlock.processes.view import Decision, View
from interlock.store import outbox, people, work
from interlock.store.database import Transaction
from interlock.store.work import Subject

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """One subject as it was looked at, the verdict of matching if it needed one, and what was decided."""

    row: Row
    view: View
    verdict: Match | None
    decision: Decision

    @property
    def ref(self) -> str:
        """The subject."""
        return str(self.row["ref"])

    @property
    def subject(self) -> Subject:
        """What is remembered of it."""
        problems = self.decision.problems
        state, reason = ("rejected", problems[0].code) if problems else (self.decision.verdict, self.decision.reason)
        return Subject(self.ref, self.row["inputs"], state, reason)


def record(engine: Engine, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:
    """Record links, questions, changes, quarantine entries, and what each subject was decided on."""
    match.record(tx, [(one.view, one.verdict) for one in decided if one.verdict is not None])
    waits = outbox.record(tx, batch, [change for one in decided for change in one.decision.changes])
    for one in decided:
        if one.decision.problems:
            people.quarantine(tx, engine.process, batch, one.ref, one.decision.problems)
        elif one.decision.verdict == "waiting":
            people.resolve(tx, engine.process, [one.ref], keep=[(WAITED, "")])
    gone_on = [one.ref for one in decided if not one.decision.problems and one.decision.verdict != "waiting"]
    people.resolve(tx, engine.process, gone_on)
    work.decided(tx, engine.process, engine.settings.leads_hash, [one.subject for one in decided])
    work.redecide(tx, engine.process, [one.ref for one in decided if _again(one.decision, waits)])


def _again(decision: Decision, waits: set[str]) -> bool:
    return decision.verdict == "waiting" or decision.again or any(change.key in waits for change in decision.changes)
