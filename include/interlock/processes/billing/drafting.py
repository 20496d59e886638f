"""Lines -> an invoice with its taxes and totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from interlock.domain.contract import Contract
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, TaxTotal
from interlock.domain.money import ZERO
from interlock.domain.record import Problem
from interlock.processes.billing.known import Rules
from interlock.processes.billing.recipient import Recipient
from interlock.processes.billing.tax import taxed, totals


@dataclass(frozen=True, slots=True)
class Taxed:
    """A period's lines with their taxes; with problems some lines have none."""

    lines: tuple[InvoiceLine, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()
    problems: tuple[Problem, ...] = ()


def tax_lines(lines: Iterable[InvoiceLine], contract: Contract, recipient: Recipient, rules: Rules, currency: str) -> Taxed:
    """Tax lines and sum them by category and rate."""
    done, rows, problems = taxed(lines, contract.customer_kind, recipient, rules.tax)
    return Taxed(done, totals(done, rows, currency), problems)


def tax_as_then(owed: Taxed, billed: Iterable[Invoice], since: date | None, currency: str) -> Taxed:
    """Keep the category of lines whose service was over before the recipient became what it is, as they were billed.

    The recipient's seat and kind count on the last day of service, so that a customer who moves abroad later changes nothing; a
    rate that differs within the category is the table's, and stays a difference.
    """
    invoices = tuple(billed)
    then = {line.line: line for invoice in invoices for line in invoice.lines if line.line}
    lines = tuple(_as_then(line, then.get(line.line, line), since) for line in owed.lines)
    return owed if lines == owed.lines else tax_supplement(lines, owed, invoices, currency)


def _as_then(line: InvoiceLine, then: InvoiceLine, since: date | None) -> InvoiceLine:
    over = line.service_to is not None and since is not None and line.service_to < since
    return (
        line.model_copy(update={"category": then.category, "rate": then.rate})
        if over and then.category != line.category
        else line
    )


def tax_supplement(lines: tuple[InvoiceLine, ...], owed: Taxed, billed: Iterable[Invoice], currency: str) -> Taxed:
    """Tax the difference to what was billed, line by line as the lines were taxed there or are now."""
    named = [*(total for invoice in billed for total in invoice.taxes), *owed.taxes]
    return Taxed(lines, totals(lines, named, currency))


def draft(key: InvoiceKey, found: Taxed, contract: Contract, recipient: Recipient, currency: str, corrects: str = "") -> Invoice:
    """Build the invoice: net is the sum of the rounded lines, tax the sum over the categories (EN 16931 BR-CO-10, BR-CO-14)."""
    net = sum((line.net for line in found.lines), ZERO)
    tax = sum((total.tax for total in found.taxes), ZERO)
    days = [(line.service_from, line.service_to) for line in found.lines]
    return Invoice(
        key=key, currency=currency, recipient=recipient.id, recipient_country=recipient.party.country,
        recipient_vat_id=recipient.party.vat_id, service_from=min((first for first, _ in days if first), default=None),
        service_to=max((last for _, last in days if last), default=None), buyer_reference=contract.buyer_reference,
        contract_reference=contract.contract_reference or contract.number, purchase_order=contract.purchase_order,
        corrects=corrects, lines=found.lines, taxes=found.taxes, net=net, tax=tax, gross=net + tax,
    )  # fmt: skip
