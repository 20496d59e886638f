"""Read what changed into snapshots; watermarks move in the same commit (invariant 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from interlock.domain.change import Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Engine
from interlock.ports.system import System
from interlock.store import batches, crosswalk, families, records

COMMIT = 2_000  # records a commit, about


def gather(engine: Engine, batch: UUID) -> None:
    """Read accounts, deals, contacts, customers: those changed since the watermark, all of them (`full`), or the named ones."""
    with engine.timed(batch, "gather"):
        with engine.database.begin() as tx:
            row = batches.batch(tx, batch)
            tx.execute("DELETE FROM interlock.staged WHERE batch_id = %s", [batch])
        dry = bool(row["dry_run"])
        if row["named"]:
            _named(engine, batch, [Ref.parse(name) for name in row["named"]], dry=dry)
        else:
            for kind in ("account", "deal", "contact", "customer"):
                system = engine.erp if kind == "customer" else engine.crm
                _feed(engine, batch, system, kind, full=row["full_read"], dry=dry)
        if not dry:
            _link(engine, batch)
        with engine.database.begin() as tx:
            records.refresh_statistics(tx, batch, "snapshot", "crosswalk")


def _link(engine: Engine, batch: UUID) -> None:
    """Bring the crosswalk up to date with what was read: references in the ERP, merges on either side."""
    crm, erp = engine.crm.instance().id, engine.erp.instance().id
    with engine.database.begin() as tx:
        crosswalk.rebuild(tx, crm, erp)
        strangers, left = crosswalk.strangers(tx, crm, erp), crosswalk.left(tx)
    gone = _read(engine, batch, engine.crm, [Ref.parse(ref) for ref in strangers], dry=False)
    _read(engine, batch, engine.erp, [Ref.parse(ref) for ref in left], dry=False)
    with engine.database.begin() as tx:
        records.tombstone(tx, batch, gone)
        crosswalk.follow_merges(tx)


def _feed(engine: Engine, batch: UUID, system: System, kind: str, *, full: bool, dry: bool) -> None:
    instance, reading = system.instance().id, _reading(engine, system)
    since = None if full else _since(engine, system, kind)
    for page in _together(system.changed(kind, since)):
        _store(engine, batch, page, dry=dry, reading=reading)
    if since is None and not dry:
        _bury_missing(engine, batch, system, kind)
        with engine.database.begin() as tx:
            records.all_read(tx, instance, kind, reading)
    if kind == "account":
        _unknown_parents(engine, batch, dry=dry)
    if kind in {"deal", "contact"}:
        with engine.database.begin() as tx:
            orphans = records.orphans(tx, instance, kind)
        _read(engine, batch, system, [Ref.parse(ref) for ref in orphans], dry=dry)
    if kind == "deal":
        _parents_of_deals(engine, batch, dry=dry)


def _together(pages: Iterable[Page]) -> Iterator[Page]:
    """Join small pages, so that a commit holds many records; each is complete up to the last timestamp known."""
    records: list[Record] = []
    watermark = None
    for page in pages:
        records += page.records
        watermark = page.watermark or watermark
        if len(records) >= COMMIT:
            yield Page(records, watermark)
            records = []
    if records or watermark:
        yield Page(records, watermark)


def _since(engine: Engine, system: System, kind: str) -> datetime | None:
    """Return from when on to read: the watermark less the overlap; None when everything was never read."""
    with engine.database.begin() as tx:
        mark = records.watermark(tx, system.instance().id, kind, _reading(engine, system))
    return mark - timedelta(seconds=system.traits(kind).overlap_seconds) if mark else None


def _store(engine: Engine, batch: UUID, page: Page, *, dry: bool, reading: str = "") -> None:
    with engine.database.begin() as tx:
        records.stage(tx, batch, page.records)
        if dry:
            return
        records.merge(tx, batch, [str(record.ref) for record in page.records])
        merged = [(str(replace(record.ref, id=old)), str(record.ref)) for record in page.records for old in record.merged_from]
        crosswalk.redirect(tx, merged)
        if page.watermark and page.records:
            ref = page.records[0].ref
            records.advance(tx, ref.instance, ref.kind, page.watermark, reading)


def _reading(engine: Engine, system: System) -> str:
    """Name how a system's records are read: settings shape what the CRM's say, and a changed one is read anew."""
    return engine.settings.reading if system is engine.crm else ""


def _parents_of_deals(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Read accounts that a changed deal belongs to and that no reading has brought yet."""
    with engine.database.begin() as tx:
        rows = tx.execute(
            "SELECT DISTINCT parent FROM interlock.staged t WHERE batch_id = %s AND parent IS NOT NULL AND NOT EXISTS"
            " (SELECT FROM interlock.staged a WHERE a.batch_id = t.batch_id AND a.ref = t.parent)"
            " AND NOT EXISTS (SELECT FROM interlock.snapshot a WHERE a.ref = t.parent)",
            [batch],
        ).fetchall()
    _read(engine, batch, engine.crm, [Ref.parse(row["parent"]) for row in rows], dry=dry)


