"""Read accounts, deals, contacts and customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page
from interlock.engine.context import Engine
from interlock.engine.linking import link, read_customers
from interlock.engine.reading import bury, feed, read, since_when, store
from interlock.store import batches, families, records

Row = dict[str, Any]


def gather(engine: Engine, batch: UUID, info: Row) -> None:
    """Read those changed since the watermark, all of them (`full`), or the named ones."""
    dry = bool(info["dry_run"])
    if info["named"]:
        _named(engine, batch, [Ref.parse(name) for name in info["named"]], dry=dry)
    else:
        for kind in ("account", "deal", "contact", "customer"):
            system = engine.erp if kind == "customer" else engine.crm
            feed(engine, batch, system, kind, full=info["full_read"], dry=dry)
            _complete(engine, batch, kind, dry=dry)
    if not dry:
        link(engine, batch)


def _complete(engine: Engine, batch: UUID, kind: str, *, dry: bool) -> None:
    """Read what a kind's listing refers to and did not bring."""
    if kind == "account":
        _unknown_parents(engine, batch, dry=dry)
    if kind in {"deal", "contact"}:
        with engine.database.begin() as tx:
            orphans = records.orphans(tx, engine.crm.instance().id, kind)
        read(engine, batch, engine.crm, [Ref.parse(ref) for ref in orphans], dry=dry)
    if kind == "deal":
        _parents_of_deals(engine, batch, dry=dry)


def _parents_of_deals(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Read accounts that a changed deal belongs to and that no reading has brought yet."""
    with engine.database.begin() as tx:
        rows = tx.execute(
            "SELECT DISTINCT parent FROM interlock.staged t WHERE batch_id = %s AND parent IS NOT NULL AND NOT EXISTS"
            " (SELECT FROM interlock.staged a WHERE a.batch_id = t.batch_id AND a.ref = t.parent)"
            " AND NOT EXISTS (SELECT FROM interlock.snapshot a WHERE a.ref = t.parent)",
            [batch],
        ).fetchall()
    read(engine, batch, engine.crm, [Ref.parse(row["parent"]) for row in rows], dry=dry)


def _unknown_parents(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Ask once for parents that the listing did not bring: they were merged into another account, or are gone."""
    with engine.database.begin() as tx:
        above = families.unknown(tx, batch if dry else None)
    gone = read(engine, batch, engine.crm, [Ref.parse(ref) for ref in above], dry=dry)
    if not dry:
        with engine.database.begin() as tx:
            records.tombstone(tx, batch, gone)


def _named(engine: Engine, batch: UUID, accounts: list[Ref], *, dry: bool) -> None:
    """Read some accounts with their deals and customers, those found by our reference too; no watermark moves.

    For those that are new, whatever customers changed are read as well: a new account is matched against all of them.
    """
    read(engine, batch, engine.crm, accounts, dry=dry)
    _ancestors(engine, batch, set(accounts), dry=dry)
    with engine.database.begin() as tx:
        family = [Ref.parse(ref) for ref in batches.scope(tx, batch) or ()]
    for kind in ("deal", "contact"):
        _children(engine, batch, kind, family, dry=dry)
    if read_customers(engine, batch, family, dry=dry) < len(accounts):
        for page in engine.erp.changed("customer", since_when(engine, engine.erp, "customer")):
            store(engine, batch, Page(page.records), dry=dry)


def _ancestors(engine: Engine, batch: UUID, known: set[Ref], *, dry: bool) -> None:
    """Read the parents of named accounts too, generation by generation: those that become customers do so first."""
    while True:
        with engine.database.begin() as tx:
            above = [ref for ref in map(Ref.parse, batches.scope(tx, batch) or ()) if ref not in known]
        if not above:
            return
        known.update(above)
        gone = read(engine, batch, engine.crm, above, dry=dry)
        if not dry:
            bury(engine, gone)


def _children(engine: Engine, batch: UUID, kind: str, accounts: list[Ref], *, dry: bool) -> None:
    """Read what hangs on some accounts; what hung on them before has moved, or is gone if a direct get says so."""
    page = Page(list(engine.crm.children(kind, accounts)))
    store(engine, batch, page, dry=dry)
    with engine.database.begin() as tx:
        others = records.children_besides(tx, kind, list(map(str, accounts)), [str(record.ref) for record in page.records])
    gone = read(engine, batch, engine.crm, [Ref.parse(ref) for ref in others], dry=dry)
    if not dry:
        bury(engine, gone)
