"""(b) Staging and merging records as the engine does, beside dlt into the same PostgreSQL and beside a bare COPY.

    python -m benchmarks.staging --size 100000 --pairs 3

Ours: pages of records, each staged and merged into the snapshots in one commit with its revision (a hash of its values) and
its watermark. dlt: the same rows merged by their key into one table, in one load. COPY: the same texts, one statement, into
a table without index; nothing can be faster. Each round begins with empty tables.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter

import psycopg

from benchmarks.stand import cluster, ratio, store
from interlock.domain.identity import Ref, canonical
from interlock.domain.record import Record
from interlock.store import records
from interlock.store.database import Database
from tests.companies import company

PAGE = 200  # what HubSpot's search gives at a time
AT = datetime(2026, 2, 1, tzinfo=UTC)
SNAPSHOTS = "interlock.snapshot, interlock.staged, interlock.watermark"


def made(size: int) -> list[Record]:
    return [Record(Ref("bench", "", "account", str(n)), AT + timedelta(seconds=n), dict(company(n))) for n in range(size)]


def staged(dsn: str, rows: Sequence[Record]) -> float:
    """Take records into the snapshots page by page, as gather does."""
    database, batch = Database(dsn), uuid.uuid4()
    with database.begin() as tx:
        tx.execute(f"TRUNCATE {SNAPSHOTS}")
    begin = perf_counter()
    for start in range(0, len(rows), PAGE):
        page = [Record(row.ref, row.modified_at, row.values) for row in rows[start : start + PAGE]]
        with database.begin() as tx:
            records.stage(tx, batch, page)
            records.merge(tx, batch, [str(row.ref) for row in page])
            records.advance(tx, "bench", "account", page[-1].modified_at)
    seconds = perf_counter() - begin
    with database.begin() as tx:
        row = tx.execute("SELECT count(*) AS n FROM interlock.snapshot").fetchone()
        assert row
        assert row["n"] == len(rows)
    database.close()
    return seconds


def loaded(dsn: str, rows: Sequence[Record], folder: str) -> float:
    """Load the same rows with dlt, merged by their key."""
    os.environ |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
    import dlt  # noqa: PLC0415 - only the dependency group `bench` has it

    pipeline = dlt.pipeline(
        f"bench{uuid.uuid4().hex[:8]}", pipelines_dir=folder, destination=dlt.destinations.postgres(dsn),
        dataset_name=f"dlt_{uuid.uuid4().hex[:8]}",
    )  # fmt: skip
    source = ({"ref": str(row.ref), "modified_at": row.modified_at, **row.values} for row in rows)
    begin = perf_counter()
    pipeline.run(dlt.resource(source, name="account", primary_key="ref", write_disposition="merge"))
    seconds = perf_counter() - begin
    with psycopg.connect(dsn) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {pipeline.dataset_name}.account").fetchone() or (0,)
        assert count == len(rows)
        connection.execute(f"DROP SCHEMA {pipeline.dataset_name} CASCADE")
    return seconds


def copied(dsn: str, rows: Sequence[Record]) -> float:
    """Copy the same texts with one statement."""
    with psycopg.connect(dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute("CREATE TABLE bare (ref text, modified_at timestamptz, body jsonb)")
        connection.commit()
        begin = perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            for row in rows:
                copy.write_row((str(row.ref), row.modified_at, canonical(row.values)))
        connection.commit()
        return perf_counter() - begin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    rows = made(chosen.size)
    ours, dlts, copies = [], [], []
    with cluster() as postgres, tempfile.TemporaryDirectory(prefix="il-bench-") as folder:
        dsn = store(postgres, "staging")
        for _ in range(chosen.pairs):
            ours.append(staged(dsn, rows))
            dlts.append(loaded(dsn, rows, folder))
            copies.append(copied(dsn, rows))
    ratio(f"(b) {chosen.size:,} records staged, times as fast as dlt", "at least 5", dlts, ours, "ours, dlt first")
    ratio(f"(b) {chosen.size:,} records staged, share of COPY's speed", "at least 0.5", copies, ours, "ours, COPY first")


if __name__ == "__main__":
    main()
