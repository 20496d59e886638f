"""Alembic migrations of the schema `interlock`."""
