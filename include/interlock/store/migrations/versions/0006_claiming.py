"""Claiming in the order in which changes are sent, and looking up what they depend on, by index: a first load has many."""

from alembic import op

revision = "0006"
down_revision = "0005"

INDEXES = """
CREATE INDEX change_ready ON interlock.change (process, system, kind, operation, id) WHERE state IN ('pending', 'unknown');
CREATE INDEX change_settled ON interlock.change (key) WHERE state IN ('done', 'unchanged');
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(INDEXES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP INDEX interlock.change_ready, interlock.change_settled")
