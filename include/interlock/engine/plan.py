"""Check the work, then decide it (the pure part) and record the decisions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.change import Change
from interlock.engine.context import Engine
from interlock.engine.recording import record
from interlock.store import batches, outbox, work
from interlock.store.database import refresh_statistics

Row = dict[str, Any]


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine records that cannot go on; raises TooManyRejected before any write when too many cannot."""
    with engine.timed(batch, "check"):
        return engine.flow.check(engine, batch)


def decide(engine: Engine, batch: UUID) -> list[Row]:
    """Decide every accepted subject; in a dry run return the planned changes instead of recording them.

    All of it is one commit, brake included: no other worker sees a change that the brake would hold. Decisions of one
    process queue behind each other.
    """
    planned, count = list[Row](), 0
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
    dry, learned = bool(info["dry_run"]), engine.flow.learn(engine, batch, info)
    with engine.timed(batch, "decide"), engine.database.begin() as tx:
        if not dry:
            outbox.queue_up(tx, engine.process)
        for decided in engine.flow.decide(engine, tx, batch, learned):
            count += len(decided)
            work.set_outcomes(tx, batch, [one.subject for one in decided])
            if dry:
                planned += [_shown(change) for one in decided for change in one.decision.changes]
            else:
                record(engine, tx, batch, decided)
        if not dry:
            engine.flow.brake(engine, tx, batch)
            refresh_statistics(tx, count, "change", "subject")
    return planned


def _shown(change: Change) -> Row:
    return {
        "subject": str(change.subject), "system": change.system, "operation": change.operation, "kind": change.kind,
        "before": dict(change.seen), "after": dict(change.values), "why": change.why, "state": "planned",
    }  # fmt: skip
