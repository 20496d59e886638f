"""Drafts as Odoo takes them: every figure, tax, term and day explicit, so that nothing is left to what it would fill in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

from interlock.connectors.invoice_wording import Words, comment, description, words
from interlock.connectors.odoo.invoice_catalogue import Customer, InvoiceCatalogue
from interlock.connectors.odoo.invoice_marks import invoice_mark, line_mark
from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import EXACT, plain, product

Products: TypeAlias = Mapping[str, int | None]
Cells = list[str]
HEAD: Final = (
    "id", "move_type", "partner_id/.id", "invoice_origin", "ref", "journal_id/.id", "currency_id/.id",
    "invoice_payment_term_id/.id", "delivery_date", "invoice_user_id/.id",
)  # fmt: skip
LINE: Final = ("id", "display_type", "product_id/.id", "name", "quantity", "price_unit", "discount", "tax_ids/.id")
COLUMNS: Final = [*HEAD, *(f"invoice_line_ids/{name}" for name in LINE)]
UNFIT: Final = {
    "customer_blocked": "the customer is not there, or archived or blocked for invoices, in the ERP; nothing is invoiced to it",
    "term_missing": "the customer has no payment term in the ERP, where all without one is due at once; give it one",
    "currency_unknown": "the ERP has no such currency in use, or no rate of it; switch it on there, or enter one",
    "product_unknown": "the ERP has no product of that code in use, or several",
    "tax_unknown": "the ERP has no usable tax on sales of the name that the tax table gives, or several",
}


def unfit(invoice: Invoice, customer: Customer | None, products: Products, catalogue: InvoiceCatalogue) -> str:
    """Tell why an invoice cannot be drafted in this Odoo, or return an empty string; asked before anything is sent."""
    if customer is None or not customer.active:
        return "customer_blocked"
    if customer.term is None:
        return "term_missing"
    if not catalogue.books(invoice.currency):
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


def draft(invoice: Invoice, customer: Customer, products: Products, catalogue: InvoiceCatalogue) -> list[Cells]:
    """Return the rows of a draft, one a line; its date is left to the day of posting, by the time zone of Odoo's user."""
    said, codes = words(customer.language), tax_codes(invoice)
    rows: list[Cells] = []
    for place, line in enumerate(invoice.lines, 1):
        mark = line_mark(catalogue.company, invoice.reference, place, line, customer.id)
        rows.append([mark, "product", str(products[line.product]), *_figures(line, said, catalogue)])
        rows[-1].append(str(catalogue.taxes[codes[line.category, line.rate]]))
    notices = {tax["name"]: tax["notice"] for tax in catalogue.tax_rates.values()}
    reasons = [total.reason for total in invoice.taxes if total.reason and not notices.get(total.code)]
    rows.append(["", "line_note", "", comment(invoice, said, reasons), "", "", "", ""])
    head = _head(invoice, customer, catalogue)
    return [
        [*(head if first else [""] * len(HEAD)), *row] for first, row in zip([True, *[False] * len(rows)], rows, strict=False)
    ]


def _head(invoice: Invoice, customer: Customer, catalogue: InvoiceCatalogue) -> Cells:
    last = max((line.service_to for line in invoice.lines if line.service_to), default=None)
    return [
        invoice_mark(catalogue.company, invoice.reference), "out_invoice", str(customer.address), invoice.reference,
        invoice.purchase_order, str(catalogue.journal), str(catalogue.currencies[invoice.currency]), str(customer.term),
        last.isoformat() if last else "", str(customer.seller or ""),
    ]  # fmt: skip


def _figures(line: InvoiceLine, said: Words, catalogue: InvoiceCatalogue) -> Cells:
    quantity, price, discount = priced(line, catalogue.places)
    whole = (quantity, price, discount) == (line.quantity, line.unit_price, line.discount)
    return [description(line, said, whole=whole), plain(quantity), plain(price), plain(discount)]


def priced(line: InvoiceLine, places: Mapping[str, int]) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, price and discount whose product is the line's net exactly.

    Odoo adds up what it has not rounded where taxes are rounded once a document. As agreed where that comes out even; else the
    agreed quantity with the price after discount and share; else one, at the net amount.
    """
    for quantity, price, discount in _ways(line, places["price_unit"]):
        fits = _fits(quantity, places["quantity"]) and _fits(price, places["price_unit"]) and _fits(discount, places["discount"])
        if fits and product(quantity, price, 1 - discount / 100) == line.net:
            return quantity, price, discount
    return Decimal(1), line.net, Decimal(0)


def _ways(line: InvoiceLine, places: int) -> list[tuple[Decimal, Decimal, Decimal]]:
    ways = [] if line.share else [(line.quantity, line.unit_price, line.discount)]
    if line.quantity:
        price = EXACT.divide(line.net, line.quantity).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if price * line.quantity == line.net:
            ways.append((line.quantity, price, Decimal(0)))
    return ways


def _fits(value: Decimal, places: int) -> bool:
    return value == round(value, places)
