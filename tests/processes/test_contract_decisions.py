"""From what a contract owes to changes: steps, status, notes, entries; and what is not planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from interlock.config import parse
from interlock.domain.identity import Ref
from interlock.domain.invoice import STEPS, InvoiceState
from interlock.processes.billing import Known, Recipient
from interlock.processes.contract_view import ContractView, Sent
from interlock.processes.renewal_to_invoice import decide
from tests.processes.billing.examples import BUYER, HOME, SELLER, contract, day, line

SETTINGS = parse(f"""
[lead_to_customer]
go_live = 2026-01-01
[billing]
go_live = 2026-01-01
[seller]
{chr(10).join(f'{name} = "{value}"' for name, value in SELLER.model_dump().items())}
""")
NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
CONTRACT, ACCOUNT = Ref("hubspot:1", "", "contract", "7"), Ref("hubspot:1", "", "account", "12")
CUSTOMER = Ref("tryton:1", "1", "customer", "5")


def view(agreement=None, as_of="2026-06-01", *, recipient=HOME, billed=(), terms=(), **more):
    known = Known(day(as_of), recipient, tuple(terms), tuple(billed))
    usual = {"ref": CONTRACT, "contract": agreement or contract(interval="year"), "known": known, "account": ACCOUNT}
    return ContractView(**(usual | {"customer": CUSTOMER} | more))


def ask(one):
    return decide(one, SETTINGS, NOW)


def kinds(answer):
    return [change.kind for change in answer.decision.changes]


def planned(one=None):
    (invoice,) = ask(one or view()).billing.planned
    return invoice


def at(invoice, state, **values):
    given = {"number": "R1", "invoice_date": date(2026, 6, 1), "due_date": date(2026, 7, 1)} if state.posted else {}
    return invoice.model_copy(update={"state": state, **given, **values})


def sent(invoice, *states):
    return {invoice.reference: Sent(invoice, dict(zip(STEPS, states, strict=False)))}


def test_a_due_period_takes_three_steps_then_the_crm_learns_of_it():
    answer = ask(view())
    assert (answer.decision.verdict, kinds(answer)) == ("planned", [*STEPS, "contract", "note"])
    draft, confirmation, posting, status, note = answer.decision.changes
    assert (draft.parent, confirmation.parent) == (CUSTOMER, None)
    assert [c.depends_on for c in (draft, confirmation, posting)] == [(), (draft.key,), (confirmation.key,)]
    assert status.depends_on == note.depends_on == (posting.key,)
    assert status.values["invoice_gross"]["$result"]["name"] == "gross"
    assert (status.values["term_to"], status.values["sync_state"]) == ("2026-12-31", "ok")


def test_what_is_posted_and_told_is_left_alone():
    invoice = at(planned(), InvoiceState.POSTED)
    told = ask(view(billed=[invoice], sent=sent(invoice, "done", "done", "done")))
    assert kinds(told) == ["contract", "note"]
    (status, note) = told.decision.changes
    assert note.values["body"] == (
        "Invoice R1 of 2026-06-01, due 2026-07-01: net 100.00, tax 19.00, gross 119.00 EUR for 2026-01-01 to 2026-12-31."
    )
    quiet = view(billed=[invoice], sent=sent(invoice, "done", "done", "done"), written=status.values, noted=frozenset({note.key}))
    answer = ask(quiet)
    assert (answer.decision.verdict, answer.decision.changes) == ("unchanged", ())
    assert answer.decision.due_at is None


@pytest.mark.parametrize(
    ("state", "states"),
    [
        (InvoiceState.PLANNED, ("unknown",)),
        (InvoiceState.DRAFT, ("done",)),
        (InvoiceState.DRAFT, ("done", "rejected")),
        (InvoiceState.VALIDATED, ("done", "done", "pending")),
        (InvoiceState.POSTED, ("done", "pending", "pending")),  # somebody posted it by hand
    ],
)
def test_steps_are_planned_until_all_are_done(state, states):
    invoice = planned()
    answer = ask(view(billed=[at(invoice, state)], sent=sent(invoice, *states)))
    assert kinds(answer)[:3] == list(STEPS)
    assert answer.decision.changes[0].values == invoice.model_dump(mode="json")


def test_a_draft_that_no_longer_says_what_is_owed_is_not_posted():
    invoice = planned()
    dearer = contract(line(price="150"), interval="year")
    answer = ask(view(dearer, billed=[at(invoice, InvoiceState.DRAFT)], sent=sent(invoice, "done", "pending", "pending")))
    assert not set(STEPS) & set(kinds(answer))
    (problem,) = answer.decision.problems
    assert (problem.code, problem.field) == ("draft_outdated", "SC-7/2026-01-01")
    assert problem.detail == "net 50.00, tax 9.50, gross 59.50 EUR (S 19 %: 50.00 + 9.50)"


def test_a_draft_of_ours_is_taken_up_again_when_the_store_lost_it():
    invoice = at(planned(), InvoiceState.DRAFT)
    assert kinds(ask(view(billed=[invoice])))[:3] == list(STEPS)
    by_hand = invoice.model_copy(update={"lines": tuple(one.model_copy(update={"line": ""}) for one in invoice.lines)})
    assert not set(STEPS) & set(kinds(ask(view(billed=[by_hand]))))


def test_without_a_customer_nothing_is_planned_in_the_erp_and_the_account_is_woken():
    answer = ask(view(customer=None))
    assert (answer.wakes, answer.decision.verdict, answer.decision.reason) == (True, "waiting", "customer_missing")
    assert kinds(answer) == ["contract"]
    assert not ask(view(as_of="2025-06-01", customer=None)).wakes


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"number_shared": True}, "contract_number_shared"),
        ({"recipient_gone": True}, "recipient_unknown"),
        ({"terms": "old"}, "contract_number_changed"),
        ({"terms": "own", "archived": True}, "contract_gone"),
    ],
)
def test_what_cannot_be_reckoned_with_says_why(more, code):
    own = ask(view()).billing.plan.terms
    terms = {"own": own, "old": tuple(term.model_copy(update={"contract": "SC-6"}) for term in own)}
    answer = ask(view(**(more | ({"terms": terms[more["terms"]]} if "terms" in more else {}))))
    assert ([problem.code for problem in answer.decision.problems], answer.decision.changes) == ([code], ())


def test_a_draft_contract_and_one_that_was_deleted_before_it_began_are_no_business_of_ours():
    assert ask(view(contract(status="draft"))).decision.reason == "contract_draft"
    assert ask(view(archived=True)).decision.verdict == "unchanged"


def test_who_is_invoiced_is_asked_once_for_all_periods_and_named():
    stranger = Recipient(id="99", party=BUYER, is_account=False)
    answer = ask(view(contract(interval="month", billed="arrears"), recipient=stranger))
    (problem,) = answer.decision.problems
    assert (problem.code, problem.field, problem.detail) == ("recipient_differs", "invoice_account", "99")


def test_a_renewal_that_takes_effect_is_noted_once_and_those_of_before_never():
    agreement = contract(
        interval="year", renewal_mode="fixed", renewal_term=12, notice_value=1, start="2024-01-01", billed_through="2025-12-31"
    )
    first = ask(view(agreement))
    assert len(first.billing.plan.terms) == 3
    assert not [change for change in first.decision.changes if "renewed" in change.key]
    later = ask(view(agreement, as_of="2027-01-15", terms=first.billing.plan.terms))
    (note,) = [change for change in later.decision.changes if "renewed" in change.key]
    assert note.key == f"note/renewed/{CONTRACT}/4"
    assert note.values["body"] == "Contract SC-7 is renewed: term 4, 2027-01-01 to 2027-12-31."
    again = replace(view(agreement, as_of="2027-01-15", terms=later.billing.plan.terms), renewals=frozenset({4}))
    assert [c.key for c in ask(again).decision.changes if "renewed" in c.key] == [note.key]
    noted = replace(again, noted=frozenset({note.key}))
    assert not [c for c in ask(noted).decision.changes if "renewed" in c.key]


def test_the_latest_invoice_is_that_of_the_latest_period():
    monthly = contract(interval="month", billed="arrears", billed_through="2026-02-28")
    invoices = ask(view(monthly)).billing.planned
    status = next(change for change in ask(view(monthly)).decision.changes if change.kind == "contract")
    assert [invoice.service_from for invoice in invoices] == [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)]
    assert status.values["invoice_from"] == "2026-05-01"
    assert status.depends_on == ("invoice_posting/SC-7/2026-05-01",)
    assert status.values["next_billing_on"] == "2026-07-01"
    assert ask(view(monthly)).decision.due_at.isoformat() == "2026-07-01T00:00:00+02:00"
