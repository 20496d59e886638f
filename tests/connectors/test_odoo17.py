"""What of the contract of customers and invoices is kept from an Odoo 17."""

from __future__ import annotations

from tests.connectors import odoo_hands
from tests.connectors import test_odoo_invoices as invoices
from tests.connectors.test_odoo import TestOdoo as Customers

SERVER = "odoo17"
erp = odoo_hands.erp
system, buyer = invoices.system, invoices.buyer
KEPT = {
    "test_a_new_customer_has_number_reference_and_term",
    "test_a_repeated_create_changes_nothing",
    "test_creates_are_done_found_and_removed",
    "test_one_bad_record_does_not_stop_the_others",
    "test_each_field_is_changed_alone",
    "test_merged_ids_lead_to_the_last_survivor",
    "test_changes_come_oldest_first_from_the_watermark_on",
    "test_a_missing_right_is_named_by_doctor_and_stops_before_anything_is_written",
    "test_doctor_finds_nothing_wrong",
    "test_a_company_below_another_is_a_customer_of_its_own",
}


class TestOdoo17(Customers):
    """Inherits the whole contract and runs what is kept of it."""


for name in {name for name in dir(Customers) if name.startswith("test_")} - KEPT:
    setattr(TestOdoo17, name, None)

test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures = (
    invoices.test_an_invoice_is_drafted_confirmed_and_posted_with_the_planned_figures
)
test_dates_taxes_term_and_words_are_explicit = invoices.test_dates_taxes_term_and_words_are_explicit
test_a_repeated_draft_leaves_a_posted_invoice_alone = invoices.test_a_repeated_draft_leaves_a_posted_invoice_alone
test_what_cannot_be_drafted_is_named_and_the_others_are = invoices.test_what_cannot_be_drafted_is_named_and_the_others_are
test_a_reversed_invoice_is_told_and_a_next_generation_may_follow = (
    invoices.test_a_reversed_invoice_is_told_and_a_next_generation_may_follow
)
test_lock_dates_are_the_periods_of_the_books = invoices.test_lock_dates_are_the_periods_of_the_books
test_doctor_finds_nothing_wrong = invoices.test_doctor_finds_nothing_wrong
