"""Search as HubSpot's: groups are alternatives, filters within a group must all hold; 10,000 results at most."""

from __future__ import annotations

import re
from typing import Any

from interlock_sandbox.crm.faults import invalid
from interlock_sandbox.crm.records import ID, Row, Tx, moment
from interlock_sandbox.crm.schema import type_of

COLUMNS = {
    "hs_lastmodifieddate": "updated_at", "lastmodifieddate": "updated_at", "createdate": "created_at", "hs_createdate": "created_at",
    "hs_object_id": "id",
}  # fmt: skip
COMPARE = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
CASTS = {"datetime": "timestamptz", "date": "timestamptz", "number": "numeric"}
PAGE, CAP = 200, 10_000


def search(tx: Tx, kind: str, query: Row, delay: float, known: dict[str, Row]) -> tuple[int, list[Row], int]:
    """Return (total, rows, offset of the next page or 0)."""
    limit, after, groups = _page(query)
    where = ["type = %s AND NOT archived AND updated_at <= clock_timestamp() - make_interval(secs => %s)"]
    values: list[Any] = [kind, delay]
    if alternatives := [" AND ".join(_term(item, values, known) for item in group) or "true" for group in groups]:
        where.append(f"(({') OR ('.join(alternatives)}))")
    if text := query.get("query"):
        where.append("EXISTS (SELECT FROM jsonb_each_text(properties) v WHERE strpos(lower(v.value), lower(%s)) > 0)")
        values.append(str(text))
    condition, order_values = " AND ".join(where), []
    order = ", ".join([*(_order(item, order_values, known) for item in query.get("sorts") or []), "id"])
    counted = tx.execute(f"SELECT count(*) AS n FROM crm.object WHERE {condition}", values).fetchone()
    total = counted["n"] if counted else 0
    rows = tx.execute(
        f"SELECT * FROM crm.object WHERE {condition} ORDER BY {order} LIMIT %s OFFSET %s", [*values, *order_values, limit, after]
    ).fetchall()
    return total, rows, after + limit if after + limit < total else 0


def _page(query: Row) -> tuple[int, int, list[list[Row]]]:
    """Return limit, offset and filters, all within HubSpot's limits."""
    try:
        limit, after = int(query.get("limit") or 10), int(query.get("after") or 0)
        groups = [list(group.get("filters") or []) for group in query.get("filterGroups") or []]
    except (TypeError, ValueError, AttributeError):
        raise invalid("limit and after are numbers, filterGroups a list of groups") from None
    if not 0 < limit <= PAGE or after < 0:
        raise invalid(f"limit is between 1 and {PAGE}")
    if after + limit > CAP:
        raise invalid(f"paging beyond {CAP} results is not possible", errorType="PAGING_LIMIT")
    if len(groups) > 5 or any(len(group) > 6 for group in groups) or sum(map(len, groups)) > 18:
        raise invalid("5 filter groups of 6 filters, 18 filters in all, are the limit")
    sorts = query.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1 or not all(isinstance(item, str | dict) for item in sorts):
        raise invalid("sorts is a list with one property")
    return limit, after, groups


def _column(name: str, values: list[Any], known: dict[str, Row]) -> tuple[str, Any]:
    """Return the SQL of a property and the function that reads values to compare with it; unreadable ones count as unset."""
    if name not in known and type_of(name) == "string":
        raise invalid(f"There was a problem with the request: property {name} does not exist", context={"propertyName": [name]})
    if name in COLUMNS:
        return (name == "hs_object_id" and ("id", _id)) or (f"date_trunc('milliseconds', {COLUMNS[name]})", _moment)
    kind = known.get(name, {}).get("type") or type_of(name)
    if cast := CASTS.get(kind):
        values += [name, cast, name]
        return (
            f"(CASE WHEN pg_input_is_valid(properties ->> %s, %s) THEN (properties ->> %s)::{cast} END)",
            _moment if cast == "timestamptz" else _number,
        )
    values.append(name)
    return "lower(properties ->> %s)", lambda value: str(value).lower()


def _term(item: Row, values: list[Any], known: dict[str, Row]) -> str:
    """Return the SQL of one filter and append its values."""
    try:
        name, operator = str(item["propertyName"]), str(item["operator"])
        if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
            if name in COLUMNS:
                return str(operator == "HAS_PROPERTY").lower()
            values.append(name)
            return f"properties ->> %s IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL"
        if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
            values += [name, _token(str(item["value"]))]
            return f"properties ->> %s {'!' if operator.startswith('NOT') else ''}~* %s"
        column, read = _column(name, values, known)
        if operator in {"IN", "NOT_IN"}:
            values.append([read(value) for value in _list(item["values"])])
            return f"{column} {'<> ALL' if operator == 'NOT_IN' else '= ANY'}(%s)"
        if operator == "BETWEEN":
            values += [read(item["value"]), read(item["highValue"])]
            return f"{column} BETWEEN %s AND %s"
        values.append(read(item["value"]))
        return f"{column} {COMPARE[operator]} %s"
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise invalid(f"There was a problem with the request: a filter is not valid ({type(error).__name__}: {error})") from None


def _order(item: Row | str, values: list[Any], known: dict[str, Row]) -> str:
    name = item.lstrip("-") if isinstance(item, str) else str(item.get("propertyName"))
    down = item.startswith("-") if isinstance(item, str) else item.get("direction") == "DESCENDING"
    return f"{_column(name, values, known)[0]} {'DESC NULLS LAST' if down else 'ASC NULLS LAST'}"


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("values is a list")
    return value


def _id(value: Any) -> int:
    return int(value) if ID.fullmatch(str(value)) else -1


def _moment(value: Any) -> Any:
    return moment(str(value))


def _number(value: Any) -> float:
    return float(value)


def _token(value: str) -> str:
    """Return a regular expression for whole words; * stands for any characters but blanks."""
    body = r"\S*".join(re.escape(part) for part in value.split("*"))
    before = "" if value.startswith("*") else "(?<![[:alnum:]])"
    return before + body + ("" if value.endswith("*") else "(?![[:alnum:]])")
