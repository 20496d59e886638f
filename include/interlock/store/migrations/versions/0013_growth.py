"""Merged records by their survivor; no statistics of bodies, which nothing is looked up by and which take longest to gather."""

from alembic import op

revision = "0013"
down_revision = "0012"

BODIES = {
    "staged": ("body", "problems"), "snapshot": ("body", "problems"), "change": ("body", "seen", "results"),
}  # fmt: skip


def upgrade() -> None:
    op.get_bind().exec_driver_sql("CREATE INDEX redirect_to ON interlock.redirect (to_ref)")
    _statistics(0)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP INDEX interlock.redirect_to")
    _statistics(-1)


def _statistics(target: int) -> None:
    for table, columns in BODIES.items():
        settings = ", ".join(f"ALTER {column} SET STATISTICS {target}" for column in columns)
        op.get_bind().exec_driver_sql(f"ALTER TABLE interlock.{table} {settings}")
