"""Schemas of custom objects: what a company makes for itself, with its properties and associations."""

from __future__ import annotations

from fastapi import Body, FastAPI
from psycopg.types.json import Jsonb

from interlock_sandbox.crm.faults import Fault, invalid
from interlock_sandbox.crm.properties import BORN, NAME, define, described
from interlock_sandbox.crm.records import Records, Row, Tx
from interlock_sandbox.crm.replies import object_type
from interlock_sandbox.crm.schema import ACTIVITIES, CUSTOM, PROPERTIES, SINGULAR, association, register, type_id


def _rows(tx: Tx) -> list[Row]:
    return tx.execute("SELECT * FROM crm.schema ORDER BY number").fetchall()


def _association(kind: str, to_kind: str) -> Row:
    number = association(kind, to_kind)[1]
    name = f"{SINGULAR[kind]}_to_{SINGULAR[to_kind]}"
    return {"id": str(number), "name": name, "fromObjectTypeId": type_id(kind), "toObjectTypeId": type_id(to_kind)}


def _schema(tx: Tx, records: Records, portal: int, row: Row) -> Row:
    kind, given = row["name"], row["definition"]
    known = records.definitions(tx, kind)
    return {
        "id": str(row["number"]), "objectTypeId": type_id(kind), "fullyQualifiedName": f"p{portal}_{kind}", "name": kind,
        "labels": given["labels"], "primaryDisplayProperty": given.get("primaryDisplayProperty"),
        "secondaryDisplayProperties": given.get("secondaryDisplayProperties") or [],
        "requiredProperties": given.get("requiredProperties") or [], "searchableProperties": given.get("searchableProperties") or [],
        "properties": [described(kind, name, known[name]) for name in sorted(known)], "archived": False,
        "associations": [_association(kind, to_kind) for to_kind in (*row["associations"], *ACTIVITIES)], "createdAt": BORN, "updatedAt": BORN,
    }  # fmt: skip


def _create(tx: Tx, records: Records, body: Row) -> Row:
    name, labels, wanted = body.get("name"), body.get("labels") or {}, body.get("properties") or []
    if not isinstance(name, str) or not NAME.fullmatch(name) or not labels.get("singular") or not labels.get("plural"):
        raise invalid("an object has a name, and labels for one and for several")
    if not isinstance(body.get("requiredProperties"), list) or not isinstance(body.get("associatedObjects"), list):
        raise invalid("requiredProperties and associatedObjects are lists")
    shown = {body.get("primaryDisplayProperty"), *body["requiredProperties"], *(body.get("searchableProperties") or ())}
    if lost := shown - {None} - {row.get("name") for row in wanted}:
        raise invalid(f"no such property among the object's: {', '.join(map(str, lost))}")
    if (name in PROPERTIES and name not in CUSTOM) or name in {row["name"] for row in _rows(tx)}:
        raise Fault(409, "OBJECT_ALREADY_EXISTS", f"Object type {name} already exists")
    targets = [object_type(str(target).lower()) for target in body["associatedObjects"]]
    row = tx.execute(
        "INSERT INTO crm.schema (name, definition, associations) VALUES (%s, %s, %s) RETURNING *",
        [name, Jsonb({key: value for key, value in body.items() if key != "properties"}), Jsonb(targets)],
    ).fetchone()
    assert row
    register(name, row["number"])
    define(tx, records, name, wanted)
    return row


def _associate(tx: Tx, kind: str, body: Row) -> Row:
    source, target = (object_type(str(body.get(name))) for name in ("fromObjectTypeId", "toObjectTypeId"))
    if kind not in {source, target}:
        raise invalid("an association is one of the object's own")
    other = target if source == kind else source
    tx.execute(
        "UPDATE crm.schema SET associations = associations || %s::jsonb WHERE name = %s AND NOT associations ? %s",
        [Jsonb([other]), kind, other],
    )
    return _association(source, target) | {"createdAt": BORN, "updatedAt": BORN}


def add(app: FastAPI, records: Records, portal: int) -> None:
    """Add the routes."""
    for prefix in ("/crm-object-schemas/v3/schemas", "/crm-object-schemas/{version}/schemas"):
        _routes(app, records, portal, prefix)


def _routes(app: FastAPI, records: Records, portal: int, prefix: str) -> None:
    @app.get(prefix)
    def listed(archived: bool = False) -> Row:
        with records.pool.connection() as tx:
            rows = [] if archived else _rows(tx)
            return {"results": [_schema(tx, records, portal, row) for row in rows]}

    @app.post(prefix, status_code=201)
    def create(body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            return _schema(tx, records, portal, _create(tx, records, body))

    @app.get(prefix + "/{kind}")
    def one(kind: str) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            found = [_schema(tx, records, portal, row) for row in _rows(tx) if row["name"] == kind]
        if not found:
            raise Fault(404, "OBJECT_NOT_FOUND", f"No custom object {kind}")
        return found[0]

    @app.post(prefix + "/{kind}/associations", status_code=201)
    def associate(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            return _associate(tx, object_type(kind), body)
