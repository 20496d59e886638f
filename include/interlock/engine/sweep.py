"""Late doubles, and changes that have been open for too long: what only a look at everything finds (invariants 2 and 5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.change import Role, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.engine.histories import clear_histories
from interlock.processes import prehistory
from interlock.processes.view import WAITS
from interlock.store import audit, crosswalk, effects, people, records, work
from interlock.store.database import Transaction

Row = dict[str, Any]
TWICE = Problem("customer_twice", "", "two customers carry this account's reference; merge them in the ERP, or delete one")
WAITED = "waited_too_long"


def sweep(engine: Engine, batch: UUID) -> None:
    """Remove doubles that a late commit left and prehistories past their time; hold back what waited for too long."""
    _customers(engine, batch)
    _notes(engine)
    clear_histories(engine)
    with engine.database.begin() as tx:
        _waiting(engine, tx, batch)


def _customers(engine: Engine, batch: UUID) -> None:
    """Same reference on two customers: keep the linked one; remove the other if it is our late double and unused, else ask."""
    with engine.database.begin() as tx:
        found = crosswalk.doubles(tx, engine.erp.instance().id)
    for row in found:
        removed = row["late"] and engine.erp.remove(Ref.parse(row["customer"]))
        with engine.database.begin() as tx:
            if removed:
                records.bury(tx, [row["customer"]])
                audit.append(tx, [_removal(engine, "customer", row["customer"], row["account"])])
            else:
                people.quarantine(tx, engine.process, batch, row["account"], [TWICE])
                work.set_outcome(tx, batch, row["account"], "rejected", TWICE.code)


def _notes(engine: Engine) -> None:
    """A note whose first answer was lost may be there twice: keep the one on record."""
    roles: tuple[tuple[str, Role], ...] = (("note", "crm"), (prehistory.KIND, "erp"))
    for kind, role in roles:
        with engine.database.begin() as tx:
            rows = effects.doubtful(tx, engine.process, kind)
        _remove_doubles(engine, role, rows)


def _remove_doubles(engine: Engine, role: Role, rows: list[Row]) -> None:
    writes = [_write(row) for row in rows]
    found = engine.system(role).find(writes) if writes else {}
    for row in rows:
        for record in found.get(row["key"], ()):
            if str(record.ref) != row["result_ref"] and engine.system(role).remove(record.ref):
                with engine.database.begin() as tx:
                    audit.append(tx, [_removal(engine, record.ref.kind, str(record.ref), row["subject"])])


def _write(row: Row) -> Write:
    return Write(
        row["key"], row["operation"], row["kind"], row["body"],
        parent=Ref.parse(row["parent"]) if row["parent"] else None, subject=Ref.parse(row["subject"]),
    )  # fmt: skip


def _removal(engine: Engine, kind: str, ref: str, subject: str) -> audit.Entry:
    return audit.Entry(engine.owner, f"remove {kind}", ref, f"late double of {subject}")


def _waiting(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Say aloud what has been open for too long; it stays open, and the entry resolves once it is settled."""
    people.settled(tx, engine.process, WAITED)
    days, found = engine.settings.engine.waiting_days, dict[str, str]()
    for row in effects.overdue(tx, engine.process, days):
        what = row["reason"] or row["state"]
        found[row["subject"]] = f"a change for the {row['system']} is open for {row['days']} days: {what}"
    for row in work.lingering(tx, engine.process, days):
        found[row["ref"]] = f"it waits for {row['days']} days: {WAITS[row['reason']]}"
    for ref, message in found.items():
        people.quarantine(tx, engine.process, batch, ref, [Problem(WAITED, "", message)])
        work.set_outcome(tx, batch, ref, "rejected", WAITED)
