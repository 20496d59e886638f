"""CRM accounts as subjects of a process: what a decision depends on, and all that it needs to know."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from interlock.store import families
from interlock.store.database import Transaction
from interlock.store.work import Subjects

Row = dict[str, Any]

INPUTS: Final = """
SELECT a.ref, md5(concat_ws('|', a.revision, a.archived, d.revisions, x.customer, x.number, c.revision, c.archived, m.customers,
    w.wanted)) AS inputs
FROM interlock.current_records(%(scratch)s) a
LEFT JOIN (SELECT parent, string_agg(ref || revision, ',' ORDER BY ref) AS revisions
    FROM interlock.current_records(%(scratch)s) WHERE kind IN ('deal', 'contact') GROUP BY parent) d ON d.parent = a.ref
LEFT JOIN interlock.crosswalk x ON x.account = a.ref
LEFT JOIN interlock.current_records(%(scratch)s) c ON c.ref = x.customer
LEFT JOIN (SELECT r.to_ref, string_agg(o.customer, ',' ORDER BY o.customer) AS customers
    FROM interlock.redirect r JOIN interlock.crosswalk o ON o.account = r.from_ref GROUP BY r.to_ref) m ON m.to_ref = a.ref
LEFT JOIN (SELECT DISTINCT ref, true AS wanted FROM interlock.woken WHERE process = %(process)s) w ON w.ref = a.ref
WHERE a.kind = 'account' AND a.instance = %(crm)s
  AND NOT EXISTS (SELECT FROM interlock.redirect r WHERE r.from_ref = a.ref)
"""

VIEWS: Final = f"""
SELECT b.ref, b.inputs, b.outcome, b.cyclic, a.body, a.revision, a.archived, a.problems, x.customer, x.number,
    x.is_primary IS FALSE AS further, {families.STANDING} AS above,
    c.body AS customer_body, c.archived AS customer_archived,
    coalesce((SELECT jsonb_agg(jsonb_build_object('ref', d.ref, 'kind', d.kind, 'problems', d.problems, 'body', d.body)
        ORDER BY d.ref) FROM interlock.current_records(%(scratch)s) d
        WHERE d.parent = b.ref AND NOT d.archived), '[]') AS children,
    EXISTS (SELECT FROM interlock.change n WHERE n.key = 'note/linked/' || b.ref AND n.state = 'done') AS noted,
    EXISTS (SELECT FROM (SELECT b.ref UNION ALL SELECT r.from_ref FROM interlock.redirect r WHERE r.to_ref = b.ref) o
        JOIN interlock.change n ON n.key = 'prehistory/' || o.ref AND n.state = 'done') AS told,
    ARRAY(SELECT o.number FROM interlock.redirect r JOIN interlock.crosswalk o ON o.account = r.from_ref
        WHERE r.to_ref = b.ref AND o.customer <> x.customer ORDER BY 1) AS other_customers,
    EXISTS (SELECT FROM interlock.redirect r JOIN interlock.change f ON f.subject = r.from_ref
        WHERE r.to_ref = b.ref AND f.process = %(process)s AND f.state IN ('sending', 'unknown')) AS merging,
    EXISTS (SELECT FROM interlock.quarantine q WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'open'
        AND q.code = 'rejected_by_approver') AS rejected_by_approver,
    EXISTS (SELECT FROM interlock.woken w WHERE w.process = %(process)s AND w.ref = b.ref) AS wanted,
    coalesce((SELECT jsonb_agg(jsonb_build_array(q.code, q.detail)) FROM interlock.quarantine q
        WHERE q.process = %(process)s AND q.ref = b.ref AND q.state = 'released'), '[]') AS released
FROM interlock.batch_subject b
JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) r WHERE r.ref = b.ref OFFSET 0) a ON true
LEFT JOIN interlock.crosswalk x ON x.account = b.ref
LEFT JOIN LATERAL (SELECT * FROM interlock.current_records(%(scratch)s) r WHERE r.ref = x.customer OFFSET 0) c ON true
WHERE b.batch_id = %(batch)s AND b.is_work AND b.depth = %(depth)s AND b.ref > %(after)s ORDER BY b.ref LIMIT %(limit)s
"""  # noqa: S608 - constants

ACCOUNTS: Final = Subjects(INPUTS, VIEWS, families.STUCK, families=True)


def live(tx: Transaction, batch_id: UUID, crm: str) -> list[Row]:
    """Return every live account as the batch read it: `ref`, `body` and the bodies of its `deals`."""
    return tx.execute(
        "SELECT a.ref, a.body, coalesce(d.deals, '[]') AS deals FROM interlock.current_records(%(batch)s) a"
        " LEFT JOIN (SELECT parent, jsonb_agg(body ORDER BY ref) AS deals FROM interlock.current_records(%(batch)s)"
        "   WHERE kind = 'deal' AND NOT archived GROUP BY parent) d ON d.parent = a.ref"
        " WHERE a.kind = 'account' AND a.instance = %(crm)s AND NOT a.archived ORDER BY a.ref",
        {"batch": batch_id, "crm": crm},
    ).fetchall()


def flawed_contacts(tx: Transaction, batch_id: UUID, scratch: UUID | None) -> list[Row]:
    """Return the contacts with a role of the accounts at work that have something unusable, or nothing at all to reach them."""
    return tx.execute(
        "SELECT b.ref AS account, d.ref AS contact, d.body, d.problems FROM interlock.batch_subject b"
        " JOIN interlock.current_records(%s) d ON d.parent = b.ref AND d.kind = 'contact' AND NOT d.archived"
        " WHERE b.batch_id = %s AND b.is_work AND b.reason <> 'not_won' AND coalesce(d.body ->> 'roles', '[]') <> '[]'"
        " AND (d.problems <> '[]' OR concat(d.body ->> 'email', d.body ->> 'phone', d.body ->> 'first_name',"
        "   d.body ->> 'last_name', d.body ->> 'salutation') = '') ORDER BY d.ref",
        [scratch, batch_id],
    ).fetchall()


def shared_emails(tx: Transaction, batch_id: UUID, scratch: UUID | None) -> list[Row]:
    """Return `account` and `other` wherever a contact of a work subject has the e-mail of another account's contact."""
    return tx.execute(
        "WITH c AS (SELECT parent, body ->> 'email' AS email FROM interlock.current_records(%(scratch)s)"
        "   WHERE kind = 'contact' AND NOT archived AND coalesce(body ->> 'email', '') <> '' AND parent IS NOT NULL)"
        " SELECT DISTINCT b.ref AS account, o.parent AS other FROM interlock.batch_subject b JOIN c ON c.parent = b.ref"
        " JOIN c o ON o.email = c.email AND o.parent <> c.parent WHERE b.batch_id = %(batch)s AND b.is_work"
        " AND b.reason <> 'not_won' ORDER BY 1, 2",
        {"scratch": scratch, "batch": batch_id},
    ).fetchall()
