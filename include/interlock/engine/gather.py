"""Read what changed into snapshots; what that is, each process says."""

from __future__ import annotations

from uuid import UUID

from interlock.engine.context import Engine
from interlock.store import batches, records


def gather(engine: Engine, batch: UUID) -> None:
    """Read what changed since the watermark, all of it (`full`), or the named records; a retried step begins anew."""
    with engine.timed(batch, "gather"):
        with engine.database.begin() as tx:
            info = batches.batch(tx, batch)
            tx.execute("DELETE FROM interlock.staged WHERE batch_id = %s", [batch])
        engine.flow.gather(engine, batch, info)
        with engine.database.begin() as tx:
            records.refresh_statistics(tx, batch, "snapshot", "crosswalk")
