"""Whether an invoice can say what § 14 (4) UStG and EN 16931 demand: what is missing is named with its BT number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stdnum.de import leitweg

from interlock.domain.billing_rules import Seller
from interlock.domain.contract import Contract
from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import ZERO
from interlock.domain.record import Problem
from interlock.processes.billing.recipient import Recipient
from interlock.processes.billing.tax import NEEDS_VAT_ID

SELLER: Final = {
    "name": "BT-27 name", "street": "BT-35 street", "city": "BT-37 city", "postal_code": "BT-38 postal code",
    "country": "BT-40 country", "contact_name": "BT-41 contact", "contact_phone": "BT-42 contact's phone",
    "contact_email": "BT-43 contact's e-mail", "payment_means": "BT-81 payment means",
}  # fmt: skip
BUYER: Final = {
    "legal_name": "BT-44 name", "street": "BT-50 street", "city": "BT-52 city", "postal_code": "BT-53 postal code",
    "country": "BT-55 country",
}  # fmt: skip
LEITWEG_MISSING: Final = Problem(
    "buyer_reference_missing",
    "buyer_reference",
    "a public buyer's invoice needs its Leitweg-ID (BT-10); enter it in the contract",
)
LEITWEG_UNFIT: Final = Problem(
    "leitweg_id_invalid", "buyer_reference", "the Leitweg-ID (BT-10) has a wrong form or wrong check digits; ask the buyer for it"
)


def preflight(invoice: Invoice, contract: Contract, recipient: Recipient, seller: Seller) -> tuple[Problem, ...]:
    """Return what keeps an invoice from being complete; nothing when it can be sent."""
    found = []
    if missing := list(_seller(invoice, seller)):
        found.append(Problem("seller_incomplete", "seller", f"the seller lacks {', '.join(missing)}; complete [seller]"))
    if missing := list(_buyer(invoice, recipient)):
        found.append(Problem("buyer_incomplete", "account", f"the recipient lacks {', '.join(missing)}; complete the account"))
    if missing := list(_invoice(invoice, recipient)):
        found.append(Problem("invoice_incomplete", "lines", f"the invoice lacks {', '.join(missing)}; complete the contract"))
    if contract.public_buyer and not contract.buyer_reference:
        found.append(LEITWEG_MISSING)
    elif contract.public_buyer and not leitweg.is_valid(contract.buyer_reference):
        found.append(LEITWEG_UNFIT)
    return tuple(found)


def _seller(invoice: Invoice, seller: Seller) -> Iterator[str]:
    yield from (label for name, label in SELLER.items() if not getattr(seller, name))
    if any(total.category in NEEDS_VAT_ID for total in invoice.taxes) and not seller.vat_id:
        yield "BT-31 VAT id"
    elif not (seller.vat_id or seller.tax_number):
        yield "BT-31 VAT id or BT-32 tax number"


def _buyer(invoice: Invoice, recipient: Recipient) -> Iterator[str]:
    yield from (label for name, label in BUYER.items() if not getattr(recipient.party, name))
    if any(total.category in NEEDS_VAT_ID for total in invoice.taxes) and not recipient.party.vat_id:
        yield "BT-48 VAT id"


def _invoice(invoice: Invoice, recipient: Recipient) -> Iterator[str]:
    if not invoice.contract_reference:
        yield "BT-12 contract reference"
    if not recipient.has_terms:
        yield "BT-9 due date or BT-20 payment terms"
    if not (invoice.service_from and invoice.service_to):
        yield "BT-73, BT-74 service period"
    if not invoice.lines:
        yield "BG-25 lines"
    yield from dict.fromkeys(label for line in invoice.lines for label in _line(line))
    if any(not total.reason for total in invoice.taxes if total.category != "S"):
        yield "BT-120 exemption reason"


def _line(line: InvoiceLine) -> Iterator[str]:
    if line.quantity == ZERO:
        yield "BT-129 quantity"
    if not (line.description or line.product):
        yield "BT-153 description"
    if not (line.service_from and line.service_to):
        yield "BT-134, BT-135 service days of a line"
    if not line.tax_class:
        yield "BT-151 tax category of a line"
