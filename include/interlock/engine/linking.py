"""Which customers accounts have: read those of some, and bring the crosswalk up to date with what was read."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interlock.domain.change import Write
from interlock.domain.identity import Ref
from interlock.engine.context import Engine
from interlock.engine.reading import read
from interlock.store import crosswalk, records


def read_customers(engine: Engine, batch: UUID, accounts: Sequence[Ref], *, dry: bool) -> int:
    """Read the customers that accounts are linked to, and those that bear their reference; returns how many links there are."""
    with engine.database.begin() as tx:
        linked = [Ref.parse(customer) for customer in crosswalk.customers_of(tx, list(map(str, accounts)))]
    wanted = [Write(str(ref), "create", "customer", {}, subject=ref) for ref in accounts]
    found = engine.erp.find(wanted) if wanted else {}
    referring = [record.ref for several in found.values() for record in several]
    read(engine, batch, engine.erp, list(dict.fromkeys([*linked, *referring])), dry=dry)
    return len(linked)


def link(engine: Engine, batch: UUID) -> None:
    """Bring the crosswalk up to date with what was read: references in the ERP, merges on either side."""
    crm, erp = engine.crm.instance().id, engine.erp.instance().id
    with engine.database.begin() as tx:
        crosswalk.rebuild(tx, crm, erp)
        strangers, left = crosswalk.strangers(tx, crm, erp), crosswalk.left(tx)
    gone = read(engine, batch, engine.crm, [Ref.parse(ref) for ref in strangers], dry=False)
    read(engine, batch, engine.erp, [Ref.parse(ref) for ref in left], dry=False)
    with engine.database.begin() as tx:
        records.tombstone(tx, batch, gone)
        crosswalk.follow_merges(tx)
