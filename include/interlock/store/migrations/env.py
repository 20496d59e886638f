"""Run migrations on the connection that `store.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="interlock", version_table="schema_version")
with context.begin_transaction():
    context.run_migrations()
