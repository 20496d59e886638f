"""Where an invoice came from: all that is on record under one reference. The queries of docs/renewal-to-invoice.md, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.domain.invoice import STEPS, InvoiceKey
from interlock.domain.process import RENEWAL_TO_INVOICE
from interlock.store.database import Transaction

Row = dict[str, Any]
SENT: Final = """
SELECT c.*, d.run_id AS decided_in, d.actor AS started_by, w.run_id AS done_in FROM interlock.change c
LEFT JOIN interlock.batch d ON d.id = c.batch_id LEFT JOIN interlock.batch w ON w.id = c.done_batch
WHERE c.once AND c.key = ANY(%s) ORDER BY c.id
"""
TOLD: Final = """
SELECT c.*, w.run_id AS done_in FROM interlock.change c LEFT JOIN interlock.batch w ON w.id = c.done_batch
WHERE c.system = 'crm' AND c.subject = %(contract)s AND c.state <> 'cancelled'
    AND (c.key = %(note)s OR %(posting)s = ANY(c.depends_on)) ORDER BY c.id
"""
APPROVALS: Final = """
SELECT a.*, b.run_id, b.actor AS asked_by FROM interlock.approval a LEFT JOIN interlock.batch b ON b.id = a.batch_id
WHERE a.id IN (SELECT q.approval_id FROM interlock.asked q WHERE q.change_id = ANY(%s)) ORDER BY a.id
"""
ENTRIES: Final = """
SELECT * FROM interlock.quarantine WHERE process = %(process)s AND ref = %(contract)s
    AND (field = %(period)s OR starts_with(field, %(period)s || '/') OR code IN ('recipient_differs', 'rejected_by_approver'))
ORDER BY id
"""
REGISTER: Final = """
SELECT a.seq, a.at, a.subject, a.why FROM interlock.audit a JOIN interlock.audit_values v USING (seq)
WHERE a.action = 'ask VAT register' AND v.body ->> 'vat_id' = %s AND a.at <= coalesce(%s, now()) ORDER BY a.seq DESC LIMIT 1
"""
AUDIT: Final = """
SELECT a.* FROM interlock.audit a LEFT JOIN interlock.audit_values v USING (seq)
WHERE a.seq = ANY(%(seqs)s) OR a.subject = ANY(%(subjects)s)
    OR EXISTS (SELECT FROM unnest(%(keys)s::text[]) AS k WHERE right(a.why, length(k) + 2) = '[' || k || ']')
    OR a.action LIKE 'quarantine %%' AND (v.body ->> 'entry')::bigint = ANY(%(entries)s)
ORDER BY a.seq
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """The story of one invoice, as rows.

    contract, erp: as last read, with `seen_at`. people: accounts by their CRM id, with customer numbers. steps: what was sent
    to the ERP, in order. told: what the CRM was sent. entries: why it was held back, and who decided. register: the VAT
    register's answer of the time. audit: the entries of the audit log that prove it.
    """

    key: InvoiceKey
    contract: Row | None = None
    people: dict[str, Row] = field(default_factory=dict)
    term: Row | None = None
    steps: Sequence[Row] = ()
    approvals: Sequence[Row] = ()
    register: Row | None = None
    erp: Row | None = None
    told: Sequence[Row] = ()
    entries: Sequence[Row] = ()
    audit: Sequence[Row] = ()


def references(tx: Transaction, number: str) -> list[str]:
    """Return the references of the invoices that have this number in the ERP."""
    rows = tx.execute(
        "SELECT DISTINCT body ->> 'reference' AS reference FROM interlock.snapshot"
        " WHERE kind = 'invoice' AND body ->> 'number' = %s",
        [number],
    )
    return [str(row["reference"]) for row in rows if row["reference"]]


def trace(tx: Transaction, key: InvoiceKey) -> Trace:
    """Collect what is on record of an invoice."""
    keys = [key.step(kind) for kind in STEPS]
    steps = tx.execute(SENT, [keys]).fetchall()
    contract = _contract(tx, key, steps)
    ref = contract["ref"] if contract else steps[0]["subject"] if steps else ""
    told = tx.execute(TOLD, {"contract": ref, "note": key.note(ref), "posting": keys[-1]}).fetchall()
    approvals = tx.execute(APPROVALS, [[step["id"] for step in steps]]).fetchall()
    period = InvoiceKey(contract=key.contract, period_start=key.period_start).reference
    entries = tx.execute(ENTRIES, {"process": RENEWAL_TO_INVOICE, "contract": ref, "period": period}).fetchall()
    register, erp = _register(tx, steps), _in_erp(tx, key)
    proof = {
        "seqs": [register["seq"]] if register else [], "entries": [entry["id"] for entry in entries],
        "keys": [*keys, *(change["key"] for change in told)],
        "subjects": [*(f"new:{name}" for name in keys), *(f"approval {row['id']}" for row in approvals)],
    }  # fmt: skip
    audit = tx.execute(AUDIT, proof).fetchall()
    return Trace(
        key, contract, _people(tx, contract, steps), _term(tx, ref, key), steps, approvals, register, erp, told, entries, audit
    )


def _contract(tx: Transaction, key: InvoiceKey, steps: Sequence[Row]) -> Row | None:
    return tx.execute(
        "SELECT ref, instance, body, revision, archived, seen_at FROM interlock.snapshot"
        " WHERE kind = 'contract' AND (ref = %(ref)s OR %(ref)s = '' AND body ->> 'number' = %(number)s)"
        " ORDER BY archived LIMIT 1",
        {"ref": steps[0]["subject"] if steps else "", "number": key.contract},
    ).fetchone()


def _people(tx: Transaction, contract: Row | None, steps: Sequence[Row]) -> dict[str, Row]:
    """Return the accounts that are served and invoiced, as last read."""
    if contract is None:
        return {}
    ids = {str(contract["body"].get(name) or "") for name in ("account", "invoice_account")}
    ids |= {str(step["body"].get("recipient") or "") for step in steps}
    rows = tx.execute(
        "SELECT s.ref, s.body ->> 'legal_name' AS name, x.number FROM interlock.snapshot s"
        " LEFT JOIN interlock.crosswalk x ON x.account = s.ref WHERE s.ref = ANY(%s)",
        [[f"{contract['instance']}//account/{i}" for i in ids if i]],
    )
    return {row["ref"].rsplit("/", 1)[1]: row for row in rows}


def _term(tx: Transaction, contract: str, key: InvoiceKey) -> Row | None:
    """Return the frozen term that the period lies in."""
    return tx.execute(
        "SELECT * FROM interlock.contract_term WHERE contract = %s AND (body ->> 'first_day')::date <= %s"
        " ORDER BY number DESC LIMIT 1",
        [contract, key.period_start],
    ).fetchone()


def _register(tx: Transaction, steps: Sequence[Row]) -> Row | None:
    """Return the register's answer on which an untaxed supply went out, the last one before the invoice was finished."""
    untaxed = [step for step in steps if any(tax["category"] in {"AE", "K"} for tax in step["body"].get("taxes") or ())]
    if not untaxed:
        return None
    return tx.execute(REGISTER, [untaxed[-1]["body"].get("recipient_vat_id"), untaxed[-1]["finished_at"]]).fetchone()


def _in_erp(tx: Transaction, key: InvoiceKey) -> Row | None:
    return tx.execute(
        "SELECT ref, body, archived, seen_at FROM interlock.snapshot WHERE kind = 'invoice'"
        " AND body #>> '{key,contract}' = %s AND body ->> 'reference' = %s ORDER BY archived, ref LIMIT 1",
        [key.contract, key.reference],
    ).fetchone()
