"""Accounts with what they owe as subjects of a process: what a decision depends on, and all that it needs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from interlock.store.database import Transaction
from interlock.store.work import Subjects

Row = dict[str, Any]

_LED: Final = "coalesce((SELECT r.to_ref FROM interlock.redirect r WHERE r.from_ref = k.parent), k.parent)"
"""The account that a contract serves, merges followed."""
_VERSION: Final = "concat_ws('|', {0}.ref, {0}.revision, {0}.archived)"

INPUTS: Final = f"""
WITH now AS MATERIALIZED (SELECT ref, kind, revision, archived, parent, body FROM interlock.current_records(%(scratch)s)
    WHERE kind IN ('receivable', 'debtor', 'account_balance', 'contract_payment', 'task')),
own AS (SELECT x.account, string_agg({_VERSION.format("d")}, ',' ORDER BY d.ref) AS versions FROM interlock.crosswalk x
    JOIN now d ON d.parent = x.customer AND d.kind IN ('receivable', 'debtor') WHERE x.is_primary GROUP BY 1),
numbered AS (SELECT body ->> 'contract' AS number, string_agg({_VERSION.format("d")}, ',' ORDER BY d.ref) AS versions
    FROM now d WHERE d.kind = 'receivable' AND body ->> 'contract' <> '' GROUP BY 1),
contracts AS (SELECT {_LED} AS account, string_agg({_VERSION.format("k")} || coalesce(n.versions, ''), ',' ORDER BY k.ref)
    AS versions FROM now k LEFT JOIN numbered n ON n.number = k.body ->> 'number' WHERE k.kind = 'contract_payment' GROUP BY 1),
shown AS (SELECT d.parent AS account, string_agg({_VERSION.format("d")}, ',' ORDER BY d.ref) AS versions FROM now d
    WHERE d.kind IN ('account_balance', 'task') GROUP BY 1)
SELECT a.account AS ref, md5(concat_ws('|', x.customer, x.is_primary, own.versions, contracts.versions, shown.versions)) AS inputs
FROM (SELECT account FROM interlock.crosswalk UNION SELECT account FROM contracts WHERE account IS NOT NULL) a
LEFT JOIN interlock.crosswalk x ON x.account = a.account
LEFT JOIN own ON own.account = a.account LEFT JOIN contracts ON contracts.account = a.account
LEFT JOIN shown ON shown.account = a.account
WHERE starts_with(a.account, %(crm)s || '/')
"""  # noqa: S608 - constants

_WORK: Final = """
page AS MATERIALIZED (SELECT b.ref, b.inputs, b.outcome, x.customer, coalesce(x.is_primary, false) AS is_primary
    FROM interlock.batch_subject b LEFT JOIN interlock.crosswalk x ON x.account = b.ref
    WHERE b.batch_id = %(batch)s AND b.is_work AND b.depth = %(depth)s AND b.ref > %(after)s ORDER BY b.ref LIMIT %(limit)s),
names AS MATERIALIZED (SELECT p.ref, p.ref AS name FROM page p
    UNION ALL SELECT p.ref, r.from_ref FROM page p JOIN interlock.redirect r ON r.to_ref = p.ref),
ledger AS MATERIALIZED (SELECT p.ref AS account, d.* FROM page p CROSS JOIN LATERAL (SELECT *
    FROM interlock.current_records(%(scratch)s) d WHERE d.parent = p.customer OFFSET 0) d
    WHERE p.is_primary AND NOT d.archived AND d.kind IN ('receivable', 'debtor')),
below AS MATERIALIZED (SELECT n.ref AS account, d.* FROM names n CROSS JOIN LATERAL (SELECT *
    FROM interlock.current_records(%(scratch)s) d WHERE d.parent = n.name OFFSET 0) d WHERE NOT d.archived),
