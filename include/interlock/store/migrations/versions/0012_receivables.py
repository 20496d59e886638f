"""Receivables: how invoices stood when last decided about, and what finds them."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
ALTER TABLE interlock.batch ADD COLUMN bank_booked_on date;
CREATE TABLE interlock.standing (ref text PRIMARY KEY, body jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX snapshot_receivable ON interlock.snapshot ((body ->> 'contract')) WHERE kind = 'receivable';
CREATE INDEX change_target ON interlock.change (target);
CREATE TABLE interlock.checked_receivable (
    batch_id uuid, ref text, account text NOT NULL, number text, currency text, PRIMARY KEY (batch_id, ref));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "DROP TABLE interlock.standing, interlock.checked_receivable; DROP INDEX interlock.snapshot_receivable;"
        " DROP INDEX interlock.change_target; ALTER TABLE interlock.batch DROP COLUMN bank_booked_on"
    )