def _unknown_parents(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Ask once for parents that the listing did not bring: they were merged into another account, or are gone."""
    with engine.database.begin() as tx:
        above = families.unknown(tx, batch if dry else None)
    gone = _read(engine, batch, engine.crm, [Ref.parse(ref) for ref in above], dry=dry)
    if not dry:
        with engine.database.begin() as tx:
            records.tombstone(tx, batch, gone)


def _read(engine: Engine, batch: UUID, system: System, refs: list[Ref], *, dry: bool) -> list[Ref]:
    """Read records by id, following merges, and return the ids that are gone."""
    found: dict[str, Record] = {}
    if refs:
        asked = system.read(refs[0].kind, [ref.id for ref in refs])
        found = {old: _survivor(old, record) for old, record in asked.items()}
        _store(engine, batch, Page(list(_distinct(found.values()))), dry=dry)
    return [ref for ref in refs if ref.id not in found]


def _survivor(asked: str, record: Record) -> Record:
    return record if asked in {record.ref.id, *record.merged_from} else replace(record, merged_from=(*record.merged_from, asked))


def _distinct(found: Iterable[Record]) -> Iterable[Record]:
    by_ref: dict[Ref, Record] = {}
    for record in found:
        merged = {*record.merged_from, *(by_ref[record.ref].merged_from if record.ref in by_ref else ())}
        by_ref[record.ref] = replace(record, merged_from=tuple(sorted(merged)))
    return by_ref.values()


def _bury_missing(engine: Engine, batch: UUID, system: System, kind: str) -> None:
    """A record is gone only after a completed full read and a direct get that says so."""
    with engine.database.begin() as tx:
        records.refresh_statistics(tx, batch, "snapshot")
        missing = records.missing_after_full(tx, batch, system.instance().id, kind)
    gone = _read(engine, batch, system, [Ref.parse(ref) for ref in missing], dry=False)
    if gone:
        with engine.database.begin() as tx:
            records.bury(tx, [str(ref) for ref in gone])


def _named(engine: Engine, batch: UUID, accounts: list[Ref], *, dry: bool) -> None:
    """Read some accounts with their deals and customers, those found by our reference too; no watermark moves.

    For those that are new, whatever customers changed are read as well: a new account is matched against all of them.
    """
    _read(engine, batch, engine.crm, accounts, dry=dry)
    _ancestors(engine, batch, set(accounts), dry=dry)
    with engine.database.begin() as tx:
        family = [Ref.parse(ref) for ref in batches.scope(tx, batch) or ()]
        rows = tx.execute("SELECT customer FROM interlock.crosswalk WHERE account = ANY(%s)", [list(map(str, family))]).fetchall()
    for kind in ("deal", "contact"):
        _children(engine, batch, kind, family, dry=dry)
    customers = [Ref.parse(row["customer"]) for row in rows]
    wanted = [Write(str(ref), "create", "customer", {}, subject=ref) for ref in family]
    referring = [record.ref for records_found in engine.erp.find(wanted).values() for record in records_found]
    _read(engine, batch, engine.erp, list(dict.fromkeys([*customers, *referring])), dry=dry)
    if len(customers) < len(accounts):
        for page in engine.erp.changed("customer", _since(engine, engine.erp, "customer")):
            _store(engine, batch, Page(page.records), dry=dry)


def _ancestors(engine: Engine, batch: UUID, read: set[Ref], *, dry: bool) -> None:
    """Read the parents of named accounts too, generation by generation: those that become customers do so first."""
    while True:
        with engine.database.begin() as tx:
            above = [ref for ref in map(Ref.parse, batches.scope(tx, batch) or ()) if ref not in read]
        if not above:
            return
        read.update(above)
        gone = _read(engine, batch, engine.crm, above, dry=dry)
        if not dry:
            with engine.database.begin() as tx:
                records.bury(tx, [str(ref) for ref in gone])


def _children(engine: Engine, batch: UUID, kind: str, accounts: list[Ref], *, dry: bool) -> None:
    """Read what hangs on some accounts; what hung on them before has moved, or is gone if a direct get says so."""
    page = Page(list(engine.crm.children(kind, accounts)))
    _store(engine, batch, page, dry=dry)
    with engine.database.begin() as tx:
        others = records.children_besides(tx, kind, list(map(str, accounts)), [str(record.ref) for record in page.records])
    gone = _read(engine, batch, engine.crm, [Ref.parse(ref) for ref in others], dry=dry)
    if gone and not dry:
        with engine.database.begin() as tx:
            records.bury(tx, [str(ref) for ref in gone])
