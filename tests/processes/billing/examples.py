"""Contracts, recipients and an ERP that posts what it is given, for the tests of billing."""

from __future__ import annotations

from datetime import date

from interlock.domain.billing_rules import BillingRules, RenewalRules, Seller
from interlock.domain.contract import Contract, Line
from interlock.domain.identity import canonical
from interlock.domain.invoice import InvoiceState
from interlock.domain.party import Party
from interlock.domain.tax_table import TaxRules
from interlock.processes.billing import Known, Recipient, Rules, decide_invoices

BUYER = Party(
    legal_name="Fährhaus Sieben GmbH", street="Am Siel 7", postal_code="26434", city="Wangerland", country="DE",
)  # fmt: skip
SELLER = Seller(
    name="Deichwerk AG", street="Hafen 1", postal_code="26382", city="Wilhelmshaven", vat_id="DE136695976",
    contact_name="Buchhaltung", contact_phone="+494421100", contact_email="rechnung@deichwerk.example", payment_means="58",
)  # fmt: skip
HOME = Recipient(id="12", party=BUYER)


def day(text):
    return date.fromisoformat(text) if text else None


def line(number="1", price="100", **fields):
    return Line.model_validate(
        {"id": number, "product": "P", "description": "Wartung", "quantity": "1", "unit_price": price, "tax_class": "standard"}
        | fields
    )


def contract(*lines, **fields):
    usual = {"number": "SC-7", "account": "12", "customer_kind": "business", "start": "2026-01-01", "initial_term": 12}
    return Contract.model_validate(usual | {"lines": lines or (line(),)} | fields)


def rules(go_live="2020-01-01", grace=7, seller=SELLER, tax=None, **billing):
    return Rules(BillingRules(go_live=day(go_live), **billing), RenewalRules(grace_days=grace), tax or TaxRules(), seller)


def ask(agreement, as_of, *, terms=(), billed=(), recipient=HOME, reissue=(), using=None):
    known = Known(day(as_of) if isinstance(as_of, str) else as_of, recipient, tuple(terms), tuple(billed), frozenset(reissue))
    return decide_invoices(agreement, known, using or rules())


def stored(model):
    """What a model is after it was kept as canonical JSON."""
    return type(model).model_validate_json(canonical(model.model_dump(mode="json")))


class Erp:
    """Keeps terms and invoices over runs as store and ERP do, and numbers what it posts."""

    def __init__(self, using=None, recipient=HOME):
        self.using, self.recipient = using or rules(), recipient
        self.terms, self.billed, self.reissue = {}, [], set()

    def run(self, agreement, as_of, state=InvoiceState.POSTED):
        answer = self.ask(agreement, as_of)
        self.terms |= {term.number: stored(term) for term in answer.plan.fresh}
        for invoice in answer.planned:
            self.billed.append(stored(invoice.model_copy(update={"state": state, "number": f"R{len(self.billed) + 1}"})))
        return answer

    def ask(self, agreement, as_of):
        terms = tuple(self.terms[number] for number in sorted(self.terms))
        return ask(
            agreement, as_of, terms=terms, billed=self.billed, recipient=self.recipient, reissue=self.reissue, using=self.using
        )

    def set(self, reference, **changes):
        self.billed = [i.model_copy(update=changes) if i.reference == reference else i for i in self.billed]
