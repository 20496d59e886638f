"""Read contracts with their accounts, customers and invoices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page
from interlock.engine.context import Engine
from interlock.engine.linking import link, read_customers
from interlock.engine.reading import bury, feed, read, read_again, store
from interlock.errors import ConfigurationError
from interlock.ports.system import Invoicing
from interlock.store import batches, contracts

Row = dict[str, Any]


def gather(engine: Engine, batch: UUID, info: Row) -> None:
    """Read those changed since the watermark, all of them (`full`), or the named ones; then what is not posted, one by one."""
    dry = bool(info["dry_run"])
    if info["named"]:
        _named(engine, batch, [Ref.parse(name) for name in info["named"]], dry=dry)
    else:
        for kind in ("account", "contract", "customer", "invoice"):
            system = engine.erp if kind in {"customer", "invoice"} else engine.crm
            feed(engine, batch, system, kind, full=info["full_read"], dry=dry)
    if not dry:
        link(engine, batch)
    _unsettled(engine, batch, dry=dry)


def _unsettled(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Read every invoice that is not posted by its id: somebody may have deleted it, or one of its lines."""
    with engine.database.begin() as tx:
        open_ones = [Ref.parse(ref) for ref in contracts.unsettled_invoices(tx, engine.erp.instance().id)]
    read_again(engine, batch, engine.erp, open_ones, dry=dry)


def _named(engine: Engine, batch: UUID, named: list[Ref], *, dry: bool) -> None:
    """Read some contracts, those of some accounts, and what hangs on them; no watermark moves."""
    accounts = [ref for ref in named if ref.kind == "account"]
    wanted = [ref for ref in named if ref.kind == "contract"]
    theirs = Page(list(engine.crm.children("contract", accounts))) if accounts else Page([])
    store(engine, batch, theirs, dry=dry)
    gone = read(engine, batch, engine.crm, wanted, dry=dry)
    if not dry:
        bury(engine, gone)
    with engine.database.begin() as tx:
        subjects = list(dict.fromkeys([*wanted, *(record.ref for record in theirs.records)]))
        served = {record.parent for record in theirs.records}
        batches.name(tx, batch, [str(ref) for ref in (*subjects, *(ref for ref in accounts if ref not in served))])
        bodies = contracts.bodies(tx, batch if dry else None, [str(ref) for ref in subjects])
    people = {engine.crm.ref("account", i) for body in bodies for i in (body["account"], body["invoice_account"]) if i}
    read(engine, batch, engine.crm, sorted(people), dry=dry)
    read_customers(engine, batch, sorted(people), dry=dry)
    for several in invoicing(engine).invoices_of([body["number"] for body in bodies if body["number"]]).values():
        store(engine, batch, Page(list(several)), dry=dry)


def invoicing(engine: Engine) -> Invoicing:
    """Return the ERP as one that invoices; raises ConfigurationError when its connector does not."""
    if not isinstance(engine.erp, Invoicing):
        raise ConfigurationError(f"the connector {engine.settings.erp.system} does not invoice; name another as erp.system")
    return engine.erp
