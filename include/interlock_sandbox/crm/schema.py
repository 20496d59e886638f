"""What the sandbox knows from the start: object types, their properties, association types, the deal pipeline."""

from __future__ import annotations

from typing import Any

PORTAL = 146_000_001
AUTOMATIC = (
    "hs_object_id",
    "createdate",
    "hs_createdate",
    "hs_lastmodifieddate",
    "lastmodifieddate",
    "hs_merged_object_ids",
    "hs_parent_company_id",
)
PARENT, CHILD = 13, 14  # association types of a company: to its child, to its parent
ENTERED = "hs_v2_date_entered_"
PROPERTIES: dict[str, tuple[str, ...]] = {
    "companies": (
        "name", "domain", "website", "phone", "address", "address2", "zip", "city", "state", "country", "vat_id",
        "register_number", "language", "lifecyclestage", "industry", "description", "source_campaign", "erp_customer_number",
        "erp_sync_state", "erp_synced_at", "erp_sync_message", "erp_open_amount", "erp_overdue_amount", "erp_oldest_due",
        "erp_last_payment_on", "erp_last_payment_amount", "erp_unallocated_amount", "erp_credit_hold", "erp_other_currencies",
    ),
    "contacts": (
        "email", "firstname", "lastname", "phone", "mobilephone", "jobtitle", "salutation", "address", "zip", "city",
        "country", "company", "lifecyclestage", "hs_language", "role",
    ),
    "deals": ("dealname", "dealstage", "pipeline", "amount", "closedate", "dealtype", "deal_currency_code", "description",
              "hs_is_closed_won"),
    "line_items": ("name", "quantity", "price", "amount", "hs_product_id", "hs_sku", "discount", "hs_discount_percentage",
                   "hs_line_item_currency_code", "description", "recurringbillingfrequency", "hs_position_on_quote", "unit", "tax_class",
                   "supply", "recurrence", "usage", "valid_from", "valid_to", "new_unit_price", "new_price_from"),
    "products": ("name", "description", "price", "hs_sku", "recurringbillingfrequency"),
    "notes": ("hs_note_body", "hs_timestamp", "hs_attachment_ids", "private"),
    "tasks": ("hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_task_type", "hs_timestamp", "private"),
    "calls": ("hs_call_title", "hs_call_body", "hs_call_direction", "hs_call_duration", "hs_call_status", "hs_timestamp",
              "private"),
    "emails": ("hs_email_subject", "hs_email_text", "hs_email_html", "hs_email_direction", "hs_email_status", "hs_timestamp",
               "private"),
    "meetings": ("hs_meeting_title", "hs_meeting_body", "hs_meeting_start_time", "hs_meeting_end_time", "hs_meeting_outcome",
                 "hs_timestamp", "private"),
    "service_contracts": (
        "name", "number", "status", "customer_kind", "public_buyer", "invoice_account_id", "start_date", "initial_term_months", "renewal_mode",
        "renewal_term_months", "renewed_through", "renewed_by", "notice_value", "notice_unit", "cancellation_received_on",
        "cancellation_effective_on", "cancellation_kind", "billing_interval", "billed", "billed_through", "currency",
        "uplift", "uplift_percent", "uplift_from", "uplift_agreed", "buyer_reference", "contract_reference", "purchase_order",
        "erp_term_number", "erp_term_from", "erp_term_to", "erp_next_billing_on", "erp_invoice_number", "erp_invoice_date",
        "erp_invoice_due", "erp_invoice_from", "erp_invoice_to", "erp_invoice_net", "erp_invoice_tax", "erp_invoice_gross",
        "erp_invoice_state", "erp_payment_state", "erp_sync_state", "erp_synced_at", "erp_sync_message", "erp_payment_status",
        "erp_payment_open", "erp_payment_overdue", "erp_payment_oldest_due", "erp_payment_returned_on", "erp_payment_return_reason",
        "erp_payment_invoices",
    ),
}  # fmt: skip
NUMBERS = {
    "amount", "price", "quantity", "discount", "hs_discount_percentage", "hs_call_duration", "hs_position_on_quote",
    "initial_term_months", "renewal_term_months", "notice_value", "uplift_percent", "erp_term_number", "erp_invoice_net",
    "erp_invoice_tax", "erp_invoice_gross", "new_unit_price", "erp_open_amount", "erp_overdue_amount", "erp_last_payment_amount",
    "erp_unallocated_amount", "erp_payment_open", "erp_payment_overdue",
}  # fmt: skip
DATES = {
    "start_date", "renewed_through", "cancellation_received_on", "cancellation_effective_on", "billed_through", "erp_term_from",
    "erp_term_to", "erp_next_billing_on", "erp_invoice_date", "erp_invoice_due", "erp_invoice_from", "erp_invoice_to", "valid_from",
    "valid_to", "uplift_from", "new_price_from", "erp_oldest_due", "erp_last_payment_on", "erp_payment_oldest_due",
    "erp_payment_returned_on",
}  # fmt: skip
TRUTHS = {"uplift_agreed", "public_buyer", "usage", "erp_credit_hold"}
OPTIONS = {
    "status": "draft active cancelled ended", "customer_kind": "business consumer", "renewal_mode": "none fixed indefinite",
    "notice_unit": "day week month", "cancellation_kind": "ordinary for_cause by_agreement void",
    "billing_interval": "month quarter half_year year", "billed": "advance arrears", "uplift": "none percent index manual",
    "supply": "goods service", "recurrence": "recurring one_off",
    "erp_payment_status": "returned overdue partly_paid open overpaid paid credited none",
    "hs_task_status": "NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED", "hs_task_priority": "NONE LOW MEDIUM HIGH",
    "hs_task_type": "TODO CALL EMAIL",
}  # fmt: skip
STRICT = {"erp_payment_status", "hs_task_status", "hs_task_priority", "hs_task_type", "erp_credit_hold"}  # no value but an option
REQUIRED = {"tasks": ("hs_timestamp",)}  # what nothing is made without
ACTIVITIES = ("notes", "tasks", "calls", "emails", "meetings")
TIMES = {
    "createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate", "closedate", "hs_timestamp", "erp_synced_at",
    "hs_meeting_start_time", "hs_meeting_end_time",
}  # fmt: skip
CUSTOM = {"service_contracts": 1}  # objects that a company makes for itself -> number of their type
TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "line_items": "0-8", "products": "0-7"}
GROUPS = {
    "contacts": "contactinformation",
    "companies": "companyinformation",
    "deals": "dealinformation",
    "line_items": "lineiteminformation",
}
BRIEF = {  # what a read shows that asks for no properties
    "companies": ("name", "domain"),
    "contacts": ("email", "firstname", "lastname"),
    "deals": ("dealname", "dealstage", "pipeline", "amount", "closedate"),
}
ALIASES = {
    "company": "companies", "0-2": "companies", "contact": "contacts", "0-1": "contacts", "deal": "deals", "0-3": "deals",
    "line_item": "line_items", "0-8": "line_items", "product": "products", "0-7": "products", "note": "notes", "0-46": "notes",
    "task": "tasks", "0-27": "tasks", "call": "calls", "0-48": "calls", "email": "emails", "0-49": "emails",
    "meeting": "meetings", "0-47": "meetings", "service_contract": "service_contracts", "2-1": "service_contracts",
}  # fmt: skip
SINGULAR = {kind: alias for alias, kind in ALIASES.items() if not alias[0].isdigit()}
ASSOCIATIONS = {
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("deals", "companies"): 341, ("companies", "deals"): 342,
    ("deals", "contacts"): 3, ("contacts", "deals"): 4, ("deals", "line_items"): 19, ("line_items", "deals"): 20,
    ("notes", "companies"): 190, ("companies", "notes"): 189, ("notes", "contacts"): 202, ("contacts", "notes"): 201,
    ("notes", "deals"): 214, ("deals", "notes"): 213, ("tasks", "companies"): 192, ("companies", "tasks"): 191,
    ("tasks", "contacts"): 204, ("contacts", "tasks"): 203,
    ("calls", "companies"): 182, ("companies", "calls"): 181, ("emails", "companies"): 186, ("companies", "emails"): 185,
    ("meetings", "companies"): 188, ("companies", "meetings"): 187,
    ("calls", "deals"): 206, ("deals", "calls"): 205, ("emails", "deals"): 210, ("deals", "emails"): 209,
    ("meetings", "deals"): 212, ("deals", "meetings"): 211, ("tasks", "deals"): 216, ("deals", "tasks"): 215,
}  # fmt: skip
PIPELINE = (
    ("appointmentscheduled", "Appointment scheduled", "0.2"), ("qualifiedtobuy", "Qualified to buy", "0.4"),
    ("closedwon", "Closed won", "1.0"), ("closedlost", "Closed lost", "0.0"),
)  # fmt: skip


