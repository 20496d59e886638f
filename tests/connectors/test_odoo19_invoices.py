"""What of the contract of invoices is kept from an Odoo 19, and what a copy is there."""

from __future__ import annotations

from tests.connectors import odoo_hands
from tests.connectors import test_odoo_invoices as contract
from tests.connectors.odoo_hands import rpc
from tests.connectors.test_odoo_invoices import MOVE, copied, drafted, fields, invoice, step, take

SERVER = "odoo19"
erp = odoo_hands.erp
system, buyer = contract.system, contract.buyer

test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures = (
    contract.test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures
)
test_dates_taxes_term_and_words_are_explicit = contract.test_dates_taxes_term_and_words_are_explicit
test_taxes_other_than_the_products_usual_ones_are_posted = contract.test_taxes_other_than_the_products_usual_ones_are_posted
test_several_go_together_and_the_culprit_of_a_batch_stops_no_other = (
    contract.test_several_go_together_and_the_culprit_of_a_batch_stops_no_other
)
test_a_step_taken_twice_has_one_effect = contract.test_a_step_taken_twice_has_one_effect
test_a_reversed_invoice_is_told_and_a_next_generation_may_follow = (
    contract.test_a_reversed_invoice_is_told_and_a_next_generation_may_follow
)
test_what_cannot_be_drafted_is_named_and_the_others_are = contract.test_what_cannot_be_drafted_is_named_and_the_others_are
test_a_late_double_is_removed_while_it_is_a_draft_of_ours = contract.test_a_late_double_is_removed_while_it_is_a_draft_of_ours
test_lock_dates_are_the_periods_of_the_books = contract.test_lock_dates_are_the_periods_of_the_books
test_doctor_finds_nothing_wrong = contract.test_doctor_finds_nothing_wrong


def test_a_copy_is_none_of_ours_until_somebody_types_our_reference(system, buyer):
    planned = invoice(system)
    again = copied(system, drafted(system, buyer, planned))
    assert fields(system, again, "invoice_origin", "ref") == {"id": int(again.id), "invoice_origin": False, "ref": False}
    assert system.read("invoice", [again.id]) == {}
    assert system.find([step("invoice_confirmation", planned, again)]) != {}
    rpc(system, MOVE, "write", [int(again.id)], vals={"ref": planned.reference})
    assert take(system, "invoice_confirmation", planned, again).code == "invoice_twice"