contract AS MATERIALIZED (SELECT * FROM below WHERE kind = 'contract_payment'),
shown AS MATERIALIZED (SELECT b.* FROM below b WHERE b.kind = 'account_balance' AND b.parent = b.account),
invoiced AS MATERIALIZED (SELECT k.account, k.ref AS contract, d.ref, d.body, d.problems FROM contract k
    CROSS JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) d
        WHERE d.kind = 'receivable' AND d.body ->> 'contract' = k.body ->> 'number' OFFSET 0) d
    WHERE k.body ->> 'number' <> '' AND NOT d.archived)
"""
"""A page of the work with all records that belong to it, looked up one by one (OFFSET 0): the planner knows nothing of a page."""
_DOCUMENT: Final = "jsonb_agg(jsonb_build_object('ref', d.ref, 'body', d.body) ORDER BY d.ref)"
_OURS: Final = "(SELECT * FROM interlock.change c WHERE c.subject = ANY(m.names) OFFSET 0) c"
_WRITTEN: Final = (
    "(SELECT c.body FROM (SELECT * FROM interlock.change c WHERE c.target = {0}.ref OFFSET 0) c"
    " WHERE c.state = 'done' AND c.operation = 'update' ORDER BY c.id DESC LIMIT 1)"
)
VIEWS: Final = f"""
SELECT p.ref, p.inputs, p.outcome, coalesce(x.is_primary, false) AS is_primary, a.archived,
    f.ref AS balance_ref, f.body AS balance, {_WRITTEN.format("f")} AS balance_written, b.body AS debtor,
    coalesce(l.rows, '[]') AS documents, coalesce(l.before, '{{}}') AS before, coalesce(k.rows, '[]') AS contracts,
    coalesce(t.rows, '[]') AS tasks, coalesce(u.rows, '[]') AS unsent,
    (SELECT s.body ->> 0 FROM interlock.standing s WHERE s.ref = x.customer) AS told_on, x.customer,
    EXISTS (SELECT FROM interlock.quarantine q WHERE q.process = %(process)s AND q.ref = p.ref AND q.state = 'open'
        AND q.code = 'rejected_by_approver') AS rejected_by_approver
FROM interlock.batch_subject p LEFT JOIN interlock.crosswalk x ON x.account = p.ref
CROSS JOIN LATERAL (SELECT ARRAY(SELECT p.ref UNION ALL SELECT r.from_ref FROM interlock.redirect r WHERE r.to_ref = p.ref)
    AS names OFFSET 0) m
LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) a WHERE a.ref = p.ref OFFSET 0) a ON true
LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) f WHERE f.parent = p.ref
    AND f.kind = 'account_balance' AND NOT f.archived OFFSET 0) f ON true
LEFT JOIN LATERAL (SELECT d.body FROM interlock.current_records(%(scratch)s) d WHERE d.parent = x.customer AND x.is_primary
    AND d.kind = 'debtor' AND NOT d.archived OFFSET 0) b ON true
LEFT JOIN LATERAL (SELECT {_DOCUMENT} AS rows, jsonb_object_agg(d.ref, s.body) FILTER (WHERE s.ref IS NOT NULL) AS before
    FROM (SELECT * FROM interlock.current_records(%(scratch)s) d WHERE d.parent = x.customer AND d.kind = 'receivable'
        AND NOT d.archived OFFSET 0) d LEFT JOIN interlock.standing s ON s.ref = d.ref) l ON x.is_primary
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('ref', k.ref, 'body', k.body, 'written', {_WRITTEN.format("k")},
        'receivables', coalesce(i.rows, '[]')) ORDER BY k.ref) AS rows
    FROM unnest(m.names) AS n(name) CROSS JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) k
        WHERE k.parent = n.name AND k.kind = 'contract_payment' AND NOT k.archived OFFSET 0) k
    LEFT JOIN LATERAL (SELECT {_DOCUMENT} AS rows FROM (SELECT * FROM interlock.current_records(%(scratch)s) d
        WHERE d.kind = 'receivable' AND d.body ->> 'contract' = k.body ->> 'number' AND NOT d.archived OFFSET 0) d) i
        ON k.body ->> 'number' <> '') k ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('key', c.key, 'ref', c.result_ref, 'state',
        CASE WHEN t.archived THEN 'done' ELSE coalesce(t.body ->> 'state', 'open') END) ORDER BY c.id) AS rows
    FROM {_OURS} LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) t WHERE t.ref = c.result_ref OFFSET 0) t
        ON true WHERE c.process = %(process)s AND c.operation = 'create' AND c.kind = 'task' AND c.state = 'done') t ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('key', c.key, 'body', c.body) ORDER BY c.id) AS rows
    FROM {_OURS} WHERE c.process = %(process)s AND c.operation = 'create' AND c.kind = 'note'
        AND c.state NOT IN ('done', 'unchanged')) u ON true
