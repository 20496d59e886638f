"""(b) Records staged as the engine does it, beside dlt into the same PostgreSQL and beside a bare COPY.

    python -m benchmarks.staging --size 100000 --pairs 3

Staging is what a dry run's gather does: pages of 200 records become rows with revision (a hash of their values) and canonical
JSON. Snapshots are what a run's gather does: the same, and every record is merged by its key into what is known, watermark
included. dlt: the same records in one load, replaced (against staging) or merged by key (against snapshots). COPY: the same
records, one statement, into a table without index; nothing that keeps them can be faster. The first round is not counted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Literal

import psycopg

from benchmarks.stand import cluster, company, engine, ratio, store
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from tests.engine.memory import Memory

PAGE = 200  # what HubSpot's search gives at a time
AT = datetime(2026, 2, 1, tzinfo=UTC)


class Listing(Memory):
    """A CRM with nothing but these accounts, each page's records made anew as a connector does."""

    rows: Sequence[Record] = ()

    def changed(self, kind: str, since: Any) -> Iterator[Page]:  # noqa: ARG002 - all of them are new
        for start in range(0, len(self.rows) if kind == "account" else 0, PAGE):
            page = [Record(row.ref, row.modified_at, row.values) for row in self.rows[start : start + PAGE]]
            yield Page(page, page[-1].modified_at)


def made(size: int) -> list[Record]:
    return [Record(Ref("m:crm", "", "account", str(n)), AT + timedelta(seconds=n), dict(company(n))) for n in range(size)]


def gathered(dsn: str, rows: Sequence[Record], *, dry: bool) -> float:
    crm = Listing("m:crm")
    crm.rows = rows
    machine = engine(dsn, (crm, Memory("m:erp")))
    with machine.database.begin() as tx:
        tx.execute("TRUNCATE interlock.snapshot, interlock.staged, interlock.watermark, interlock.batch")
    batch = machine.open(Scope(uuid.uuid4().hex, dry_run=dry))
    begin = perf_counter()
    gather(machine, batch)
    seconds = perf_counter() - begin
    with machine.database.begin() as tx:
        table = "staged" if dry else "snapshot"
        row = tx.execute(f"SELECT count(*) AS n FROM interlock.{table}").fetchone()
        assert row == {"n": len(rows)}
    machine.database.close()
    return seconds


def loaded(dsn: str, rows: Sequence[Record], folder: str, how: Literal["replace", "merge"]) -> float:
    os.environ |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
    import dlt  # noqa: PLC0415 - only the dependency group `bench` has it

    name = f"dlt_{uuid.uuid4().hex[:8]}"
    pipeline = dlt.pipeline(name, pipelines_dir=folder, destination=dlt.destinations.postgres(dsn), dataset_name=name)
    source = ({"ref": str(row.ref), "modified_at": row.modified_at, **row.values} for row in rows)
    begin = perf_counter()
    pipeline.run(dlt.resource(source, name="account", primary_key="ref", write_disposition=how))
    seconds = perf_counter() - begin
    with psycopg.connect(dsn) as connection:
        found = connection.execute(f"SELECT count(*) FROM {name}.account").fetchone()
        assert found == (len(rows),)
        connection.execute(f"DROP SCHEMA {name} CASCADE")
    return seconds


def copied(dsn: str, rows: Sequence[Record]) -> float:
    with psycopg.connect(dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute("CREATE TABLE bare (ref text, modified_at timestamptz, body jsonb)")
        connection.commit()
        begin = perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            for row in rows:
                copy.write_row((str(row.ref), row.modified_at, Record(row.ref, row.modified_at, row.values).text))
        connection.commit()
        return perf_counter() - begin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    rows = made(chosen.size)
    with cluster() as postgres, tempfile.TemporaryDirectory(prefix="il-bench-") as folder:
        dsn = store(postgres, "staging")
        rounds = [
            (gathered(dsn, rows, dry=True), loaded(dsn, rows, folder, "replace"), copied(dsn, rows),
             gathered(dsn, rows, dry=False), loaded(dsn, rows, folder, "merge"))
            for _ in range(chosen.pairs + 1)
        ][1:]  # fmt: skip
    staged, replaced, copies, snapshots, merged = (list(column) for column in zip(*rounds, strict=True))
    what = f"(b) {chosen.size:,} records"
    ratio(f"{what} staged, times as fast as dlt", "at least 5", replaced, staged, "ours, dlt first")
    ratio(f"{what} staged, share of COPY's speed", "at least 0.5", copies, staged, "ours, COPY first")
    ratio(f"{what} merged into snapshots, times as fast as dlt's merge", "none set", merged, snapshots, "ours, dlt first")


if __name__ == "__main__":
    main()
