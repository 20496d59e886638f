"""Hold subjects back before anything is decided about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.store import outbox, people, work
from interlock.store.work import Subject


def hold_back(
    engine: Engine, batch: UUID, found: Mapping[str, Sequence[Problem]], *, dry: bool, again: Sequence[str] = ()
) -> None:
    """Put subjects into quarantine, as their versions read now, and send nothing that older versions of them wanted.

    Those in `again` are looked at each time nevertheless.
    """
    with engine.database.begin() as tx:
        rows = tx.execute(
            "SELECT ref, inputs FROM interlock.batch_subject WHERE batch_id = %s AND ref = ANY(%s)", [batch, list(found)]
        ).fetchall()
        held = [Subject(row["ref"], row["inputs"], "rejected", ", ".join(p.code for p in found[row["ref"]])) for row in rows]
        work.set_outcomes(tx, batch, held)
        if dry:
            return
        for subject in held:
            people.quarantine(tx, engine.process, batch, subject.ref, found[subject.ref])
        outbox.withdraw(tx, engine.process, [subject.ref for subject in held], ())
        work.decided(tx, engine.process, engine.flow.config(engine.settings), held)
        work.redecide(tx, engine.process, again)
