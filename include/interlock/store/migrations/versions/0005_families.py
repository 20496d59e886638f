"""Parents of accounts: how deep a subject stands below the others of its run, and whether its parents form a circle."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        "ALTER TABLE interlock.batch_subject ADD depth integer NOT NULL DEFAULT 0, ADD cyclic boolean NOT NULL DEFAULT false"
    )


def downgrade() -> None:
    op.get_bind().exec_driver_sql("ALTER TABLE interlock.batch_subject DROP depth, DROP cyclic")
