"""Contracts as subjects of a process: what a decision depends on, all that it needs to know, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.store.database import Transaction
from interlock.store.work import Subjects

Row = dict[str, Any]

_LED: Final = """coalesce((SELECT r.to_ref FROM interlock.redirect r WHERE r.from_ref = {0}), {0})"""
ACCOUNT: Final = _LED.format("a.instance || '//account/' || coalesce(a.body ->> 'account', '')")
RECIPIENT: Final = _LED.format(
    "a.instance || '//account/' || coalesce(nullif(a.body ->> 'invoice_account', ''), a.body ->> 'account', '')"
)
"""The accounts that a contract `a` serves and that it invoices, merges followed."""

INPUTS: Final = f"""
SELECT a.ref, md5(concat_ws('|', a.revision, a.archived, s.customer, x.customer, c.revision, c.archived, r.revision, i.revisions,
    n.contracts)) AS inputs
FROM (SELECT a.*, {ACCOUNT} AS served, {RECIPIENT} AS recipient FROM interlock.current_records(%(scratch)s) a
    WHERE a.kind = 'contract' AND a.instance = %(crm)s) a
LEFT JOIN interlock.crosswalk s ON s.account = a.served
LEFT JOIN interlock.crosswalk x ON x.account = a.recipient
LEFT JOIN interlock.current_records(%(scratch)s) c ON c.ref = x.customer
LEFT JOIN interlock.current_records(%(scratch)s) r ON r.ref = a.recipient
LEFT JOIN (SELECT body #>> '{{key,contract}}' AS number, string_agg(concat_ws('|', ref, revision, archived), ',' ORDER BY ref)
    AS revisions FROM interlock.current_records(%(scratch)s) WHERE kind = 'invoice' GROUP BY 1) i
    ON i.number = a.body ->> 'number'
LEFT JOIN (SELECT body ->> 'number' AS number, count(*) AS contracts FROM interlock.current_records(%(scratch)s)
    WHERE kind = 'contract' AND NOT archived GROUP BY 1) n ON n.number = a.body ->> 'number'
WHERE NOT EXISTS (SELECT FROM interlock.redirect m WHERE m.from_ref = a.ref)
"""  # noqa: S608 - constants

VIEWS: Final = f"""
SELECT b.ref, b.inputs, b.outcome, a.body, a.revision, a.archived, a.problems, a.served, a.recipient,
    x.customer, x.customer = s.customer AS same_customer, c.body AS customer_body, c.archived AS customer_archived,
    r.body AS recipient_body, r.archived AS recipient_archived, r.revision AS recipient_revision,
    t.status AS tax_status, t.since AS tax_since,
    EXISTS (SELECT FROM interlock.current_records(%(scratch)s) o WHERE o.kind = 'contract' AND o.ref <> b.ref
        AND NOT o.archived
        AND o.body ->> 'number' = a.body ->> 'number' AND a.body ->> 'number' <> '') AS number_shared,
    coalesce((SELECT jsonb_agg(jsonb_build_object('ref', i.ref, 'body', i.body, 'archived', i.archived) ORDER BY i.ref)
        FROM interlock.current_records(%(scratch)s) i
        WHERE i.kind = 'invoice' AND i.body #>> '{{key,contract}}' = a.body ->> 'number'), '[]') AS invoices,
    coalesce((SELECT jsonb_agg(jsonb_build_object('kind', h.kind, 'body', h.body, 'state', h.state,
            'gone', h.state = 'done' AND EXISTS (SELECT FROM interlock.snapshot g WHERE g.ref = h.result_ref AND g.archived))
        ORDER BY h.id)
        FROM interlock.change h WHERE h.subject = b.ref AND h.process = %(process)s AND h.system = 'erp'), '[]') AS steps,
    ARRAY(SELECT n.key FROM interlock.change n WHERE n.subject = b.ref AND n.kind = 'note' AND n.state = 'done') AS noted,
    coalesce((SELECT jsonb_agg(jsonb_build_object('body', f.body, 'renewal', f.renewal) ORDER BY f.number)
        FROM interlock.contract_term f WHERE f.contract = b.ref), '[]') AS terms,
    EXISTS (SELECT FROM interlock.quarantine q WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'open'
        AND q.code = 'rejected_by_approver') AS rejected_by_approver,
    coalesce((SELECT jsonb_agg(jsonb_build_array(q.code, q.field, q.detail)) FROM interlock.quarantine q
        WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'released'), '[]') AS released
FROM interlock.batch_subject b
JOIN LATERAL (SELECT a.*, {ACCOUNT} AS served, {RECIPIENT} AS recipient FROM interlock.current_records(%(scratch)s) a
    WHERE a.ref = b.ref OFFSET 0) a ON true
LEFT JOIN interlock.crosswalk s ON s.account = a.served
LEFT JOIN interlock.crosswalk x ON x.account = a.recipient
LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) c WHERE c.ref = x.customer OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) r WHERE r.ref = a.recipient OFFSET 0) r ON true
LEFT JOIN interlock.tax_status t ON t.contract = b.ref
WHERE b.batch_id = %(batch)s AND b.is_work AND b.depth = %(depth)s AND b.ref > %(after)s ORDER BY b.ref LIMIT %(limit)s
"""  # noqa: S608 - constants

BODIES: Final = """
SELECT b.ref, a.body, a.archived, a.problems FROM interlock.batch_subject b
JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) a WHERE a.ref = b.ref OFFSET 0) a ON true
WHERE b.batch_id = %(batch)s AND b.is_work AND b.depth = %(depth)s AND b.ref > %(after)s ORDER BY b.ref LIMIT %(limit)s
"""
"""The work's contracts alone, which is all that checks look at."""

