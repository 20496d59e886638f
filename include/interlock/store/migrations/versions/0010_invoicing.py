"""Contracts: their frozen terms, how their recipient is taxed and since when, what a run makes of them, whom they wait for."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
ALTER TABLE interlock.batch ADD COLUMN as_of date;
ALTER TABLE interlock.batch_subject ADD COLUMN billing jsonb;
CREATE TABLE interlock.contract_term (
    contract text NOT NULL, number integer NOT NULL, body jsonb NOT NULL,
    renewal boolean NOT NULL DEFAULT false, frozen_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (contract, number));
CREATE TABLE interlock.tax_status (contract text PRIMARY KEY, status text NOT NULL, since date);
CREATE TABLE interlock.woken (
    process text NOT NULL, ref text NOT NULL, revision text NOT NULL, batch_id uuid NOT NULL,
    PRIMARY KEY (process, ref, revision));
CREATE INDEX snapshot_invoice ON interlock.snapshot ((body #>> '{key,contract}')) WHERE kind = 'invoice';
CREATE INDEX snapshot_contract ON interlock.snapshot ((body ->> 'number')) WHERE kind = 'contract';
CREATE TABLE interlock.checked_contract (
    batch_id uuid, ref text, account text, number text, starts date, currency text, lines integer, PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.checked_contract_line (
    batch_id uuid, ref text, account text NOT NULL, product text, tax_class text, description text,
    PRIMARY KEY (batch_id, ref));
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(
        "DROP TABLE interlock.contract_term, interlock.tax_status, interlock.woken, interlock.checked_contract,"
        " interlock.checked_contract_line; ALTER TABLE interlock.batch DROP COLUMN as_of;"
        " ALTER TABLE interlock.batch_subject DROP COLUMN billing"
    )
