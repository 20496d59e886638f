"""What the CRM learns of a contract: its term, its latest invoice, when the next is due; one note an invoice and a renewal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from interlock.domain.change import Change, filled, result_of
from interlock.domain.contract import Term
from interlock.domain.identity import Json
from interlock.domain.invoice import STEPS, Invoice
from interlock.domain.money import minor_digits, plain
from interlock.processes.billing import Billing
from interlock.processes.contract_view import ContractView

GIVEN: Final = {
    "invoice_number": "number", "invoice_date": "invoice_date", "invoice_due": "due_date", "invoice_net": "net",
    "invoice_tax": "tax", "invoice_gross": "gross", "invoice_state": "state",
}  # fmt: skip
"""The contract's field -> the invoice's, where the ERP gives the value."""
INVOICED: Final = (
    "Invoice {{number}} of {{invoice_date}}, due {{due_date}}: net {{net:{0}}}, tax {{tax:{0}}}, gross {{gross:{0}}} {1}"
    " for {2} to {3}."
)
RENEWED: Final = "Contract {} is renewed: term {}, {} to {}."
WHY: Final = "sales reads what was invoiced"


def changes(
    view: ContractView, billing: Billing, coming: Mapping[str, Invoice], state: str, now: datetime, process: str
) -> Iterator[Change]:
    """Yield the update of the contract, if it says anything else, and the notes that are still to be written.

    coming: the invoices that are on their way, by reference; what the ERP gives them is filled in once they are posted.
    """
    posted = [invoice for invoice in view.known.billed if invoice.state.posted]
    numbered = [invoice for invoice in view.known.billed if invoice.number]
    latest = max((*numbered, *coming.values()), key=_place, default=None)
    posting = _posting(latest, coming) if latest else ""
    wanted = _term(billing) | _invoice(latest, posting) | {"sync_state": state}
    wanted["next_billing_on"] = _text(billing.next_due or billing.plan.look_again)
    if any(view.written.get(name, "") != value for name, value in wanted.items()):
        values = wanted | {"synced_at": now.isoformat(timespec="seconds")}
        yield Change.update(
            view.ref, process=process, system="crm", subject=view.ref, values=values, seen=view.written,
            depends_on=(posting,) if posting else (), why=WHY,
        )  # fmt: skip
    for invoice in ({i.reference: i for i in posted} | dict(coming)).values():
        if (key := invoice.key.note(view.ref)) not in view.noted and view.account.id:
            posting = _posting(invoice, coming)
            yield _note(view, key, _words(invoice, posting), posting, now, process)
    for term in billing.plan.terms:
        key = f"note/renewed/{view.ref}/{term.number}"
        if _renewed(view, term) and key not in view.noted and view.account.id:
            words = RENEWED.format(view.contract.number, term.number, term.first_day, term.last_day or "without an end")
            yield _note(view, key, words, "", now, process)


def _place(invoice: Invoice) -> tuple[date, bool, int]:
    return invoice.key.period_start, invoice.key.kind != "regular", invoice.key.generation


def _renewed(view: ContractView, term: Term) -> bool:
    """Tell whether a renewal made the term; those that a contract had when it was first seen are history."""
    fresh = bool(view.known.terms) and term.number > view.known.terms[-1].number
    return fresh or term.number in view.renewals


def _term(billing: Billing) -> dict[str, Json]:
    if not billing.plan.terms:
        return {}
    term = billing.plan.terms[-1]
    return {"term_number": str(term.number), "term_from": _text(term.first_day), "term_to": _text(term.last_day)}


def _invoice(latest: Invoice | None, posting: str) -> dict[str, Json]:
    if latest is None:
        return {}
    period: dict[str, Json] = {"invoice_from": _text(latest.service_from), "invoice_to": _text(latest.service_to)}
    if posting:
        return period | {field: result_of(posting, name) for field, name in GIVEN.items()}
    return period | {field: _text(getattr(latest, name)) for field, name in GIVEN.items()}


def _text(value: date | Decimal | str | None) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, date) else str(value)


def _posting(invoice: Invoice, coming: Mapping[str, Invoice]) -> str:
    """Name the change that posts an invoice which is on its way; one that is posted has none to wait for."""
    return invoice.key.step(STEPS[-1]) if invoice.reference in coming else ""


def _words(invoice: Invoice, posting: str) -> Json:
    digits = minor_digits(invoice.currency)
    words = INVOICED.format(digits, invoice.currency, invoice.service_from, invoice.service_to)
    if posting:
        return result_of(posting, "", words)
    return filled(words, {name: _text(getattr(invoice, name)) for name in GIVEN.values()})


def _note(view: ContractView, key: str, body: Json, posting: str, now: datetime, process: str) -> Change:
    return Change.create(
        key, process=process, system="crm", kind="note", subject=view.ref, parent=view.account,
        values={"body": body, "time": now.isoformat(timespec="seconds")}, depends_on=(posting,) if posting else (), why=WHY,
    )  # fmt: skip
