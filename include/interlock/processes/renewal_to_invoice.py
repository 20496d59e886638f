"""A service contract that runs on in the CRM is invoiced in the ERP, each service day once, and learns what was invoiced.

What is owed is the pure package `billing`'s; here it becomes changes: three steps an invoice in the ERP, then one update of the
contract and one note an invoice in the CRM. Steps of an invoice that is still as it should be are planned until they are done;
those of one that is held are not, so that nothing of it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from itertools import chain
from typing import Final

from interlock.config import Settings
from interlock.domain.change import Change
from interlock.domain.invoice import STEPS, Invoice, InvoiceState
from interlock.domain.money import plain
from interlock.domain.process import RENEWAL_TO_INVOICE
from interlock.domain.record import Problem
from interlock.processes import contract_status
from interlock.processes.billing import Billing, Held, Rules, decide_invoices
from interlock.processes.contract_view import Answer, ContractView
from interlock.processes.decision import Decision, Verdict

PROCESS: Final = RENEWAL_TO_INVOICE
GONE: Final = Problem(
    "contract_gone", "", "the contract was deleted in the CRM; what was invoiced stays, and nothing more is invoiced"
)
SHARED: Final = Problem(
    "contract_number_shared", "number", "another contract has the same number, which invoices refer to; give each its own"
)
RENUMBERED: Final = Problem(
    "contract_number_changed", "number", "the contract's number was changed after its terms were frozen; set it back in the CRM"
)
STRANGER: Final = Problem(
    "recipient_unknown", "invoice_account", "the account that is invoiced does not exist in the CRM; correct the contract"
)
ORIGINAL: Final = {"state": InvoiceState.PLANNED, "number": "", "invoice_date": None, "due_date": None, "open_amount": None}


def decide(view: ContractView, settings: Settings, now: datetime) -> Answer:
    """Answer with the invoices that are due and with what the CRM should know; none when both already agree."""
    if obstacle := _obstacle(view):
        return Answer(Decision("rejected", problems=(obstacle,)))
    if view.archived or (view.contract.status == "draft" and not view.known.terms):
        return Answer(Decision("unchanged", reason="contract_gone" if view.archived else "contract_draft"))
    rules = Rules(settings.billing_rules, settings.renewal, settings.tax, settings.seller)
    billing = decide_invoices(view.contract, view.known, rules)
    problems, wakes = _problems(view, billing), view.customer is None and bool(billing.planned)
    due_at = datetime.combine(billing.look_again, time(), settings.zone) if billing.look_again else None
    waits = "customer_missing" if wakes else billing.waiting[0].reason if billing.waiting else ""
    invoices = () if view.customer is None else billing.planned
    coming = {invoice.reference: invoice for invoice in (*invoices, *_on_their_way(view, billing))}
    state = "held back" if problems else "waiting" if waits else "ok"
    changes = (
        *chain.from_iterable(_steps(view, invoice) for invoice in coming.values()),
        *contract_status.changes(view, billing, coming, state, now, PROCESS),
    )
    verdict: Verdict = "waiting" if waits else "planned" if changes else "unchanged"
    return Answer(Decision(verdict, changes, waits, problems, due_at=due_at), billing, wakes)


def _obstacle(view: ContractView) -> Problem | None:
    """Name what keeps the contract from being reckoned with at all."""
    if view.archived:
        return GONE if view.known.terms and not _ended(view) else None
    if view.unfit:
        return view.unfit
    if view.number_shared:
        return SHARED
    if any(term.contract != view.contract.number for term in view.known.terms):
        return RENUMBERED
    return STRANGER if view.recipient_gone else None


def _ended(view: ContractView) -> bool:
    last = view.known.terms[-1].last_day
    return last is not None and last < view.known.as_of


def _problems(view: ContractView, billing: Billing) -> tuple[Problem, ...]:
    """Return one entry a reason and period, with the amounts at stake; who is invoiced is asked once a recipient."""
    found = {(problem.code, problem.field): problem for problem in billing.problems}
    for held in billing.held:
        for problem in held.problems:
            asked = problem.code == "recipient_differs"
            place = problem.field if asked else held.key.reference
            detail = view.known.recipient.id if asked else amounts(held)
            found.setdefault((problem.code, place), replace(problem, field=place, detail=detail))
    return tuple(found.values())


def amounts(held: Held) -> str:
    """Say what is at stake, by category: `net 100.00, tax 19.00, gross 119.00 EUR (S 19 %: 100.00 + 19.00)`."""
    parts = "; ".join(f"{t.category} {plain(t.rate)} %: {t.base} + {t.tax}" for t in held.taxes)
    return f"net {held.net}, tax {held.tax}, gross {held.gross} {held.currency}" + (f" ({parts})" if parts else "")


def _on_their_way(view: ContractView, billing: Billing) -> Iterator[Invoice]:
    """Yield invoices that settle their period and whose steps are not all on record as done."""
    settled = {reference for period in billing.settled for reference in period.references}
    for invoice in view.known.billed:
        sent = view.sent.get(invoice.reference)
        ours = sent is not None or any(line.line for line in invoice.lines)
        finished = sent.posted if sent else invoice.state.posted
        if invoice.reference in settled and ours and not finished:
            yield sent.invoice if sent else invoice.model_copy(update=ORIGINAL)


def _steps(view: ContractView, invoice: Invoice) -> Iterator[Change]:
    before: tuple[str, ...] = ()
    why = f"contract {invoice.key.contract}, {invoice.service_from} to {invoice.service_to}"
    for kind in STEPS:
        key, parent = invoice.key.step(kind), None if before else view.customer
        yield Change.create(
            key, process=PROCESS, system="erp", kind=kind, subject=view.ref, values=invoice.model_dump(mode="json"),
            parent=parent, depends_on=before, why=why,
        )  # fmt: skip
        before = (key,)
