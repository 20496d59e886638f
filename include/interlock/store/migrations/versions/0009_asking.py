"""What people were asked about, word by word, what they approved, and who may not answer."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
ALTER TABLE interlock.change ADD approved_hash text NOT NULL DEFAULT '';
ALTER TABLE interlock.approval ADD excluded text[] NOT NULL DEFAULT '{}', ADD former bigint;
CREATE TABLE interlock.asked (
    approval_id bigint REFERENCES interlock.approval, change_id bigint, body jsonb NOT NULL,
    PRIMARY KEY (approval_id, change_id));
CREATE INDEX asked_change ON interlock.asked (change_id, approval_id);
INSERT INTO interlock.asked (approval_id, change_id, body)
    SELECT a.id, c.id, c.body FROM interlock.approval a JOIN interlock.change c ON c.id = ANY(a.change_ids)
    WHERE a.state = 'open' AND c.state = 'held';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "DROP TABLE interlock.asked; ALTER TABLE interlock.approval DROP excluded, DROP former;"
        "ALTER TABLE interlock.change DROP approved_hash"
    )
