"""What the VAT register said of each VAT id last."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLE = """
CREATE TABLE interlock.vat_answer (
    vat_id text PRIMARY KEY, status text NOT NULL CHECK (status IN ('valid', 'invalid', 'unknown')),
    asked_at timestamptz NOT NULL, last_valid_on date, request_id text NOT NULL DEFAULT '', requester text NOT NULL,
    CHECK (status <> 'valid' OR (last_valid_on IS NOT NULL AND request_id <> '')));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE interlock.vat_answer")
