"""An account's service contracts as its page shows them: what people say, what was written back, and the lines."""

from __future__ import annotations

from collections.abc import Sequence

from interlock_sandbox.crm.records import Row, Tx

CONTRACTS, LINES = "service_contracts", "line_items"
BACK, PAID = "erp_", "erp_payment_"
COLUMNS = {
    "hs_sku": "product", "name": "description", "quantity": "quantity", "unit": "unit", "price": "price",
    "hs_discount_percentage": "discount %", "tax_class": "tax", "supply": "supply", "recurrence": "recurrence",
    "valid_from": "from", "valid_to": "to",
}  # fmt: skip
TEMPLATE = """<h2 id="contracts">Contracts</h2>{% for c in contracts %}<section><h3>{{ c.number }} · {{ c.name }}
{% if c.status %}<span class="tag">{{ c.status }}</span>{% endif %}
{% if c.payment %}<span class="tag {{ c.payment }}">{{ c.payment }}</span>{% endif %}
{% if c.sync %}<span class="tag {{ c.sync }}">{{ c.sync }}</span>{% endif %}</h3>
<div class="sides"><div><h4>As agreed</h4><table class="grid">{% for name, value in c.said %}<tr><th>{{ name }}<td>{{ value }}</tr>{% endfor %}
</table></div><div><h4>Written back from the ERP</h4><table class="grid">{% for name, value in c.back %}<tr><th>{{ name }}<td>{{ value }}</tr>
{% else %}<tr><td class="none">nothing yet</tr>{% endfor %}</table>{% if c.paid %}<h4>Payment</h4><table class="grid">
{% for name, value in c.paid %}<tr><th>{{ name }}<td class="pre">{{ value }}</tr>{% endfor %}</table>{% endif %}</div></div>
<table class="lines"><tr>{% for name in columns %}<th>{{ name }}{% endfor %}</tr>{% for line in c.lines %}<tr>{% for value in line %}<td>{{ value }}{% endfor %}
</tr>{% else %}<tr><td class="none" colspan="{{ columns|length }}">no lines</tr>{% endfor %}</table></section>
{% else %}<p class="none">none</p>{% endfor %}"""


def contracts(tx: Tx, linked: Sequence[Row]) -> list[Row]:
    """Return the contracts among an account's records in the order of their numbers, each with its lines."""
    found = [row for row in linked if row["type"] == CONTRACTS]
    lines = tx.execute(
        "SELECT l.from_id, o.* FROM crm.link l JOIN crm.object o ON o.id = l.to_id AND NOT o.archived"
        " WHERE l.from_type = %s AND l.to_type = %s AND l.from_id = ANY(%s) ORDER BY o.id",
        [CONTRACTS, LINES, [row["id"] for row in found]],
    ).fetchall()
    shown = [_shown(row["properties"], [line["properties"] for line in lines if line["from_id"] == row["id"]]) for row in found]
    return sorted(shown, key=lambda one: str(one["number"]))


def _shown(properties: Row, lines: Sequence[Row]) -> Row:
    known = {name: value for name, value in sorted(properties.items()) if value}
    named = {name: known.pop(name, "") for name in ("number", "name", "status")}
    return named | {
        "sync": known.get("erp_sync_state", ""),
        "said": [(name, value) for name, value in known.items() if not name.startswith(BACK)],
        "payment": known.get("erp_payment_status", ""),
        "back": [
            (name.removeprefix(BACK), v) for name, v in known.items() if name.startswith(BACK) and not name.startswith(PAID)
        ],
        "paid": [(name.removeprefix(PAID), value) for name, value in known.items() if name.startswith(PAID)],
        "lines": [[line.get(name) or "" for name in COLUMNS] for line in lines],
    }
