"""Drain the outbox for one system: intent before act, one outcome a change, unknown only cleared by a look (invariants 2-7)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from interlock.domain.change import (
    Conflict,
    Done,
    Outcome,
    Rejected,
    Role,
    Unknown,
    Write,
)
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Engine
from interlock.engine.outcomes import Judged, commit
from interlock.engine.reading import store
from interlock.engine.writes import reserve_numbers, with_seen, write_of
from interlock.errors import InterlockError, LeaseLost, WorkRemains
from interlock.store import batches, outbox, records, sending
from interlock.store.database import Transaction
from interlock.store.sending import End

Row = dict[str, Any]


def apply(engine: Engine, batch: UUID, role: Role) -> int:
    """Send every open change of the process for this system and return how many were settled.

    Waits for leases of workers that died and for the second look at unknown ones, up to `engine.deadline` seconds; then
    raises WorkRemains. Dry runs send nothing.
    """
    with engine.timed(batch, f"apply_{role}"):
        with engine.database.begin() as tx:
            dry, subjects = batches.batch(tx, batch)["dry_run"], batches.scope(tx, batch)
        if dry or not engine.flow.written[role]:
            return 0
        settled, end = 0, time.monotonic() + engine.settings.engine.deadline
        while True:
            count = _round(engine, batch, role, subjects)
            settled += count or 0
            if count is not None and time.monotonic() <= end:
                continue
            with engine.database.begin() as tx:
                remains = outbox.unsettled(tx, engine.process, role, subjects)
            if not remains:
                return settled
            if time.monotonic() > end:
                raise WorkRemains(f"{remains} changes for the {role} are still open; the next try goes on with them")
            time.sleep(engine.settings.engine.poll_seconds)


def _round(engine: Engine, batch: UUID, role: Role, named: Sequence[str] | None) -> int | None:
    """Claim and settle one call's worth of changes; None when nothing is ready."""
    system = engine.system(role)
    limit = max(system.traits(kind).batch for kind in engine.flow.written[role])
    with engine.database.begin() as tx:
        sending.reap(tx, engine.process, role)
        rows = sending.claim(tx, engine.process, role, engine.owner, engine.settings.engine.lease_seconds, limit, named)
        done = outbox.results(tx, sorted({key for row in rows for key in row["depends_on"]}))
    if not rows:
        return None
    try:
        size = system.traits(rows[0]["kind"]).batch
        for start in range(0, len(rows), size):
            _settle(engine, batch, role, rows[start : start + size], done)
    except LeaseLost:
        return 0
    except BaseException:
        with engine.database.begin() as tx:
            sending.release(tx, rows)
        raise
    return len(rows)


def _settle(engine: Engine, batch: UUID, role: Role, rows: list[Row], done: Mapping[str, Row]) -> None:
    writes = {row["key"]: write_of(row, done) for row in rows}
    if rows[0]["operation"] == "create":
        rows = _after_looking(engine, batch, role, rows, writes)
    else:
        rows = _after_rereading(engine, batch, role, rows, writes)
    if not rows:
        return
    reserve_numbers(engine, rows, writes)
    with engine.database.begin() as tx:
        sending.resolved(tx, {row["id"]: writes[row["key"]] for row in rows if row["depends_on"]})
        sending.start_sending(tx, rows, [engine.process, role], engine.settings.engine.lease_seconds)
    outcomes = engine.system(role).write([writes[row["key"]] for row in rows])
    by_key = {outcome.key: outcome for outcome in outcomes} | _arrived_after_all(engine, role, rows, writes, outcomes)
    with engine.database.begin() as tx:
        commit(
            engine,
            tx,
            batch,
            [(row, writes[row["key"]], by_key.get(row["key"], Unknown(row["key"], "no_answer"))) for row in rows],
        )


