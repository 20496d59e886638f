"""What a run looks for at its end: each process's own, and what has been open for too long (invariants 2 and 5)."""

from __future__ import annotations

from uuid import UUID

from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.store import effects, people, work
from interlock.store.database import Transaction

WAITED = "waited_too_long"


def sweep(engine: Engine, batch: UUID) -> None:
    """Let the process look for what is wrong in both systems; hold back what waited for too long."""
    engine.flow.sweep(engine, batch)
    with engine.database.begin() as tx:
        _waiting(engine, tx, batch)


def _waiting(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Say aloud what has been open for too long; it stays open, and the entry resolves once it is settled."""
    people.settled(tx, engine.process, WAITED)
    days, found = engine.settings.engine.waiting_days, dict[str, str]()
    for row in effects.overdue(tx, engine.process, days):
        what = row["reason"] or row["state"]
        found[row["subject"]] = f"a change for the {row['system']} is open for {row['days']} days: {what}"
    for row in work.lingering(tx, engine.process, days):
        found[row["ref"]] = f"it waits for {row['days']} days: {engine.flow.waits[row['reason']]}"
    for ref, message in found.items():
        people.hold_also(tx, engine.process, batch, ref, [Problem(WAITED, "", message)])
        work.set_outcome(tx, batch, ref, "rejected", WAITED)
