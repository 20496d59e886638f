"""What matching asked of a person, and what the person said."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE interlock.match_candidate (
    account text NOT NULL, rank integer NOT NULL, candidate text NOT NULL, score numeric(5, 1) NOT NULL,
    evidence text[] NOT NULL, against text[] NOT NULL, active boolean NOT NULL, taken_by text,
    PRIMARY KEY (account, rank));
CREATE TABLE interlock.match_decision (
    account text PRIMARY KEY, customer text, decided_by text NOT NULL, why text NOT NULL DEFAULT '',
    decided_at timestamptz NOT NULL DEFAULT now());
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE interlock.match_candidate, interlock.match_decision")