def _arrived_after_all(
    engine: Engine, role: Role, rows: list[Row], writes: dict[str, Write], outcomes: Sequence[Outcome]
) -> dict[str, Outcome]:
    """Look once more where a repeated create is refused: perhaps the first, whose answer was lost, arrived meanwhile."""
    refused = {outcome.key for outcome in outcomes if isinstance(outcome, Rejected)}
    doubtful = [writes[row["key"]] for row in rows if row["key"] in refused and row["ever_unknown"]]
    doubtful = [write for write in doubtful if write.operation == "create"]
    if not doubtful:
        return {}
    try:
        found = engine.system(role).find(doubtful)
    except InterlockError:  # what was written meanwhile must be put on record, whatever this look meets
        return {}
    return {key: _as_found(engine, key, records[0]) for key, records in found.items() if records}


def _as_found(engine: Engine, key: str, record: Record) -> Done:
    names = engine.flow.results.get(record.ref.kind, ())
    return Done(key, record.ref, {name: record.values.get(name) for name in names})


def _after_looking(engine: Engine, batch: UUID, role: Role, rows: list[Row], writes: dict[str, Write]) -> list[Row]:
    """Ask by our own reference before every create: adopt what is there, drop what is wanted no more, return what may be sent."""
    system = engine.system(role)
    traits = system.traits(rows[0]["kind"])
    found = system.find([writes[row["key"]] for row in rows])
    absent, adopted, dropped = [], list[Judged](), list[End]()
    with engine.database.begin() as tx:
        for row in rows:
            if records := found.get(row["key"]):
                adopted.append((row, writes[row["key"]], _as_found(engine, row["key"], records[0])))
            elif row["unwanted"]:
                if _may_be_absent(tx, row, traits.settle_seconds):
                    dropped.append(End(row, "cancelled", "withdrawn"))
            elif traits.enforces_key or _may_be_absent(tx, row, traits.settle_seconds):
                absent.append(row)
        sending.finish(tx, batch, dropped)
        commit(engine, tx, batch, adopted)
    return absent


def _may_be_absent(tx: Transaction, row: Row, settle_seconds: float) -> bool:
    """Tell whether not seeing an effect means that it is not there: after a lost answer only at the second look."""
    if row["state"] != "unknown":
        return True
    clock = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    passed = (clock["now"] - row["unknown_since"]).total_seconds() if clock and row["unknown_since"] else 0.0
    if row["looks"] >= 1 and passed >= settle_seconds:
        return True
    sending.postpone(tx, row, "unknown", max(settle_seconds, 0.05), "waits for a second look")
    return False


def _after_rereading(engine: Engine, batch: UUID, role: Role, rows: list[Row], writes: dict[str, Write]) -> list[Row]:
    """Re-read before every update: equal -> unchanged; differs from what was seen -> decide again; else send."""
    refs = [Ref.parse(row["ref"]) for row in rows]
    system = engine.system(role)
    there, settle_seconds = system.read(refs[0].kind, [ref.id for ref in refs]), system.traits(refs[0].kind).settle_seconds
    send, judged, equal = [], list[Judged](), list[End]()
    differing, gone = list[Record](), list[str]()
    with engine.database.begin() as tx:
        for row, ref in zip(rows, refs, strict=True):
            record = there.get(ref.id)
            wanted = writes[row["key"]].values
            if record is None or record.ref != ref:
                outcome: Outcome = Conflict(row["key"])
                gone += [] if record else [str(ref)]
            elif all(record.values.get(name) == value for name, value in wanted.items() if name != "synced_at"):
                if row["state"] != "unknown":
                    equal.append(End(row, "unchanged", ref=str(ref), results=dict(wanted)))
                    continue
                outcome = Done(row["key"], ref, dict(wanted))
            elif any(record.values.get(name) != value for name, value in row["seen"].items()):
                outcome = Conflict(row["key"])
                differing.append(record)
            elif not _may_be_absent(tx, row, settle_seconds):
                continue
            else:
                writes[row["key"]] = with_seen(writes[row["key"]], record)
                send.append(row)
                continue
            judged.append((row, writes[row["key"]], outcome))
        sending.finish(tx, batch, equal)
        commit(engine, tx, batch, judged)
        records.bury(tx, gone)
    if differing:  # decided anew on what is there, or it would differ for ever
        store(engine, batch, Page(differing), dry=False)
    return send
