"""List what a run works on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.engine.context import Engine
from interlock.store import batches, work
from interlock.store.database import Transaction


def list_work(engine: Engine, tx: Transaction, batch: UUID, info: dict[str, Any]) -> None:
    """List the run's subjects: those read in it and those that are work by now, or by the later day that it looks at."""
    crm, config = engine.crm.instance().id, engine.flow.config(engine.settings)
    scope, scratch = batches.scope(tx, batch), batch if info["dry_run"] else None
    work.collect(tx, batch, engine.process, engine.flow.subjects, crm, config, scope, scratch, engine.moment(info["as_of"]))
