"""Changes whose fate is not known and that the present decision wants no more: once found absent, they are not sent again."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE interlock.change ADD unwanted boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE interlock.change DROP COLUMN unwanted")
