"""Late doubles of customers and notes, and prehistories past their time: what only a look at everything finds (invariant 2)."""

from __future__ import annotations

from uuid import UUID

from interlock.domain.change import Role
from interlock.domain.identity import Ref
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.engine.doubles import removal, remove_doubles
from interlock.engine.leads.histories import clear_histories
from interlock.processes import prehistory
from interlock.store import audit, crosswalk, people, records, work

TWICE = Problem("customer_twice", "", "two customers carry this account's reference; merge them in the ERP, or delete one")
NOTES: tuple[tuple[str, Role], ...] = (("note", "crm"), (prehistory.KIND, "erp"))


def sweep(engine: Engine, batch: UUID) -> None:
    """Remove doubles that a late commit left and prehistories past their time."""
    _customers(engine, batch)
    remove_doubles(engine, NOTES)
    clear_histories(engine)


def _customers(engine: Engine, batch: UUID) -> None:
    """Same reference on two customers: keep the linked one; remove the other if it is our late double and unused, else ask."""
    with engine.database.begin() as tx:
        found = crosswalk.doubles(tx, engine.erp.instance().id)
    for row in found:
        removed = row["late"] and engine.erp.remove(Ref.parse(row["customer"]))
        with engine.database.begin() as tx:
            if removed:
                records.bury(tx, [row["customer"]])
                audit.append(tx, [removal(engine, "customer", row["customer"], row["account"])])
            else:
                people.hold_also(tx, engine.process, batch, row["account"], [TWICE])
                work.set_outcome(tx, batch, row["account"], "rejected", TWICE.code)
