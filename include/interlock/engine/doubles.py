"""Once-only effects whose first answer was lost and that may be there twice by now (invariant 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.domain.change import Role, Write
from interlock.domain.identity import Ref
from interlock.engine.context import Engine
from interlock.store import audit, effects, work

Row = dict[str, Any]


def remove_doubles(engine: Engine, kinds: Sequence[tuple[str, Role]]) -> None:
    """Keep of each such effect the one on record, and remove the others that nothing uses."""
    for kind, role in kinds:
        with engine.database.begin() as tx:
            rows = effects.doubtful(tx, engine.process, kind)
        _remove(engine, role, rows)


def _remove(engine: Engine, role: Role, rows: list[Row]) -> None:
    writes = [_write(row) for row in rows]
    found = engine.system(role).find(writes) if writes else {}
    for row in rows:
        for record in found.get(row["key"], ()):
            if str(record.ref) != row["result_ref"] and engine.system(role).remove(record.ref):
                with engine.database.begin() as tx:
                    audit.append(tx, [removal(engine, record.ref.kind, str(record.ref), row["subject"])])
                    work.redecide(tx, engine.process, [row["subject"]])


def _write(row: Row) -> Write:
    return Write(
        row["key"], row["operation"], row["kind"], row["body"],
        parent=Ref.parse(row["parent"]) if row["parent"] else None, subject=Ref.parse(row["subject"]),
    )  # fmt: skip


def removal(engine: Engine, kind: str, ref: str, subject: str) -> audit.Entry:
    """Say in the audit log that a late double was removed."""
    return audit.Entry(engine.owner, f"remove {kind}", ref, f"late double of {subject}")
