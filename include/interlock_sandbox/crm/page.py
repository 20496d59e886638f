"""Plain pages for people: the accounts, and one account with its balance, contracts and timeline. They only read."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from interlock_sandbox.crm import balance_page, contract_page
from interlock_sandbox.crm.records import Records, Row
from interlock_sandbox.crm.schema import ENTERED
from interlock_sandbox.crm.timeline import TEMPLATE as TIMELINE
from interlock_sandbox.crm.timeline import timeline

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1d2733;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid #e3e8ee}
th{color:#52616f;font-weight:600}td{overflow-wrap:anywhere}h1{font-size:1.5rem;margin:.4rem 0 1rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
a{color:#0b62a4}input,button{font:inherit;padding:.3rem .6rem;border:1px solid #b8c4cf;border-radius:4px}
.tag{background:#eef2f6;border-radius:9px;padding:.05rem .6rem;white-space:nowrap}.closedwon,.synced,.ok,.paid,.completed{background:#dff3e5;color:#14602f}
.closedlost,.held_back,.overdue,.returned{background:#fbe6e3;color:#8c2318}.partly_paid,.open,.overpaid{background:#fdf1d3;color:#6d4a00}
.entry{border-left:3px solid #c8d3de;padding:.1rem .9rem;margin:.8rem 0;white-space:pre-line}
small,.none{color:#5f7080}.grid th{width:14rem}h3{font-size:1rem;margin:0 0 .3rem}h4{font-size:.85rem;margin:.6rem 0 .2rem;color:#52616f}
section{border:1px solid #e3e8ee;border-radius:6px;padding:.8rem 1rem;margin:.8rem 0;overflow-x:auto}.sides .grid th{width:12rem}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:0 1.5rem;margin-bottom:.8rem}
.lines td,.lines th{padding:.3rem .4rem;font-size:.85rem}.lines td:not(:nth-child(2)){white-space:nowrap}.lines td:nth-child(2){overflow-wrap:normal}
.figures{display:flex;flex-wrap:wrap;gap:.6rem;margin:.6rem 0}.figures div{border:1px solid #e3e8ee;border-radius:6px;padding:.4rem .9rem}
.figures dt{color:#52616f;font-size:.85rem}.figures dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}.figures .alarm dd{color:#8c2318}
.pre{white-space:pre-line}
"""
CSP = f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
BASE = (
    """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }} · Sandbox CRM</title><style>"""
    + STYLE
    + "</style></head><body>"
)
LIST = """<h1>Accounts</h1><form><input name="q" value="{{ q }}" aria-label="Search" placeholder="name, city or number"> <button>Search</button></form>
<p><small>{{ accounts|length }} shown</small></p><table><tr><th>Account<th>City<th>Deal<th>Customer number<th>Sync</tr>
{% for a in accounts %}<tr><td><a href="/accounts/{{ a.id }}">{{ (a.name or "(no name)")|truncate(48) }}</a><td>{{ a.city or "" }}<td>
{% if a.stage %}<span class="tag {{ a.stage }}">{{ a.stage }}</span>{% endif %}<td>{{ a.number or "" }}<td>
{% if a.sync %}<span class="tag {{ a.sync }}">{{ a.sync }}</span>{% endif %}</tr>{% endfor %}</table>"""
ONE = (
    """<p><a href="/">All accounts</a> · <a href="#contracts">Contracts</a> · <a href="#timeline">Timeline</a></p>
<h1>{{ title }}</h1><table class="grid">{% for name, value in properties %}<tr><th>{{ name }}
<td>{{ value }}</tr>{% endfor %}</table>"""
    + balance_page.TEMPLATE
    + """{% for heading, rows in groups %}<h2>{{ heading }}</h2>{% for row in rows %}<table class="grid">
{% for name, value in row %}<tr><th>{{ name }}<td>{{ value }}</tr>{% endfor %}</table><br>{% else %}<p class="none">none</p>{% endfor %}
{% endfor %}"""
    + contract_page.TEMPLATE
    + TIMELINE
)
PAGES = Environment(autoescape=True)


def add(app: FastAPI, records: Records) -> None:
    """Add the two pages."""

    @app.get("/")
    def accounts(q: str = "") -> HTMLResponse:
        with records.pool.connection() as tx:
            rows = tx.execute(
                "SELECT o.id, o.properties ->> 'name' AS name, o.properties ->> 'city' AS city,"
                " o.properties ->> 'erp_customer_number' AS number, o.properties ->> 'erp_sync_state' AS sync,"
                " (SELECT d.properties ->> 'dealstage' FROM crm.link l JOIN crm.object d ON d.id = l.to_id AND NOT d.archived"
                " WHERE l.from_type = 'companies' AND l.from_id = o.id AND l.to_type = 'deals'"
                " ORDER BY d.properties ->> 'dealstage' = 'closedwon' DESC, d.updated_at DESC LIMIT 1) AS stage"
                " FROM crm.object o WHERE o.type = 'companies' AND NOT o.archived AND strpos(lower(concat_ws(' ', o.properties ->> 'name',"
                " o.properties ->> 'city', o.properties ->> 'erp_customer_number')), lower(%s)) > 0 ORDER BY 2, 1 LIMIT 500",
                [q.replace("\0", "")],
            ).fetchall()
        return _page(LIST, "Accounts", accounts=rows, q=q)

    @app.get("/accounts/{record}")
    def account(record: str) -> HTMLResponse:
        with records.pool.connection() as tx:
            row = records.find(tx, "companies", [record]).get(record)
            if row is None:
                return _page('<p><a href="/">All accounts</a></p><h1>{{ title }}</h1>', "No such account", 404)
            linked = tx.execute(
                "SELECT o.* FROM crm.link l JOIN crm.object o ON o.id = l.to_id WHERE l.from_type = 'companies' AND l.from_id = %s"
                " AND NOT o.archived ORDER BY o.id DESC",
                [row["id"]],
            ).fetchall()
            agreed, happened = contract_page.contracts(tx, linked), timeline(tx, linked)
        sections = (("Deals", "deals"), ("Contacts", "contacts"))
        groups = [(heading, [_set(item) for item in linked if item["type"] == kind]) for heading, kind in sections]
        facts: dict[str, Any] = {
            "properties": [(name, value) for name, value in _set(row) if name not in balance_page.FIGURES],
            "figures": balance_page.figures(row["properties"]),
            "groups": groups,
            "contracts": agreed,
            "columns": contract_page.COLUMNS.values(),
            "timeline": happened,
        }
        return _page(ONE, row["properties"].get("name") or "(no name)", **facts)


def _set(row: Row) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in row["properties"].items() if value and not name.startswith(ENTERED))


def _page(template: str, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    text = PAGES.from_string(BASE + template).render(title=title, **values)
    return HTMLResponse(text, status, headers=HEADERS)
