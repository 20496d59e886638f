"""Dry runs look records up by what they are asked for, as runs do: among what was staged nothing is sorted first."""

from alembic import op

revision = "0014"
down_revision = "0013"

COLUMNS = "ref text, instance text, kind text, revision text, body jsonb, parent text, problems jsonb, archived boolean"
STAGED = "t.ref, t.instance, t.kind, t.revision, t.body, t.parent, t.problems, t.archived FROM interlock.staged t"
CURRENT = f"""
CREATE OR REPLACE FUNCTION interlock.current_records(scratch uuid) RETURNS TABLE ({COLUMNS})
LANGUAGE sql STABLE AS $$
    SELECT {{0}}
    UNION ALL
    SELECT s.ref, s.instance, s.kind, s.revision, s.body, s.parent, s.problems, s.archived FROM interlock.snapshot s
    WHERE scratch IS NULL OR NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = scratch AND t.ref = s.ref)
$$
"""  # noqa: S608 - constants
BEFORE = f"DISTINCT ON (t.ref) {STAGED} WHERE t.batch_id = scratch"
LATEST = f"""{STAGED} WHERE t.batch_id = scratch AND t.dry AND NOT EXISTS (SELECT FROM interlock.staged n
        WHERE n.batch_id = scratch AND n.ref = t.ref AND (n.modified_at, n.place) > (t.modified_at, t.place))"""
INDEXES = {
    "staged_parent": "(batch_id, parent) WHERE dry AND parent IS NOT NULL",
    "staged_receivable": "(batch_id, (body ->> 'contract')) WHERE dry AND kind = 'receivable'",
    "staged_invoice": "(batch_id, (body #>> '{key,contract}')) WHERE dry AND kind = 'invoice'",
    "staged_contract": "(batch_id, (body ->> 'number')) WHERE dry AND kind = 'contract'",
}


def upgrade() -> None:
    """Runs that are no dry runs stage into none of the indexes; `place` says which of two versions was staged last."""
    _run("ALTER TABLE interlock.staged ADD dry boolean NOT NULL DEFAULT false, ADD place bigint GENERATED ALWAYS AS IDENTITY")
    _run("UPDATE interlock.staged t SET dry = true FROM interlock.batch b WHERE b.id = t.batch_id AND b.dry_run")
    for name, columns in INDEXES.items():
        _run(f"CREATE INDEX {name} ON interlock.staged {columns}")
    _run(CURRENT.format(LATEST))


def downgrade() -> None:
    _run(CURRENT.format(BEFORE))
    for name in INDEXES:
        _run(f"DROP INDEX interlock.{name}")
    _run("ALTER TABLE interlock.staged DROP dry, DROP place")


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)
