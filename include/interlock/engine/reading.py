"""Read records of any kind into staging and snapshots; watermarks move in the same commit (invariant 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Engine
from interlock.ports.system import System
from interlock.store import crosswalk, records

COMMIT = 2_000  # records a commit, about


def feed(engine: Engine, batch: UUID, system: System, kind: str, *, full: bool, dry: bool) -> None:
    """Read what changed of a kind since its watermark, or all of it; what a reading of all does not bring may be gone."""
    instance, way = system.instance().id, _reading(engine, system)
    since = None if full else since_when(engine, system, kind)
    for page in _together(system.changed(kind, since)):
        store(engine, batch, page, dry=dry, reading=way)
    if since is None and not dry:
        _bury_missing(engine, batch, system, kind)
        with engine.database.begin() as tx:
            records.all_read(tx, instance, kind, way)


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


def since_when(engine: Engine, system: System, kind: str) -> datetime | None:
    """Return from when on to read: the watermark less the overlap; None when everything was never read."""
    with engine.database.begin() as tx:
        mark = records.watermark(tx, system.instance().id, kind, _reading(engine, system))
    return mark - timedelta(seconds=system.traits(kind).overlap_seconds) if mark else None


def store(engine: Engine, batch: UUID, page: Page, *, dry: bool, reading: str = "") -> None:
    """Stage a page and merge it into the snapshots, its merges and its watermark in the same commit."""
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


def read(engine: Engine, batch: UUID, system: System, refs: list[Ref], *, dry: bool) -> list[Ref]:
    """Read records by id, following merges, and return the ids that are gone."""
    found: dict[str, Record] = {}
    if refs:
        asked = system.read(refs[0].kind, [ref.id for ref in refs])
        found = {old: _survivor(old, record) for old, record in asked.items()}
        store(engine, batch, Page(list(_distinct(found.values()))), dry=dry)
    return [ref for ref in refs if ref.id not in found]


def read_again(engine: Engine, batch: UUID, system: System, refs: Sequence[Ref], *, dry: bool) -> None:
    """Read records by id that may have changed or gone without a trace, and remember which are gone."""
    for kind in dict.fromkeys(ref.kind for ref in refs):
        alike = [ref for ref in refs if ref.kind == kind]
        for start in range(0, len(alike), COMMIT):
            gone = read(engine, batch, system, alike[start : start + COMMIT], dry=dry)
            if gone and not dry:
                with engine.database.begin() as tx:
                    records.tombstone(tx, batch, gone)
                bury(engine, gone)


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
    bury(engine, read(engine, batch, system, [Ref.parse(ref) for ref in missing], dry=False))


def bury(engine: Engine, gone: list[Ref]) -> None:
    """Mark records that a direct read did not find as gone."""
    if gone:
        with engine.database.begin() as tx:
            records.bury(tx, [str(ref) for ref in gone])
