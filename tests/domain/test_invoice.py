"""Contracts and invoices as snapshots and changes hold them, and the reference by which an invoice is found again."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.contract import Contract, Term
from interlock.domain.identity import canonical
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceState

KEYS = st.builds(
    InvoiceKey,
    contract=st.from_regex(r"[A-Z0-9]{1,4}([-/][A-Z0-9]{1,4})?", fullmatch=True),
    period_start=st.dates(),
    kind=st.sampled_from(["regular", "supplement", "correction"]),
    generation=st.integers(1, 99),
)


@pytest.mark.parametrize(
    ("kind", "generation", "reference"),
    [
        ("regular", 1, "SC-7/2026-01-01"),
        ("regular", 2, "SC-7/2026-01-01/2"),
        ("supplement", 1, "SC-7/2026-01-01/S1"),
        ("correction", 3, "SC-7/2026-01-01/C3"),
    ],
)
def test_references_read_as_the_erp_shows_them(kind, generation, reference):
    key = InvoiceKey(contract="SC-7", period_start=date(2026, 1, 1), kind=kind, generation=generation)
    assert key.reference == reference
    assert InvoiceKey.parse(reference) == key


@given(KEYS)
def test_every_reference_leads_back_to_its_key(key):
    assert InvoiceKey.parse(key.reference) == key


@given(st.text(max_size=30))
def test_a_text_of_somebody_elses_is_never_taken_for_ours(text):
    with suppress(ValueError):
        assert InvoiceKey.parse(text).reference == text


@pytest.mark.parametrize("text", ["SC-7/2026-01-01/1", "SC-7/2026-01-01/S", "SC-7/20260101", "2026-01-01", "/2026-01-01"])
def test_near_misses_are_no_references(text):
    with pytest.raises(ValueError, match="not an invoice's reference"):
        InvoiceKey.parse(text)


def test_a_contract_survives_its_snapshot():
    line = {"id": "1", "quantity": "2.00", "unit_price": "99.90", "valid_from": "", "valid_to": "2026-06-30"}
    contract = Contract.model_validate({"number": "SC-7", "account": "12", "start": "2026-01-31", "lines": [line]})
    values = json.loads(canonical(contract.model_dump(mode="json")))
    assert Contract.model_validate(values) == contract
    assert (
        values["lines"][0] | {"quantity": "2", "unit_price": "99.9", "valid_from": None, "valid_to": "2026-06-30"}
        == (values["lines"][0])
    )
    assert contract.recipient == "12"
    assert Term(contract="SC-7", number=3, first_day=date(2026, 1, 31)).key == "SC-7/3"


def test_what_the_erp_adds_does_not_void_an_approval():
    planned = Invoice(key=InvoiceKey(contract="SC-7", period_start=date(2026, 1, 1)), recipient="12")
    posted = planned.model_copy(update={"state": InvoiceState.POSTED, "number": "2026-17", "due_date": date(2026, 2, 1)})
    assert posted.content_hash == planned.content_hash
    assert planned.model_copy(update={"recipient": "13"}).content_hash != planned.content_hash


def test_a_cancelled_or_deleted_invoice_covers_no_day():
    assert [state for state in InvoiceState if not state.live] == [InvoiceState.CANCELLED, InvoiceState.DELETED]
    assert [state for state in InvoiceState if state.posted] == [InvoiceState.POSTED, InvoiceState.PAID]