WHERE p.batch_id = %(batch)s AND p.is_work AND p.depth = %(depth)s AND p.ref > %(after)s ORDER BY p.ref LIMIT %(limit)s
"""  # noqa: S608 - constants
UNFIT: Final = f"""
WITH {_WORK}
SELECT account, ref, problems FROM (SELECT account, ref, problems FROM ledger UNION SELECT account, ref, problems FROM invoiced
    UNION SELECT account, ref, problems FROM contract UNION SELECT account, ref, problems FROM shown) r
WHERE problems <> '[]' ORDER BY account, ref
"""  # noqa: S608 - constants
STAGE: Final = f"""
WITH {_WORK}
INSERT INTO interlock.checked_receivable (batch_id, ref, account, number, currency)
SELECT %(batch)s, ref, account, CASE WHEN body ->> 'state' IN ('posted', 'paid') AND body ->> 'kind' <> 'item'
    THEN nullif(body ->> 'number', '') ELSE ref END, nullif(body ->> 'currency', '')
FROM ledger WHERE kind = 'receivable' AND problems = '[]'
"""  # noqa: S608 - constants

ACCOUNTS: Final = Subjects(INPUTS, VIEWS)


def stage(tx: Transaction, batch: UUID, scratch: UUID | None) -> tuple[int, int, list[Row]]:
    """Stage the documents of all work for the checks over the batch, without their values passing through here.

    Returns how many accounts and documents there are, and `account`, `ref`, `problems` of records that could not be read.
    What has no number yet is known by its reference.
    """
    row = tx.execute("SELECT count(*) AS n FROM interlock.batch_subject WHERE batch_id = %s AND is_work", [batch]).fetchone()
    accounts = int(row["n"]) if row else 0
    everything = {"batch": batch, "scratch": scratch, "depth": 0, "after": "", "limit": max(accounts, 1)}
    documents = tx.execute(STAGE, everything).rowcount
    return accounts, documents, tx.execute(UNFIT, everything).fetchall()


def to_read_again(
    tx: Transaction, batch: UUID, erp: str, closed_since: date, customers: Sequence[str] | None = None
) -> list[str]:
    """Return what may have changed without a trace: receivables that are open or were closed lately, debtors with loose money.

    Those that this batch has read are left out. A draft counts as open; so does what overpays. By reference, one kind after the
    other; of these customers only, if they are given.
    """
    rows = tx.execute(
        """
        SELECT s.ref FROM interlock.snapshot s
        WHERE s.instance = %(erp)s AND s.kind IN ('receivable', 'debtor') AND NOT s.archived
          AND (%(customers)s::text[] IS NULL OR s.parent = ANY(%(customers)s)) AND (s.problems <> '[]'
          OR s.body ->> 'open' <> '0' OR s.body ->> 'state' IN ('draft', 'validated') OR s.body ->> 'unallocated' <> '[]'
          OR EXISTS (SELECT FROM jsonb_array_elements(s.body -> 'reconciliations') AS p WHERE p ->> 'day' >= %(closed_since)s))
          AND NOT EXISTS (SELECT FROM interlock.staged t WHERE t.batch_id = %(batch)s AND t.ref = s.ref) ORDER BY s.ref
        """,
        {
            "erp": erp,
            "closed_since": closed_since.isoformat(),
            "batch": batch,
            "customers": list(customers) if customers is not None else None,
        },
    ).fetchall()
    return [row["ref"] for row in rows]


def open_tasks(tx: Transaction, process: str, subjects: Sequence[str] | None) -> list[str]:
    """Return the tasks of ours that are open in the CRM as far as is known."""
    rows = tx.execute(
        "SELECT c.result_ref FROM interlock.change c LEFT JOIN interlock.snapshot t ON t.ref = c.result_ref"
        " WHERE c.process = %s AND c.kind = 'task' AND c.operation = 'create' AND c.state = 'done'"
        " AND (%s::text[] IS NULL OR c.subject = ANY(%s)) AND (t.ref IS NULL OR NOT t.archived AND t.body ->> 'state' = 'open')"
        " ORDER BY c.id",
        [process, *[list(subjects) if subjects is not None else None] * 2],
    ).fetchall()
    return [row["result_ref"] for row in rows]


def accounts_of(tx: Transaction, customers: Sequence[str], contracts: Sequence[str]) -> list[str]:
    """Return the accounts that these customers are, and those that contracts of these numbers serve."""
    rows = tx.execute(
        "SELECT account FROM interlock.crosswalk WHERE customer = ANY(%s) AND is_primary UNION"  # noqa: S608 - constants
        f" SELECT {_LED} FROM interlock.snapshot k WHERE k.kind = 'contract_payment' AND NOT k.archived"
        " AND k.body ->> 'number' = ANY(%s) AND k.parent IS NOT NULL ORDER BY 1",
        [list(customers), list(contracts)],
    ).fetchall()
    return [row["account"] for row in rows]


def keep_standings(tx: Transaction, standings: Mapping[str, Sequence[Any]]) -> None:
    """Remember how invoices stand that were decided about, by reference; a customer's own mark says on which day."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO interlock.standing AS s (ref, body) VALUES (%s, %s) ON CONFLICT (ref)"
            " DO UPDATE SET body = excluded.body, at = now() WHERE s.body <> excluded.body",
            [(ref, Jsonb(list(standing))) for ref, standing in standings.items()],
        )