CONTRACTS: Final = Subjects(INPUTS, VIEWS)
READ: Final = Subjects(INPUTS, BODIES)


def keep_terms(tx: Transaction, terms: Sequence[tuple[str, int, Mapping[str, Any], bool]]) -> None:
    """Store frozen terms: (contract, number, body, whether a renewal made it); one that is there is completed or dated."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.contract_term AS t (contract, number, body, renewal) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (contract, number) DO UPDATE SET body = excluded.body, changed_at = now()"
            " WHERE t.body <> excluded.body",
            [(contract, number, Jsonb(dict(body)), renewal) for contract, number, body, renewal in terms],
        )


def keep_tax_status(tx: Transaction, statuses: Sequence[tuple[str, str, Any]]) -> None:
    """Remember how each contract's recipient is taxed, and the first day on which it is so, None for ever."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.tax_status (contract, status, since) VALUES (%s, %s, %s)"
            " ON CONFLICT (contract) DO UPDATE SET status = excluded.status, since = excluded.since",
            list(statuses),
        )


def keep_billing(tx: Transaction, batch: UUID, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Keep for the report what each subject's decision comes to in money."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "UPDATE interlock.batch_subject SET billing = %s WHERE batch_id = %s AND ref = %s",
            [(Jsonb(dict(body)), batch, ref) for ref, body in rows],
        )


def bodies(tx: Transaction, scratch: UUID | None, refs: Sequence[str]) -> list[Row]:
    """Return what some contracts say, those that are gone apart."""
    rows = tx.execute(
        "SELECT body FROM interlock.current_records(%s) WHERE ref = ANY(%s) AND NOT archived ORDER BY ref", [scratch, list(refs)]
    )
    return [row["body"] for row in rows]


def unsettled_invoices(tx: Transaction, instance: str) -> list[str]:
    """Return invoices that are not posted as last read, and those that were made and never read: each is read by its id."""
    rows = tx.execute(
        "SELECT ref FROM interlock.snapshot WHERE instance = %(instance)s AND kind = 'invoice' AND NOT archived"
        "   AND body ->> 'state' IN ('draft', 'validated')"
        " UNION SELECT c.result_ref FROM interlock.change c WHERE c.kind = 'invoice' AND c.state = 'done'"
        "   AND starts_with(c.result_ref, %(instance)s || '/')"
        "   AND NOT EXISTS (SELECT FROM interlock.snapshot s WHERE s.ref = c.result_ref) ORDER BY 1",
        {"instance": instance},
    )
    return [row["ref"] for row in rows]


def billing(tx: Transaction, batch: UUID) -> list[Row]:
    """Return what `keep_billing` kept of a batch."""
    rows = tx.execute(
        "SELECT billing FROM interlock.batch_subject WHERE batch_id = %s AND billing IS NOT NULL ORDER BY ref", [batch]
    )
    return [row["billing"] for row in rows]


def done(tx: Transaction, batch: UUID, kind: str) -> list[Row]:
    """Return `body` and `results` of the changes of a kind that were done in a batch."""
    return tx.execute(
        "SELECT body, results FROM interlock.change WHERE done_batch = %s AND kind = %s AND state = 'done' ORDER BY id",
        [batch, kind],
    ).fetchall()


def awaiting(tx: Transaction, process: str, kind: str) -> list[Row]:
    """Return the bodies of the changes of a kind that wait for a person's approval."""
    rows = tx.execute(
        "SELECT body FROM interlock.change WHERE process = %s AND kind = %s AND state = 'held' ORDER BY id", [process, kind]
    )
    return [row["body"] for row in rows]


def confirmed_by(tx: Transaction, batch: UUID, kind: str) -> dict[str, tuple[str, ...]]:
    """Return who confirmed the renewal of each contract, by the keys of the batch's changes of a kind."""
    rows = tx.execute(
        "SELECT c.key, s.body ->> 'renewed_by' AS name FROM interlock.change c JOIN interlock.snapshot s ON s.ref = c.subject"
        " WHERE c.batch_id = %s AND c.kind = %s AND coalesce(s.body ->> 'renewed_by', '') <> ''",
        [batch, kind],
    )
    return {row["key"]: (row["name"],) for row in rows}


def wake(tx: Transaction, process: str, batch: UUID, accounts: Mapping[str, str]) -> None:
    """Remember for which account, in which version, another process is woken: once for each."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.woken (process, ref, revision, batch_id) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(process, ref, revision, batch) for ref, revision in accounts.items()],
        )


def to_wake(tx: Transaction, batch: UUID) -> list[str]:
    """Return the accounts that this batch wakes another process for."""
    rows = tx.execute("SELECT ref FROM interlock.woken WHERE batch_id = %s ORDER BY ref", [batch])
    return [row["ref"] for row in rows]
