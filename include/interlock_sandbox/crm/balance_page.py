"""What an account owes, as its page shows it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from interlock_sandbox.crm.records import Row

FIGURES = {
    "erp_open_amount": "open", "erp_overdue_amount": "overdue", "erp_oldest_due": "oldest due",
    "erp_unallocated_amount": "unallocated", "erp_last_payment_amount": "last payment", "erp_last_payment_on": "paid on",
    "erp_credit_hold": "credit hold", "erp_other_currencies": "other currencies",
}  # fmt: skip
TEMPLATE = """{% if figures %}<h2>Balance in the ERP</h2><dl class="figures">{% for name, value, mark in figures %}
<div class="{{ mark }}"><dt>{{ name }}<dd>{{ value }}</div>{% endfor %}</dl>{% endif %}"""


def figures(properties: Row) -> list[tuple[str, str, str]]:
    """Return name, value and mark of each figure that is there; the marked ones are what somebody should see at once."""
    return [
        (label, _shown(name, value), _mark(name, value)) for name, label in FIGURES.items() if (value := properties.get(name))
    ]


def _mark(name: str, value: str) -> str:
    alarming = {"erp_overdue_amount": value.strip("0.") != "", "erp_credit_hold": value == "true"}
    return "alarm" if alarming.get(name) else "plain"


def _shown(name: str, value: str) -> str:
    if name == "erp_credit_hold":
        return {"true": "yes", "false": "no"}.get(value, value)
    if not name.endswith("_amount"):
        return value
    try:
        return f"{Decimal(value):,.2f}"
    except InvalidOperation:
        return value
