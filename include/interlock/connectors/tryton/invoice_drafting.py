"""Drafts as Tryton takes them: every figure, tax and day explicit, so that nothing is left to what it would fill in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from interlock.connectors.invoice_wording import Words, comment, description, words
from interlock.connectors.tryton.api import Row
from interlock.connectors.tryton.invoice_catalogue import Customer, InvoiceCatalogue, Product
from interlock.connectors.tryton.invoice_text import mark
from interlock.connectors.tryton.wire import amount, day
from interlock.domain.invoice import Invoice, InvoiceLine

PRICE_PLACES: Final = 4
Products: TypeAlias = Mapping[str, Product | None]
UNFIT: Final = {
    "customer_blocked": "the customer is not there, or blocked, in the ERP; nothing is invoiced to it",
    "address_missing": "the customer has no address in the ERP; an invoice needs one",
    "receivable_missing": "the ERP has no receivable account for the customer, nor a usual one; set it in its configuration",
    "currency_unknown": "the ERP has no such currency; add it there",
    "product_unknown": "the ERP has no active product of that code, or several, or none with a revenue account",
    "tax_unknown": "the ERP has no active tax of the name that the tax table gives, or several",
}


def unfit(invoice: Invoice, customer: Customer | None, products: Products, catalogue: InvoiceCatalogue) -> str:
    """Tell why an invoice cannot be drafted in this Tryton, or return an empty string; asked before anything is sent."""
    if customer is None or not customer.active:
        return "customer_blocked"
    if customer.address is None or customer.account is None:
        return "address_missing" if customer.address is None else "receivable_missing"
    if invoice.currency not in catalogue.currencies:
        return "currency_unknown"
    if not invoice.lines or any(products.get(line.product) is None for line in invoice.lines):
        return "product_unknown"
    codes = tax_codes(invoice)
    if any(codes.get((line.category, line.rate)) not in catalogue.taxes for line in invoice.lines):
        return "tax_unknown"
    return ""


def tax_codes(invoice: Invoice) -> dict[tuple[str, Decimal], str]:
    """Return the ERP's name of each tax by category and rate."""
    return {(total.category, total.rate): total.code for total in invoice.taxes}


def draft(invoice: Invoice, customer: Customer, products: Products, catalogue: InvoiceCatalogue) -> Row:
    """Return the values of a draft; its date is left to the day of posting, by the ERP's calendar."""
    said, codes = words(customer.language), tax_codes(invoice)
    lines = [
        _line(line, product, catalogue.taxes[codes[line.category, line.rate]], said, customer.id)
        for line in invoice.lines
        if (product := products[line.product])
    ]
    notices = {tax["name"]: tax["notice"] for tax in catalogue.tax_rates.values()}
    reasons = [total.reason for total in invoice.taxes if total.reason and not notices.get(total.code)]
    return {
        "type": "out", "company": catalogue.company, "reference": invoice.reference, "party": customer.id,
        "invoice_address": customer.address, "party_tax_identifier": customer.tax_identifier, "account": customer.account,
        "payment_term": customer.term, "journal": catalogue.journal, "currency": catalogue.currencies[invoice.currency],
        "description": said.contract.format(invoice.key.contract), "comment": comment(invoice, said, reasons),
        "lines": [["create", [line | {"currency": catalogue.currencies[invoice.currency]} for line in lines]]],
    }  # fmt: skip


def _line(line: InvoiceLine, product: Product, tax: int, said: Words, customer: int) -> Row:
    quantity, price = priced(line, product.digits)
    whole = (quantity, price) == (line.quantity, line.unit_price)
    return {
        "type": "line", "product": product.id, "account": product.account, "unit": product.unit, "quantity": float(quantity),
        "unit_price": amount(price), "description": description(line, said, whole=whole), "note": mark(line, customer),
        "taxes": [["add", [tax]]], "taxes_date": day(line.service_to) if line.service_to else None,
    }  # fmt: skip


def priced(line: InvoiceLine, digits: int) -> tuple[Decimal, Decimal]:
    """Return a quantity and a price whose product is the line's net to the cent, as the ERP multiplies the two.

    The agreed quantity with the price after discount and share where that comes out even; else one, at the net amount.
    """
    quantity = line.quantity
    if quantity and quantity == round(quantity, digits):
        price = round(line.net / quantity, PRICE_PLACES)
        if price * quantity == line.net:
            return quantity, price
    return Decimal(1), line.net
