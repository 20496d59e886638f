"""How the CRM was read when a watermark began, and what a run left out of a record."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE interlock.watermark ADD reading text NOT NULL DEFAULT '';"
        "ALTER TABLE interlock.batch_subject ADD left_out jsonb NOT NULL DEFAULT '[]'"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE interlock.watermark DROP reading; ALTER TABLE interlock.batch_subject DROP left_out"
    )
