"""What a person can do about a reason for holding back, in one sentence; docs/quarantine.md says more."""

from __future__ import annotations

from typing import Final

IN_CRM: Final = "Correct it in the CRM. The next run takes the record along by itself."
IN_ERP: Final = "Repair it in the ERP; then release this entry."
BY_AMOUNTS: Final = "Correct the invoice in the ERP by the amounts shown; this entry closes once the books say what is owed."
ANEW: Final = "Release this entry to have the period invoiced anew, as the next generation; ignore it if it is not to be."
QUESTION: Final = (
    "Say which customer it is, or that it is a new one; or correct the record where it is wrong. The answer is remembered."
)
ELSEWHERE: Final = (
    "The target system refused the record; its own words are below. Correct the record in the CRM, or repair the cause in that"
    " system and release this entry."
)
CURES: Final = {
    "name_missing": "Enter the company's legal name in the CRM. The next run takes the record along by itself.",
    "country_missing": "Enter the country in the CRM. The next run takes the record along by itself.",
    "country_unknown": "Enter the country in the CRM by its usual name or its two-letter code, such as DE.",
    "vat_id_invalid": "Ask the customer for the right VAT id and correct it in the CRM, or empty the field there.",
    "phone_without_country": "Write the number in the CRM with its country code, such as +49 30 1234567.",
    "vat_id_other_country": "Correct the country or the VAT id in the CRM; if both are right, release this entry.",
    "parent_cycle": "Correct in the CRM which company is the parent. The next run takes the family along, parents first.",
    "waited_too_long": "Look into what it waits for, named on the left; this entry closes by itself once that is settled.",
    "deal_without_account": "Link the deal in the CRM to the company that bought, or ignore this entry.",
    "won_date_unreadable": "Correct in the CRM when the deal was won.",
    "won_date_future": "Correct in the CRM when the deal was won, or wait until then.",
    "account_gone": "Decide whether its customer in the ERP is still needed; then ignore this entry.",
    "customer_gone": "Restore or unblock the customer in the ERP, then release this entry.",
    "customer_twice": "Merge the two customers in the ERP, or take the reference off one of them; then release this entry.",
    "not_kept": "Look into the target why it changes this field (a rule or a right there); then release this entry.",
    "rejected_by_approver": "Settle why with the approver; then release this entry, and it is asked about again.",
    "match_contract_due": "Say that it is a new customer; or which one it is: interlock quarantine release ID --link NUMBER.",
    "account_unknown": "Check the id; run with “Read everything” if it was deleted.",
    "invoice_unknown": "Check the number; an invoice of a customer that is no account concerns nobody in the CRM.",
    "invoice_number_missing": "Look into the document in the ERP. The account's figures wait meanwhile.",
    "contract_unknown": "Check the id; run with “Read everything” if it was deleted.",
    "contract_gone": "Restore the contract in the CRM and cancel it there; or ignore this entry: nothing more is invoiced.",
    "customer_blocked": "Release the customer in the ERP. Until then nothing is renewed by itself or invoiced.",
    "recipient_differs": "Release this entry to confirm this recipient for the contract; or correct the contract in the CRM.",
    "draft_deleted": ANEW,
    "invoice_reversed": ANEW + " Reverse its supplements before.",
    "correction_needed": BY_AMOUNTS,
    "tax_changed": BY_AMOUNTS,
    "draft_outdated": "Delete the draft in the ERP and release the entry that follows; or post it and correct the difference.",
    "invoice_by_hand": "Correct the invoice in the ERP, or the contract in the CRM; this entry closes by itself.",
    "service_day_invoiced": "Settle in the ERP which of the two invoices holds; this entry closes by itself.",
    "period_straddles_go_live": "Enter in the contract up to which day it was invoiced elsewhere.",
    "invoice_negative": "Settle the period by hand.",
    "tax_row_missing": "Ask the tax adviser how this supply is taxed, and add a row under [tax] in interlock.toml.",
    "seller_incomplete": "Complete [seller] in interlock.toml.",
    "posted_otherwise": "The invoice is posted: correct it in the ERP, or the contract in the CRM.",
    "invoice_edited": "Undo the change in the ERP, or correct the contract in the CRM.",
} | dict.fromkeys(
    ("draft_reopened", "invoice_twice", "address_missing", "receivable_missing", "product_unknown", "tax_unknown",
     "currency_unknown", "warned_by_erp"),
    IN_ERP,
)  # fmt: skip


def cure(code: str, field: str) -> str:
    """Say what a person can do about a reason for holding back."""
    if code in CURES:
        return CURES[code]
    return QUESTION if code.startswith("match_") else IN_CRM if field else ELSEWHERE
