"""From the store's rows to what a decision about a contract sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from interlock.config.contracts import WRITTEN
from interlock.domain.contract import Contract, Term
from interlock.domain.identity import Ref
from interlock.domain.invoice import STEPS, Invoice, InvoiceKey, InvoiceState
from interlock.domain.party import Account, Customer, Party
from interlock.domain.record import Problem
from interlock.domain.vat import VatAnswer
from interlock.processes.billing import Known, Recipient, read_contract
from interlock.processes.contract_view import ContractView, Sent

Row = dict[str, Any]
ON_THE_WAY = {"sending", "unknown", "done", "unchanged"}
AGAIN = {"draft_deleted", "invoice_reversed"}


def view_of(row: Row, as_of: date, answers: Mapping[str, VatAnswer]) -> ContractView:
    """Return the contract as a decision of this local date sees it; answers: the VAT register's, by VAT id."""
    read = read_contract(row["body"])
    contract = Contract() if isinstance(read, Problem) else read
    terms = tuple(Term.model_validate(term["body"]) for term in row["terms"])
    sent = _sent(row)
    released = {(code, field, detail) for code, field, detail in row["released"]}
    known = Known(
        as_of=as_of,
        recipient=_recipient(row, contract, as_of, released, answers),
        terms=terms,
        billed=_billed(row, sent),
        reissue=frozenset(field for code, field, _ in released if code in AGAIN),
    )
    return ContractView(
        ref=Ref.parse(row["ref"]), contract=contract, known=known, account=Ref.parse(row["served"]),
        customer=Ref.parse(row["customer"]) if row["customer"] and row["customer_archived"] is not None else None,
        unfit=read if isinstance(read, Problem) else None,
        archived=row["archived"], recipient_gone=row["recipient_body"] is None or row["recipient_archived"],
        number_shared=row["number_shared"], written={name: row["body"].get(name, "") for name in WRITTEN},
        sent=sent, noted=frozenset(row["noted"]),
        renewals=frozenset(term.number for term, kept in zip(terms, row["terms"], strict=True) if kept["renewal"]),
    )  # fmt: skip


def _sent(row: Row) -> dict[str, Sent]:
    """Return the invoices whose draft was tried, by reference."""
    tried: dict[str, Row] = {}
    states: dict[str, dict[str, str]] = {}
    for step in row["steps"]:
        reference = InvoiceKey.model_validate(step["body"]["key"]).reference
        states.setdefault(reference, {})[step["kind"]] = step["state"]
        if step["kind"] == STEPS[0] and step["state"] in ON_THE_WAY:
            tried[reference] = step
    return {
        reference: Sent(Invoice.model_validate(step["body"]), states[reference], step["gone"])
        for reference, step in tried.items()
    }


def _billed(row: Row, sent: Mapping[str, Sent]) -> tuple[Invoice, ...]:
    """Return what the ERP holds of the contract, and what is on its way there; a draft that is gone counts as deleted."""
    found = [
        invoice.model_copy(update={"state": InvoiceState.DELETED}) if kept["archived"] else invoice
        for kept in row["invoices"]
        for invoice in (Invoice.model_validate(kept["body"]),)
    ]
    there = {invoice.reference for invoice in found}
    for reference, one in sent.items():
        if reference not in there:
            state = InvoiceState.DELETED if one.gone else InvoiceState.PLANNED
            found.append(one.invoice.model_copy(update={"state": state}))
    return tuple(sorted(found, key=lambda invoice: (invoice.key.period_start, invoice.key.kind, invoice.key.generation)))


def _recipient(
    row: Row, contract: Contract, as_of: date, released: set[tuple[str, str, str]], answers: Mapping[str, VatAnswer]
) -> Recipient:
    party = Customer.model_validate(row["customer_body"]) if row["customer_body"] else None
    account = Account.model_validate(row["recipient_body"] or {})
    gone = bool(row["customer_archived"]) or (party is not None and not party.active)
    same = contract.recipient == contract.account or row["recipient"] == row["served"] or bool(row["same_customer"])
    return Recipient(
        id=Ref.parse(row["recipient"]).id, party=party or account, blocked=gone, is_account=same,
        confirmed=("recipient_differs", "invoice_account", Ref.parse(row["recipient"]).id) in released,
        vat=answers.get((party or account).vat_id), since=since(row, tax_status(party or account, contract), as_of),
    )  # fmt: skip


def tax_status(party: Party, contract: Contract) -> str:
    """Return what decides how a recipient is taxed, as one text."""
    return f"{party.country}|{party.postal_code}|{party.vat_id}|{contract.customer_kind}"


def since(row: Row, status: str, as_of: date) -> date | None:
    """Return the first day on which the recipient is what it is now: this one if it changed since it was last looked at."""
    known: date | None = row["tax_since"]
    return as_of if row["tax_status"] not in {None, status} else known
