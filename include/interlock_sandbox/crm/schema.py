"""What the sandbox knows from the start: object types, their properties, association types, the deal pipeline."""

from __future__ import annotations

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
        "erp_sync_state", "erp_synced_at", "erp_sync_message",
    ),
    "contacts": (
        "email", "firstname", "lastname", "phone", "mobilephone", "jobtitle", "salutation", "address", "zip", "city",
        "country", "company", "lifecyclestage", "hs_language", "role",
    ),
    "deals": ("dealname", "dealstage", "pipeline", "amount", "closedate", "dealtype", "deal_currency_code", "description",
              "hs_is_closed_won"),
    "line_items": ("name", "quantity", "price", "amount", "hs_product_id", "hs_sku", "discount", "hs_line_item_currency_code",
                   "description", "recurringbillingfrequency"),
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
        "name", "number", "status", "start_date", "end_date", "term_months", "renewal_mode", "renewed_until", "billing_period",
        "amount", "currency", "erp_invoice_number", "erp_invoice_due", "erp_invoice_total", "erp_payment_state",
        "erp_sync_state", "erp_synced_at", "erp_sync_message",
    ),
}  # fmt: skip
NUMBERS = {"amount", "price", "quantity", "discount", "hs_call_duration", "term_months", "erp_invoice_total"}
TIMES = {
    "createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate", "closedate", "hs_timestamp", "erp_synced_at",
    "hs_meeting_start_time", "hs_meeting_end_time",
}  # fmt: skip
DATES = {"start_date", "end_date", "renewed_until", "erp_invoice_due"}
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
    names = sorted(PROPERTIES)
    return "USER_DEFINED", 1000 + names.index(kind) * 100 + names.index(to_kind)


def type_of(name: str) -> str:
    """Return a default property's type."""
    if name in TIMES or name.startswith(ENTERED):
        return "datetime"
    return "number" if name in NUMBERS else "date" if name in DATES else "string"
