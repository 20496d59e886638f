"""From what billing answers to changes: three steps an invoice until they are done, and what the CRM should know."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from interlock.config import parse
from interlock.domain.identity import Ref
from interlock.domain.invoice import STEPS, InvoiceState
from interlock.domain.party import Customer
from interlock.processes.billing import Known, Recipient
from interlock.processes.contract_view import ContractView, Sent
from interlock.processes.renewal_to_invoice import decide
from tests.companies import BILLING
from tests.processes.billing.examples import BUYER, contract

SETTINGS = parse("[lead_to_customer]\ngo_live = 2026-01-01\n" + BILLING)
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
CRM, ERP = "hubspot:1", "tryton:1"
FIRST = "SC-7/2026-01-01"
GIVEN = {"number": "RE-1", "invoice_date": date(2026, 1, 10), "due_date": date(2026, 2, 9)}


def view(billed=(), sent=None, **values):
    recipient = Recipient(id="12", party=Customer(**BUYER.model_dump()))
    known = Known(date(2026, 1, 10), recipient, billed=tuple(billed))
    usual = {"account": Ref(CRM, "", "account", "12"), "customer": Ref(ERP, "1", "customer", "3")}
    agreement = contract(interval="year", start="2026-01-01")
    return ContractView(Ref(CRM, "", "contract", "7"), agreement, known, sent=sent or {}, **(usual | values))


def planned():
    (invoice,) = decide(view(), SETTINGS, NOW).billing.planned
    return invoice


def keys(answer):
    return [change.key for change in answer.decision.changes if change.kind in STEPS]


ALL = [f"{kind}/{FIRST}" for kind in STEPS]


def test_an_invoice_is_three_steps_that_follow_each_other():
    changes = [change for change in decide(view(), SETTINGS, NOW).decision.changes if change.kind in STEPS]
    assert [change.key for change in changes] == ALL
    assert [change.depends_on for change in changes] == [(), (ALL[0],), (ALL[1],)]
    assert [change.parent.id if change.parent else None for change in changes] == ["3", None, None]


@pytest.mark.parametrize("state", [InvoiceState.PLANNED, InvoiceState.DRAFT, InvoiceState.VALIDATED])
@pytest.mark.parametrize("known", [True, False], ids=["on record", "after a restore"])
def test_steps_that_are_not_all_done_are_planned_again(state, known):
    invoice = planned()
    sent = {FIRST: Sent(invoice, {STEPS[0]: "done"})} if known else {}
    answer = decide(view([invoice.model_copy(update={"state": state})], sent), SETTINGS, NOW)
    assert keys(answer) == ALL
    assert all(c.values == invoice.model_dump(mode="json") for c in answer.decision.changes if c.kind in STEPS)


def test_steps_that_are_done_are_not_planned_again():
    invoice = planned()
    posted = invoice.model_copy(update={"state": InvoiceState.POSTED, **GIVEN})
    for sent in ({}, {FIRST: Sent(invoice, dict.fromkeys(STEPS, "done"))}):
        assert keys(decide(view([posted], sent), SETTINGS, NOW)) == []


@pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.DELETED, InvoiceState.CANCELLED])
def test_no_step_is_planned_of_an_invoice_that_is_held(state):
    invoice = planned()
    lower = invoice.taxes[0].model_copy(update={"base": invoice.net - 1})
    other = invoice.model_copy(update={"state": state, "net": invoice.net - 1, "taxes": (lower,)})
    answer = decide(view([other], {FIRST: Sent(invoice, {STEPS[0]: "done"})}), SETTINGS, NOW)
    assert (keys(answer), [problem.field for problem in answer.decision.problems]) == ([], [FIRST])


def test_contracts_that_share_a_number_are_held():
    answer = decide(view(number_shared=True), SETTINGS, NOW)
    assert ([problem.code for problem in answer.decision.problems], answer.decision.changes) == (["contract_number_shared"], ())


def test_the_crm_learns_that_its_latest_invoice_was_reversed():
    reversed_one = planned().model_copy(update={"state": InvoiceState.CANCELLED, **GIVEN})
    answer = decide(view([reversed_one], written={"invoice_state": "posted"}), SETTINGS, NOW)
    (update,) = [change for change in answer.decision.changes if change.kind == "contract"]
    assert (update.values["invoice_number"], update.values["invoice_state"]) == ("RE-1", "cancelled")
    assert (update.values["sync_state"], [c.kind for c in answer.decision.changes]) == ("held back", ["contract"])
