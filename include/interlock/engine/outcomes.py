"""Commit what became of one call's changes, all of them together (invariant 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from interlock.domain.change import Conflict, Done, NotSent, Outcome, Rejected, Unknown, Write
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.store import audit, crosswalk, people, sending, work
from interlock.store.database import Transaction
from interlock.store.sending import End

Row = dict[str, Any]
Judged = tuple[Row, Write, Outcome]
TAKEN = Problem("customer_taken", "customer_number", "the customer with its reference is already linked to another account")


def commit(engine: Engine, tx: Transaction, batch: UUID, judged: Sequence[Judged]) -> None:
    """Commit outcomes; new customers enter the crosswalk in the same transaction."""
    done = [(row, write, outcome) for row, write, outcome in judged if isinstance(outcome, Done)]
    refused = [(row, write, outcome) for row, write, outcome in judged if isinstance(outcome, Rejected)]
    stale = [row for row, _, outcome in judged if isinstance(outcome, Conflict)]
    ends = [End(row, "done", ref=str(outcome.ref), results=outcome.results) for row, _, outcome in done]
    ends += [End(row, "rejected", no.code) for row, _, no in refused]
    sending.finish(tx, batch, [*ends, *(End(row, "stale", "changed_meanwhile") for row in stale)])
    _link(engine, tx, batch, [(row, outcome) for row, _, outcome in done])
    for row, write, no in refused:
        problem = Problem(no.code, engine.flow.place(write), no.message, no.detail)
        people.hold_also(tx, engine.process, batch, row["subject"], [problem])
    work.redecide(tx, engine.process, [row["subject"] for row in stale])
    for row, _, outcome in judged:
        if isinstance(outcome, NotSent):
            state = "unknown" if row["state"] == "unknown" else "pending"
            sending.postpone(tx, row, state, outcome.retry_after, outcome.reason)
        elif isinstance(outcome, Unknown):
            sending.postpone(tx, row, "unknown", 0, outcome.reason)
    audit.append(tx, [entry for row, write, outcome in judged if (entry := _entry(engine, row, write, outcome))])


def _entry(engine: Engine, row: Row, write: Write, outcome: Outcome) -> audit.Entry | None:
    action = f"{row['operation']} {row['kind']}"
    if isinstance(outcome, Done):
        why = f"{row['why']} [{row['key']}]"
        values: Row = {"before": row["seen"], "after": dict(write.values)}
        return audit.Entry(engine.owner, action, str(outcome.ref), why, values)
    if isinstance(outcome, Rejected):
        return audit.Entry(engine.owner, f"refused: {action}", row["target"], outcome.code)
    return None


def _link(engine: Engine, tx: Transaction, batch: UUID, done: Sequence[tuple[Row, Done]]) -> None:
    made = [
        (row["subject"], str(outcome.ref), str(outcome.results["number"]), row["key"])
        for row, outcome in done
        if row["kind"] == "customer" and row["operation"] == "create"
    ]
    for account in sorted(crosswalk.link_new(tx, made) if made else ()):
        people.hold_also(tx, engine.process, batch, account, [TAKEN])
        work.set_outcome(tx, batch, account, "rejected", TAKEN.code)