def booked_on(tx: Transaction, batch: UUID, day: date | None) -> None:
    """Remember with a run until when the bank's statements were booked."""
    tx.execute("UPDATE interlock.batch SET bank_booked_on = %s WHERE id = %s", [day, batch])


def open_items(tx: Transaction, scratch: UUID | None) -> list[Row]:
    """Return `account`, `currency`, `open`: the sums of all posted documents; account is None where a customer is none."""
    return tx.execute(
        "SELECT x.account, r.body ->> 'currency' AS currency, sum((r.body ->> 'open')::numeric) AS open"
        " FROM interlock.current_records(%s) r LEFT JOIN interlock.crosswalk x ON x.customer = r.parent AND x.is_primary"
        " WHERE r.kind = 'receivable' AND NOT r.archived AND r.problems = '[]'"
        " AND r.body ->> 'state' IN ('posted', 'paid', 'cancelled') GROUP BY 1, 2",
        [scratch],
    ).fetchall()


def shown_balances(tx: Transaction, scratch: UUID | None) -> list[Row]:
    """Return `account`, `open` and `other`: what the CRM shows of accounts that are customers, further ones too."""
    return tx.execute(
        "SELECT x.account, b.body ->> 'open' AS open, b.body ->> 'other_currencies' AS other"
        " FROM interlock.current_records(%s) b JOIN interlock.crosswalk x ON x.account = b.parent "
        " WHERE b.kind = 'account_balance' AND NOT b.archived",
        [scratch],
    ).fetchall()


def changed_because(tx: Transaction, batch: UUID, why: str) -> list[str]:
    """Return the records that a run changed for this reason."""
    rows = tx.execute(
        "SELECT ref FROM interlock.change WHERE done_batch = %s AND why = %s AND state = 'done' ORDER BY id", [batch, why]
    ).fetchall()
    return [row["ref"] for row in rows]
