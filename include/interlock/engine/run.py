"""The steps of a run in order, for callers that need no scheduler."""

from __future__ import annotations

from interlock.engine import plan
from interlock.engine.apply import apply
from interlock.engine.context import Engine, Scope
from interlock.engine.gather import gather
from interlock.engine.settle import keep_plan, settle


def run(engine: Engine, scope: Scope) -> dict[str, int]:
    """Gather, check, decide, apply to the ERP, apply to the CRM, settle; returns the counts."""
    batch = engine.open(scope)
    gather(engine, batch)
    plan.check(engine, batch)
    keep_plan(engine, batch, plan.decide(engine, batch))
    apply(engine, batch, "erp")
    apply(engine, batch, "crm")
    return settle(engine, batch)
