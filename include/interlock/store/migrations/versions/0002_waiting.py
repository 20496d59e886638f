"""Since when a change is open, so that waiting has a limit."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE interlock.change ADD opened_at timestamptz NOT NULL DEFAULT now()")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE interlock.change DROP opened_at")
