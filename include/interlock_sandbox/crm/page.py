"""Plain pages for people: the accounts, and one account with its timeline."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from interlock_sandbox.crm.records import Records, shown

HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
BASE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1d2733}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .7rem;border-bottom:1px solid #e3e8ee}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}a{color:#0b62a4}.ok{color:#187a3a}.note{border-left:3px solid #c8d3de;
padding:.2rem .8rem;margin:.6rem 0}small{color:#66788a}</style></head><body>"""
LIST = """<h1>Accounts</h1><table><tr><th>Account<th>City<th>Country<th>Won<th>Customer number<th>Sync</tr>
{% for a in accounts %}<tr><td><a href="/accounts/{{ a.id }}">{{ a.name or "(no name)" }}</a><td>{{ a.city }}<td>{{ a.country }}
<td>{{ "won" if a.won else "" }}<td>{{ a.number }}<td class="ok">{{ a.sync }}</tr>{% endfor %}</table>"""
ONE = """<p><a href="/">All accounts</a></p><h1>{{ title }}</h1><table>{% for name, value in properties %}<tr><th>{{ name }}
<td>{{ value }}</tr>{% endfor %}</table>{% for kind, rows in groups %}<h2>{{ kind }}</h2>{% for row in rows %}<div class="note">
<small>{{ row.at }}</small><br>{{ row.text }}</div>{% endfor %}{% endfor %}"""
PAGES = Environment(autoescape=True)


def add(app: FastAPI, records: Records) -> None:
    """Add the two pages; they read only, and the service listens on loopback."""

    @app.get("/", response_class=HTMLResponse)
    def accounts(q: str = "") -> HTMLResponse:
        with records.pool.connection() as tx:
            rows = tx.execute(
                "SELECT o.id, o.properties ->> 'name' AS name, o.properties ->> 'city' AS city, o.properties ->> 'country' AS country,"
                " o.properties ->> 'erp_customer_number' AS number, o.properties ->> 'erp_sync_state' AS sync,"
                " EXISTS (SELECT FROM crm.link l JOIN crm.object d ON d.id = l.to_id WHERE l.from_id = o.id AND d.type = 'deals'"
                " AND d.properties ->> 'dealstage' = 'closedwon') AS won FROM crm.object o WHERE o.type = 'companies'"
                " AND NOT o.archived AND coalesce(o.properties ->> 'name', '') ILIKE %s ORDER BY 2 LIMIT 500",
                [f"%{q}%"],
            ).fetchall()
        clean = [{name: "" if value is None else value for name, value in row.items()} for row in rows]
        return _page(LIST, "Accounts", accounts=clean)

    @app.get("/accounts/{record}", response_class=HTMLResponse)
    def account(record: int) -> HTMLResponse:
        with records.pool.connection() as tx:
            row = records.get(tx, "companies", str(record))
            linked = tx.execute(
                "SELECT o.* FROM crm.link l JOIN crm.object o ON o.id = l.to_id WHERE l.from_id = %s AND NOT o.archived"
                " ORDER BY o.type, coalesce(o.properties ->> 'hs_timestamp', '') DESC, o.id DESC",
                [row["id"]],
            ).fetchall()
        groups: dict[str, list[dict[str, Any]]] = {}
        for item in linked:
            properties = {name: value for name, value in item["properties"].items() if value and not name.startswith("hs_v2")}
            at = properties.pop("hs_timestamp", shown(item)["createdAt"])
            text = properties.get("hs_note_body") or ", ".join(f"{name}: {value}" for name, value in sorted(properties.items()))
            groups.setdefault(item["type"], []).append({"at": at, "text": text})
        shown_properties = sorted((name, value) for name, value in row["properties"].items() if value)
        title = row["properties"].get("name") or "(no name)"
        return _page(ONE, title, properties=shown_properties, groups=groups.items())


def _page(template: str, title: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(PAGES.from_string(BASE + template).render(title=title, **values), headers=HEADERS)
