"""Connections, transactions and migrations of the integration database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from interlock.errors import ConfigurationError, SystemUnavailable

Transaction = psycopg.Connection[dict[str, Any]]


class Database:
    """One integration database, reached by a libpq connection string; a connection is opened when needed and reused.

    Nothing is prepared: a plan that is kept knows neither how many records a statement is about nor that its tables have grown.
    """

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection: Transaction | None = None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction: commits at the end of the block, rolls back on an error.

        Raises SystemUnavailable when the database cannot be reached or goes away; what was not committed did not happen.
        """
        try:
            connection = self._open()
            with connection.transaction():
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise SystemUnavailable(f"the integration database is not reachable ({type(error).__name__})") from error

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Transaction:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.dsn, autocommit=True, connect_timeout=10, row_factory=dict_row, prepare_threshold=None
            )
        return self._connection


@contextmanager
def opened(dsn: str) -> Iterator[Transaction]:
    """Open one transaction on a database whose schema fits, and close the connection after it.

    Raises SystemUnavailable, or ConfigurationError when the schema is missing or of another version.
    """
    database = Database(dsn)
    try:
        with database.begin() as tx:
            require_schema(tx)
            yield tx
    finally:
        database.close()


MANY = 1_000


def refresh_statistics(tx: Transaction, rows: int, *tables: str) -> None:
    """Tell the planner how many records tables hold by now, once many came: it would plan for nearly empty ones."""
    if rows >= MANY:
        tx.execute(f"ANALYZE {', '.join(f'interlock.{table}' for table in tables)}")


def migrate(dsn: str) -> str:
    """Bring the schema up to date and return its revision; safe to run twice or by two at once."""
    from alembic import command  # noqa: PLC0415 - heavy, and needed by one command only
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(dsn))
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(710401)")
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS interlock")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return str(ScriptDirectory.from_config(config).get_current_head())


def require_schema(tx: Transaction) -> None:
    """Raise ConfigurationError with the cure when the schema is missing."""
    row = tx.execute("SELECT to_regclass('interlock.run_report') AS found").fetchone()
    if row is None or row["found"] is None:
        raise ConfigurationError("the integration database has no Interlock schema; run `interlock migrate`")
