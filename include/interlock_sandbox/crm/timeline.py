"""What happened with an account, newest first: its notes, tasks, calls, e-mails, meetings, deals, and its contracts' invoices."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from interlock_sandbox.crm.records import ID, Row, Tx, moment
from interlock_sandbox.crm.schema import ENTERED

KINDS = {"notes": "note", "tasks": "task", "calls": "call", "emails": "e-mail", "meetings": "meeting", "deals": "deal"}
WON = f"{ENTERED}closedwon"
TEMPLATE = """<h2 id="timeline">Timeline</h2>{% for entry in timeline %}<div class="entry"><small>{{ entry.at }} · {{ entry.kind }}
{%- if entry.more %} · {{ entry.more }}{% endif %}</small>
{%- if entry.state %} <span class="tag {{ entry.state|replace(" ", "_") }}">{{ entry.state }}</span>{% endif %}
{{ entry.text }}</div>{% else %}<p class="none">nothing yet</p>{% endfor %}"""


def timeline(tx: Tx, linked: Sequence[Row]) -> list[Row]:
    """Return the entries of an account's records, each with time, kind, state, text, and what else is known."""
    owners = _owners(tx, linked)
    found = [_entry(row, owners) for row in linked if row["type"] in KINDS]
    found += [
        _invoice(row) for row in linked if row["type"] == "service_contracts" and row["properties"].get("erp_invoice_number")
    ]
    found.sort(key=lambda entry: (entry["when"], entry["id"]), reverse=True)
    return [entry | {"at": _shown(entry["when"])} for entry in found]


def _owners(tx: Tx, linked: Sequence[Row]) -> dict[str, str]:
    asked = {str(row["properties"].get("hubspot_owner_id") or "") for row in linked if row["type"] == "tasks"}
    rows = tx.execute("SELECT * FROM crm.owner WHERE id = ANY(%s)", [[int(owner) for owner in asked if ID.fullmatch(owner)]])
    return {str(row["id"]): f"{row['first_name']} {row['last_name']}".strip() or row["email"] for row in rows}


def _entry(row: Row, owners: Mapping[str, str]) -> Row:
    kind, given = row["type"], row["properties"]
    state, more, texts = "", "", list(_texts(given))
    when = _when(given.get("hs_timestamp")) or row["created_at"]
    if kind == "tasks":
        state = str(given.get("hs_task_status") or "NOT_STARTED").lower().replace("_", " ")
        priority = str(given.get("hs_task_priority") or "NONE").lower()
        who = owners.get(str(given.get("hubspot_owner_id") or ""), "")
        more = " · ".join(filter(None, (f"due {when.date().isoformat()}", who, priority != "none" and f"priority {priority}")))
    elif kind == "deals":
        state = str(given.get("dealstage") or "")
        when = _when(given.get(WON)) or _when(given.get("closedate")) or row["created_at"]
        amount = " ".join(filter(None, (given.get("amount"), given.get("deal_currency_code"))))
        texts = [" · ".join(filter(None, (given.get("dealname"), amount)))]
    return {"when": when, "id": row["id"], "kind": KINDS[kind], "state": state, "more": more, "text": "\n".join(texts)}


def _invoice(row: Row) -> Row:
    given = {name: str(value or "") for name, value in row["properties"].items()}
    due, first, last = (given.get(f"erp_invoice_{name}", "") for name in ("due", "from", "to"))
    amount = " ".join(filter(None, (given.get("erp_invoice_gross"), given.get("currency"))))
    parts = (amount, due and f"due {due}", first and f"for {first} to {last}")
    return {
        "when": _when(given.get("erp_invoice_date")) or row["created_at"], "id": row["id"], "kind": "invoice",
        "state": given.get("erp_invoice_state", ""), "more": f"contract {given.get('number') or given.get('name', '')}",
        "text": " · ".join(filter(None, (given["erp_invoice_number"], *parts))),
    }  # fmt: skip


def _texts(given: Row) -> Iterator[str]:
    for name, value in sorted(given.items(), key=lambda item: item[0].endswith(("_title", "_subject")), reverse=True):
        if name.endswith(("_title", "_subject", "_body", "_text")) and value:
            yield _plain(str(value)) if name.endswith("_body") else str(value)


def _plain(text: str) -> str:
    """Return HTML as plain text."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<br\s*/?>|</p>", "\n", text))).strip()


def _when(value: str | None) -> datetime | None:
    try:
        return moment(value) if value else None
    except (ValueError, OverflowError, OSError):
        return None


def _shown(when: datetime) -> str:
    at = when.astimezone(UTC)
    return at.strftime("%Y-%m-%d" if at.time() == datetime.min.time() else "%Y-%m-%d %H:%M")
