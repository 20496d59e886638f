"""First schema: records, decisions, outbox, people's decisions, proof."""

from alembic import op

revision = "0001"
down_revision = None

RECORDS = """
CREATE TABLE interlock.pinned (
    role text PRIMARY KEY, instance text NOT NULL, product text NOT NULL, version text NOT NULL,
    pinned_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE interlock.batch (
    id uuid PRIMARY KEY, process text NOT NULL, run_id text NOT NULL, dry_run boolean NOT NULL,
    full_read boolean NOT NULL, named text[], actor text NOT NULL, started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz, seconds jsonb NOT NULL DEFAULT '{}', UNIQUE (process, run_id));
CREATE TABLE interlock.watermark (
    instance text, kind text, at timestamptz NOT NULL, PRIMARY KEY (instance, kind));
CREATE TABLE interlock.staged (
    batch_id uuid NOT NULL, ref text NOT NULL, instance text NOT NULL, kind text NOT NULL, revision text NOT NULL,
    modified_at timestamptz NOT NULL, body jsonb NOT NULL, parent text, problems jsonb NOT NULL, archived boolean NOT NULL);
CREATE INDEX staged_batch ON interlock.staged (batch_id, ref);
CREATE TABLE interlock.snapshot (
    ref text PRIMARY KEY, instance text NOT NULL, kind text NOT NULL, revision text NOT NULL,
    modified_at timestamptz NOT NULL, body jsonb NOT NULL, parent text, problems jsonb NOT NULL,
    archived boolean NOT NULL, seen_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX snapshot_kind ON interlock.snapshot (instance, kind, ref);
CREATE INDEX snapshot_parent ON interlock.snapshot (parent) WHERE parent IS NOT NULL;
CREATE TABLE interlock.redirect (from_ref text PRIMARY KEY, to_ref text NOT NULL);
CREATE FUNCTION interlock.current_records(scratch uuid) RETURNS TABLE (
    ref text, instance text, kind text, revision text, body jsonb, parent text, problems jsonb, archived boolean)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (t.ref) t.ref, t.instance, t.kind, t.revision, t.body, t.parent, t.problems, t.archived
    FROM interlock.staged t WHERE t.batch_id = scratch
    UNION ALL
    SELECT s.ref, s.instance, s.kind, s.revision, s.body, s.parent, s.problems, s.archived FROM interlock.snapshot s
    WHERE scratch IS NULL OR NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = scratch AND t.ref = s.ref)
$$;
CREATE TABLE interlock.crosswalk (
    account text PRIMARY KEY, customer text NOT NULL, number text NOT NULL, is_primary boolean NOT NULL DEFAULT true,
    origin text NOT NULL, linked_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX crosswalk_primary ON interlock.crosswalk (customer) WHERE is_primary;
"""

DECISIONS = """
CREATE TABLE interlock.subject (
    process text, ref text, inputs text NOT NULL, config text NOT NULL, state text NOT NULL, reason text NOT NULL DEFAULT '',
    due_at timestamptz, since timestamptz NOT NULL DEFAULT now(), decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (process, ref));
CREATE TABLE interlock.batch_subject (
    batch_id uuid, ref text, inputs text NOT NULL, is_work boolean NOT NULL, outcome text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '', PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.checked_account (
    batch_id uuid, ref text, legal_name text, vat_id text, register_number text, language text, phone text, website text,
    street text, postal_code text, city text, country text, PRIMARY KEY (batch_id, ref));
CREATE TABLE interlock.quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, process text NOT NULL, ref text NOT NULL, revision text NOT NULL,
    code text NOT NULL, field text NOT NULL DEFAULT '', message text NOT NULL, detail text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'released', 'ignored', 'resolved')),
    batch_id uuid, opened_at timestamptz NOT NULL DEFAULT now(), decided_by text, decided_revision text, why text,
    decided_at timestamptz);
CREATE UNIQUE INDEX quarantine_open ON interlock.quarantine (process, ref, code, field) WHERE state = 'open';
CREATE INDEX quarantine_ref ON interlock.quarantine (process, ref);
CREATE TABLE interlock.approval (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, process text NOT NULL, batch_id uuid NOT NULL,
    change_ids bigint[] NOT NULL, content_hash text NOT NULL, reason text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected', 'void')),
    requested_at timestamptz NOT NULL DEFAULT now(), decided_by text, decided_at timestamptz);
CREATE TABLE interlock.paused (
    name text PRIMARY KEY, actor text NOT NULL, why text NOT NULL, since timestamptz NOT NULL DEFAULT now());
"""

OUTBOX = """
CREATE SEQUENCE interlock.fencing_token;
CREATE SEQUENCE interlock.reserved_number;
CREATE TABLE interlock.lease (
    target text PRIMARY KEY, owner text NOT NULL, token bigint NOT NULL, until timestamptz NOT NULL);
CREATE TABLE interlock.change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, once boolean NOT NULL, process text NOT NULL,
    system text NOT NULL, operation text NOT NULL, kind text NOT NULL, target text NOT NULL, subject text NOT NULL,
    ref text, parent text, body jsonb NOT NULL, seen jsonb NOT NULL, depends_on text[] NOT NULL, why text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN
        ('pending', 'held', 'sending', 'unknown', 'done', 'unchanged', 'rejected', 'stale', 'cancelled')),
    reason text NOT NULL DEFAULT '', attempt integer NOT NULL DEFAULT 0, token bigint,
    not_before timestamptz NOT NULL DEFAULT now(), unknown_since timestamptz, looks integer NOT NULL DEFAULT 0,
    ever_unknown boolean NOT NULL DEFAULT false, result_ref text, results jsonb NOT NULL DEFAULT '{}',
    batch_id uuid NOT NULL, done_batch uuid, decided_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz);
CREATE UNIQUE INDEX change_key ON interlock.change (key)
    WHERE once OR state IN ('pending', 'held', 'sending', 'unknown');
CREATE UNIQUE INDEX change_one_open ON interlock.change (target, kind)
    WHERE state IN ('pending', 'held', 'sending', 'unknown');
CREATE INDEX change_open ON interlock.change (process, system, state, id)
    WHERE state IN ('pending', 'held', 'sending', 'unknown');
CREATE INDEX change_subject ON interlock.change (subject);
CREATE INDEX change_batch ON interlock.change (done_batch);
"""

PROOF = """
CREATE TABLE interlock.run_report (
    batch_id uuid PRIMARY KEY, process text NOT NULL, run_id text NOT NULL, body jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE interlock.audit (
    seq bigint PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, action text NOT NULL, subject text NOT NULL,
    why text NOT NULL, values_hash text NOT NULL, previous text NOT NULL, hash text NOT NULL);
CREATE TABLE interlock.audit_values (
    seq bigint PRIMARY KEY REFERENCES interlock.audit (seq), salt text NOT NULL, body jsonb NOT NULL);
CREATE FUNCTION interlock.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON interlock.audit
    FOR EACH STATEMENT EXECUTE FUNCTION interlock.refuse();
"""


def upgrade() -> None:
    for part in (RECORDS, DECISIONS, OUTBOX, PROOF):
        op.get_bind().exec_driver_sql(part)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP SCHEMA interlock CASCADE")
