"""What a person reads before answering: each change as it was asked about, and an invoice's figures beside its former version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from interlock.domain.invoice import STEPS, Invoice
from interlock.domain.money import figure
from interlock.store.database import Transaction

Row = dict[str, Any]
CHANGES: Final = """
SELECT a.id AS request, c.subject, c.system, c.operation, c.kind, c.results, c.why, c.state, c.reason,
    CASE WHEN f.body IS NULL THEN c.seen ELSE f.body END AS before, coalesce(q.body, c.body) AS after,
    f.body AS former, f.approval_id AS former_request, r.body ->> 'legal_name' AS recipient, x.number AS customer,
    coalesce(s.body ->> 'legal_name', s.body ->> 'name', s.body ->> 'number') AS name
FROM interlock.approval a
CROSS JOIN LATERAL (SELECT * FROM interlock.change t WHERE t.id = ANY(a.change_ids)
    AND (%(kind)s = '' OR t.kind = %(kind)s AND t.operation = 'create') ORDER BY t.id LIMIT %(limit)s OFFSET %(offset)s) c
LEFT JOIN interlock.asked q ON q.approval_id = a.id AND q.change_id = c.id
LEFT JOIN LATERAL (SELECT o.body, o.approval_id FROM interlock.asked o WHERE c.operation = 'create' AND o.change_id = c.id
    AND o.approval_id < a.id AND o.body <> q.body ORDER BY o.approval_id DESC LIMIT 1) f ON true
LEFT JOIN interlock.snapshot s ON s.ref = c.subject
LEFT JOIN interlock.snapshot r ON r.ref = split_part(c.subject, '/', 1) || '//account/' || (q.body ->> 'recipient')
LEFT JOIN interlock.crosswalk x ON x.account = r.ref
WHERE a.id = ANY(%(requests)s) ORDER BY a.id, c.id
"""


@dataclass(frozen=True, slots=True)
class AskedInvoice:
    """One invoice of a request. former: as it was asked about in an earlier request; recipient, customer: as of now."""

    request: int
    invoice: Invoice
    former: Invoice | None = None
    former_request: int | None = None
    recipient: str = ""
    customer: str = ""


def changes(tx: Transaction, number: int, limit: int, offset: int = 0) -> list[Row]:
    """Return a page of the changes that a request is about, as they were asked about."""
    place = {"requests": [number], "kind": "", "limit": limit, "offset": offset}
    return tx.execute(CHANGES, place).fetchall()


def invoices_of(rows: Sequence[Row]) -> list[AskedInvoice]:
    """Return the invoices among changes that people are asked about."""
    drafts = [row for row in rows if row["kind"] == STEPS[0] and row["operation"] == "create"]
    return [
        AskedInvoice(
            row["request"], invoice, _invoice(row["former"]), row["former_request"], row["recipient"] or "", row["customer"] or ""
        )
        for row in drafts
        if (invoice := _invoice(row["after"]))
    ]


def invoices(tx: Transaction, requests: Sequence[int], each: int) -> dict[int, list[AskedInvoice]]:
    """Return the first invoices, `each` at most, of several requests."""
    place = {"requests": list(requests), "kind": STEPS[0], "limit": each, "offset": 0}
    found: dict[int, list[AskedInvoice]] = {}
    for one in invoices_of(tx.execute(CHANGES, place).fetchall()):
        found.setdefault(one.request, []).append(one)
    return found


def period(invoice: Invoice) -> str:
    """Return the days of service, or the first one where they are not known."""
    days = (invoice.service_from, invoice.service_to)
    return " to ".join(day.isoformat() for day in days if day) or invoice.key.period_start.isoformat()


def figures(invoice: Invoice) -> tuple[str, str, str]:
    """Return net, tax and gross with all digits of the currency's minor unit."""
    net, tax, gross = (figure(amount, invoice.currency) for amount in (invoice.net, invoice.tax, invoice.gross))
    return net, tax, gross


def words(invoice: Invoice) -> str:
    """Say in one line what an invoice is about."""
    net, tax, gross = figures(invoice)
    kind = "" if invoice.key.kind == "regular" else f" ({invoice.key.kind})"
    return f"{invoice.key.contract}{kind}, {period(invoice)}: net {net}, tax {tax}, gross {gross} {invoice.currency}"


def _invoice(body: Row | None) -> Invoice | None:
    try:
        return Invoice.model_validate(body) if body else None
    except ValidationError:
        return None
