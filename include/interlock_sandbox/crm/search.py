"""Search as HubSpot's: groups are alternatives, filters within a group must all hold; 10,000 results at most."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

Row = dict[str, Any]
TIMES = {
    "hs_lastmodifieddate": "updated_at",
    "lastmodifieddate": "updated_at",
    "createdate": "created_at",
    "hs_createdate": "created_at",
}
COMPARE = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


class BadSearch(Exception):
    """The query breaks a documented limit."""


def search(tx: Connection[Row], kind: str, query: Row, delay: float) -> tuple[int, list[Row], int]:
    """Return (total, rows, offset of the next page or 0)."""
    limit, after = int(query.get("limit") or 10), int(query.get("after") or 0)
    groups = query.get("filterGroups") or []
    if limit > 200 or len(groups) > 5 or sum(len(g.get("filters", [])) for g in groups) > 18:
        raise BadSearch("limit is 200 results a page, 5 filter groups, 18 filters")
    if after + limit > 10_000:
        raise BadSearch("paging beyond 10,000 results is not possible")
    values: list[Any] = [kind, delay]
    alternatives = []
    for group in groups:
        terms = [_term(item, values) for item in group.get("filters", [])]
        alternatives.append("(" + " AND ".join(terms or ["true"]) + ")")
    where = "type = %s AND NOT archived AND updated_at <= clock_timestamp() - make_interval(secs => %s)"
    where += f" AND ({' OR '.join(alternatives)})" if alternatives else ""
    order = ", ".join([*(_order(item) for item in query.get("sorts") or []), "id"])
    total = tx.execute(f"SELECT count(*) AS n FROM crm.object WHERE {where}", values).fetchone()["n"]  # type: ignore[index]
    rows = tx.execute(
        f"SELECT * FROM crm.object WHERE {where} ORDER BY {order} LIMIT %s OFFSET %s",
        [*values, limit, after],
    ).fetchall()
    return total, rows, after + limit if after + limit < total else 0


def _term(item: Row, values: list[Any]) -> str:
    name, operator = item["propertyName"], item["operator"]
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        values.append(name)
        return f"{'NOT ' if operator.startswith('NOT') else ''}coalesce(properties ->> %s, '') <> ''"
    if name in TIMES:
        column, read = f"date_trunc('milliseconds', {TIMES[name]})", _time
    elif name == "hs_object_id":
        column, read = "id", int
    else:
        column, read = "properties ->> %s", str
        values.append(name)
    if operator in {"IN", "NOT_IN"}:
        values.append([read(value) for value in item["values"]])
        return f"{'NOT ' if operator == 'NOT_IN' else ''}{column} = ANY(%s)"
    if operator == "BETWEEN":
        values.extend([read(item["value"]), read(item["highValue"])])
        return f"{column} BETWEEN %s AND %s"
    if operator == "CONTAINS_TOKEN":
        values.append("%" + str(item["value"]).replace("*", "%") + "%")
        return f"{column} ILIKE %s"
    if operator not in COMPARE:
        raise BadSearch(f"unknown operator {operator}")
    values.append(read(item["value"]))
    return f"{column} {COMPARE[operator]} %s"


def _order(item: Row | str) -> str:
    name = item if isinstance(item, str) else item["propertyName"]
    direction = "DESC" if isinstance(item, dict) and item.get("direction") == "DESCENDING" else "ASC"
    column = TIMES.get(name, "id" if name == "hs_object_id" else "")
    return f"date_trunc('milliseconds', {column}) {direction}" if name in TIMES else f"id {direction}"


def _time(value: object) -> datetime:
    text = str(value)
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return datetime.fromisoformat(text)
