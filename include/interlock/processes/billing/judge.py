"""One period: what is owed against what is billed -> an invoice, a supplement, or what is held and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from interlock.domain.contract import Contract
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, InvoiceState, TaxTotal
from interlock.domain.money import ZERO
from interlock.domain.record import Problem
from interlock.processes.billing.compare import differing, estranged, overlapping, retaxed, supplement_lines, unidentified
from interlock.processes.billing.drafting import Taxed, draft, tax_as_then, tax_lines, tax_supplement
from interlock.processes.billing.known import Held, Known, Rules, Settled, Waiting
from interlock.processes.billing.preflight import preflight
from interlock.processes.billing.tax import vat_evidence
from interlock.processes.billing.terms import BLOCKED

DELETED: Final = Problem(
    "draft_deleted",
    "period",
    "the invoice of this period was deleted in the ERP while it was a draft; say whether to invoice it anew",
)
REVERSED: Final = Problem(
    "invoice_reversed", "period",
    "the invoice of this period was reversed in the ERP, with or without its supplements; say whether to invoice it anew",
)  # fmt: skip
OUTDATED: Final = Problem(
    "draft_outdated",
    "period",
    "a draft in the ERP no longer says what is owed; delete it there, or post it and correct the difference",
)
BY_HAND: Final = Problem(
    "invoice_by_hand",
    "period",
    "an invoice of this period that people made or edited in the ERP says something else than is owed",
)
RETAXED: Final = Problem(
    "tax_changed",
    "period",
    "the period was invoiced in another tax category or at another rate than holds now; correct the invoice",
)
CORRECTION: Final = Problem(
    "correction_needed", "period", "more was invoiced than is owed; correct the invoice in the ERP by these amounts"
)
NEGATIVE: Final = Problem("invoice_negative", "period", "the period comes to less than nothing; settle that by hand")
OVERLAP: Final = Problem(
    "service_day_invoiced",
    "period",
    "days of this period are covered by an invoice of another period; settle in the ERP which holds",
)
STRADDLES: Final = Problem(
    "period_straddles_go_live", "billed_through",
    "the period began before go-live; enter in the contract up to which day it was invoiced elsewhere",
)  # fmt: skip
RECIPIENT: Final = Problem(
    "recipient_differs", "invoice_account",
    "the invoice would go to another legal person than the one that is served; confirm that, or correct the contract",
)  # fmt: skip
IN_FLIGHT: Final = "invoice_in_flight"


@dataclass(frozen=True, slots=True)
class Case:
    """A period with what is owed for it and every invoice it ever had."""

    contract: Contract
    known: Known
    rules: Rules
    key: InvoiceKey
    currency: str
    owed: tuple[InvoiceLine, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    straddles: bool = False

    @property
    def live(self) -> tuple[Invoice, ...]:
        """The invoices that count."""
        return tuple(invoice for invoice in self.invoices if invoice.state.live)

    @property
    def regular(self) -> Invoice | None:
        """The live regular invoice."""
        return next((invoice for invoice in self.live if invoice.key.kind == "regular"), None)


def judge(case: Case) -> Invoice | Held | Waiting | Settled:
    """Compare to the cent; whatever is not clearly an invoice to create or a settled period goes to a person."""
    owed = tax_lines(case.owed, case.contract, case.known.recipient, case.rules, case.currency)
    if owed.problems:
        same = case.live and not supplement_lines(case.owed, case.live)
        net = sum((line.net for line in case.owed), ZERO) - sum((invoice.net for invoice in case.live), ZERO)
        return _settled(case) if same else Held(owed.problems, case.key, case.currency, net)
    owed = tax_as_then(owed, case.live, case.known.recipient.since, case.currency)
    if any(invoice.currency != case.currency for invoice in case.live):
        return Held((BY_HAND,), case.key, case.currency, sum((line.net for line in owed.lines), ZERO))
    difference = differing(owed.taxes, case.live)
    if not difference:
        return _settled(case)
    if any(invoice.state is InvoiceState.PLANNED for invoice in case.live):
        return Waiting(IN_FLIGHT, case.key.period_start)
    if problem := _obstacle(case, owed, difference):
        gone = next((invoice.key for invoice in _gone(case)), case.key) if problem in {DELETED, REVERSED} else case.key
        return _held((problem,), replace(case, key=gone), difference)
    return _checked(_invoice(case, owed), case, difference)


def _obstacle(case: Case, owed: Taxed, difference: tuple[TaxTotal, ...]) -> Problem | None:
    """Name the first reason for which no invoice may be made of the difference."""
    net, tax = _sums(difference)
    gone = _gone(case)
    clean = net > 0 and net + tax > 0
    obstacles = (
        (any(i.state is InvoiceState.DELETED for i in gone), DELETED),
        (gone or (case.live and not case.regular), REVERSED),
        (any(not i.state.posted for i in case.live), OUTDATED),
        (unidentified(case.live), BY_HAND),
        (retaxed(owed.lines, case.live) or estranged(owed.lines, case.regular, case.known.recipient.since), RETAXED),
        (not clean and case.live, CORRECTION),
        (not clean, NEGATIVE),
        (not case.regular and overlapping(owed.lines, case.key.period_start, case.known.billed), OVERLAP),
        (not case.regular and case.straddles, STRADDLES),
        (case.known.recipient.blocked, BLOCKED),
        (not (case.known.recipient.is_account or case.known.recipient.confirmed), RECIPIENT),
    )
    return next((problem for holds, problem in obstacles if holds), None)


def _gone(case: Case) -> list[Invoice]:
    """Return what was deleted or reversed and nobody said to invoice anew, drafts that were deleted first."""
    dead = [i for i in case.invoices if not i.state.live and i.reference not in case.known.reissue and i.key.kind != "correction"]
    return sorted(dead, key=lambda invoice: invoice.state is not InvoiceState.DELETED)


def _invoice(case: Case, owed: Taxed) -> Invoice:
    """Build the regular invoice, or the supplement of a posted one; the generation rises over those a person gave up."""
    regular = case.regular
    kind = "supplement" if regular else "regular"
    used = [invoice.key.generation for invoice in case.invoices if invoice.key.kind == kind]
    key = case.key.model_copy(update={"kind": kind, "generation": max(used, default=0) + 1})
    if regular:
        lines = supplement_lines(owed.lines, case.live)
        owed = tax_supplement(lines, owed, case.live, case.currency)
    return draft(key, owed, case.contract, case.known.recipient, case.currency, regular.number if regular else "")


def _checked(invoice: Invoice, case: Case, difference: tuple[TaxTotal, ...]) -> Invoice | Held | Waiting:
    evidence = vat_evidence(invoice.lines, case.known.recipient, case.rules.tax, case.known.as_of)
    if isinstance(evidence, Problem):
        return _held((evidence,), case, difference)
    if found := preflight(invoice, case.contract, case.known.recipient, case.rules.seller):
        return _held(found, case, difference)
    return Waiting(evidence, case.key.period_start) if evidence else invoice


def _held(problems: tuple[Problem, ...], case: Case, difference: tuple[TaxTotal, ...]) -> Held:
    net, tax = _sums(difference)
    return Held(problems, case.key, case.currency, net, tax, difference)


def _sums(totals: tuple[TaxTotal, ...]) -> tuple[Decimal, Decimal]:
    return sum((total.base for total in totals), ZERO), sum((total.tax for total in totals), ZERO)


def _settled(case: Case) -> Settled:
    return Settled(tuple(invoice.reference for invoice in case.live))
