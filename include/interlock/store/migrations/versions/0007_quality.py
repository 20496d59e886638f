"""Typed staging tables of every kind that is checked, and what the checks found: keys and counts."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE interlock.checked_contact (
    batch_id uuid, ref text, account text NOT NULL, name text, email text, phone text, country text,
    PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.checked_deal (
    batch_id uuid, ref text, account text NOT NULL, won_at timestamptz, PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.checked_customer (
    batch_id uuid, ref text, account text NOT NULL, number text, PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.finding (
    batch_id uuid, kind text, field text, code text, message text NOT NULL, checked integer NOT NULL, keys text[] NOT NULL,
    PRIMARY KEY (batch_id, kind, field, code));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "DROP TABLE interlock.checked_contact, interlock.checked_deal, interlock.checked_customer, interlock.finding"
    )