def association(kind: str, to_kind: str) -> tuple[str, int]:
    """Return category and type id of the default association; pairs without one of HubSpot's get their own."""
    if (kind, to_kind) in ASSOCIATIONS:
        return "HUBSPOT_DEFINED", ASSOCIATIONS[kind, to_kind]
    names = list(PROPERTIES)
    return "USER_DEFINED", 1000 + names.index(kind) * 100 + names.index(to_kind)


def register(name: str, number: int) -> None:
    """Make a custom object known to all routes; what it has besides is kept as if its company had added it."""
    CUSTOM[name] = number
    PROPERTIES.setdefault(name, ())
    SINGULAR.setdefault(name, name.removesuffix("s"))
    ALIASES[f"2-{number}"] = name


def type_id(kind: str) -> str:
    """Return an object type's id."""
    return f"2-{CUSTOM[kind]}" if kind in CUSTOM else TYPE_IDS.get(kind, kind)


def group(kind: str) -> str:
    """Return the property group that an object type has from the start."""
    return GROUPS.get(kind, f"{kind}_information")


def choices(name: str, definition: dict[str, Any]) -> list[str]:
    """Return the only values that a property takes, or nothing where any will do."""
    if options := definition.get("options"):
        return [str(option["value"]) for option in options]
    words = OPTIONS.get(name, "true false" if name in TRUTHS else "")
    return words.split() if name in STRICT else []


def type_of(name: str) -> str:
    """Return a default property's type."""
    if name in TIMES or name.startswith(ENTERED):
        return "datetime"
    if name in OPTIONS:
        return "enumeration"
    return "number" if name in NUMBERS else "date" if name in DATES else "bool" if name in TRUTHS else "string"
