"""The processes between the systems, by the names of their DAGs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAD_TO_CUSTOMER: Final = "lead_to_customer"
RENEWAL_TO_INVOICE: Final = "renewal_to_invoice"
PAYMENT_TO_CRM_STATUS: Final = "payment_to_crm_status"
PROCESSES: Final[Mapping[str, str]] = {
    LEAD_TO_CUSTOMER: "accounts become customers",
    RENEWAL_TO_INVOICE: "contracts become invoices",
    PAYMENT_TO_CRM_STATUS: "the CRM learns what is paid and what is owed",
}
"""Each process's name -> what it does, for people."""
