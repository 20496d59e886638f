"""Lines -> an invoice with its taxes and totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
