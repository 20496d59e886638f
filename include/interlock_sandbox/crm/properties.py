"""Properties and their groups, which a company adds to the objects it has."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb

from interlock_sandbox.crm.faults import Fault, invalid
from interlock_sandbox.crm.records import Records, Row, Tx
from interlock_sandbox.crm.replies import answer, inputs, object_type
from interlock_sandbox.crm.schema import AUTOMATIC, ENTERED, OPTIONS, group

BORN = "2026-01-01T00:00:00.000Z"
TYPES = {
    "string": {"text", "textarea", "file", "phonenumber", "html"}, "number": {"number"}, "date": {"date"}, "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"}, "bool": {"booleancheckbox"},
}  # fmt: skip
FIELDS = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def described(kind: str, name: str, definition: Row) -> Row:
    """Return a property as HubSpot describes it."""
    of = definition.get("type") or "string"
    plain: Row = {
        "name": name, "label": name, "type": of, "fieldType": FIELDS[of], "groupName": group(kind), "description": "",
        "options": [
            {"label": word, "value": word, "displayOrder": n, "hidden": False} for n, word in enumerate(OPTIONS.get(name, "").split())
        ], "displayOrder": -1, "calculated": name.startswith(ENTERED), "externalOptions": False, "hasUniqueValue": False,
        "hidden": False, "formField": False, "archived": False, "hubspotDefined": not definition.get("label"), "createdAt": BORN,
        "updatedAt": BORN,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": name in AUTOMATIC},
    }  # fmt: skip
    return plain | definition


def define(tx: Tx, records: Records, kind: str, bodies: list[Row]) -> list[Row]:
    """Add properties to an object type; all of them or none."""
    known, groups = records.definitions(tx, kind), {group(kind)} | _groups(tx, kind).keys()
    made = []
    for body in bodies:
        given: Row = {"groupName": group(kind)} | {key: value for key, value in body.items() if value is not None}
        _judge(given, groups)
        if given["name"] in known:
            raise Fault(409, "OBJECT_ALREADY_EXISTS", f'A property named "{given["name"]}" already exists.')
        given["options"] = [{"displayOrder": n, "hidden": False} | option for n, option in enumerate(given.get("options") or ())]
        known[given["name"]] = given
        made.append(described(kind, given["name"], given))
    tx.execute(
        "INSERT INTO crm.property (type, name, definition) SELECT %s, p ->> 'name', p FROM unnest(%s::jsonb[]) AS p",
        [kind, [Jsonb(row) for row in made]],
    )
    return made


def _judge(given: Row, groups: set[str]) -> None:
    name, of = given.get("name"), given.get("type")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("a property's name has lower case letters, digits and underscores, a letter first")
    if of not in TYPES or given.get("fieldType") not in TYPES[of]:
        raise invalid(f"a property has one of the types {', '.join(TYPES)}, and a fieldType that goes with it")
    if not given.get("label") or given["groupName"] not in groups:
        raise invalid(f"a property has a label and an existing group, not {given['groupName']!r}")
    if of == "enumeration" and not all({"label", "value"} <= option.keys() for option in given.get("options") or [{}]):
        raise invalid("an enumeration has options with label and value")


def _groups(tx: Tx, kind: str) -> Row:
    return {row["name"]: row["label"] for row in tx.execute("SELECT * FROM crm.property_group WHERE type = %s", [kind])}


def add(app: FastAPI, records: Records) -> None:
    """Add the routes."""
    for prefix in ("/crm/v3/properties", "/crm/properties/{version}"):
        _of_groups(app, records, prefix)
        _of_properties(app, records, prefix)


def _of_groups(app: FastAPI, records: Records, prefix: str) -> None:
    def shown(name: str, label: str) -> Row:
        return {"name": name, "label": label, "displayOrder": -1, "archived": False}

    @app.get(prefix + "/{kind}/groups")
    def groups(kind: str) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            known: dict[str, Any] = {group(kind): "Information"} | _groups(tx, kind)
        return {"results": [shown(name, label) for name, label in known.items()]}

    @app.post(prefix + "/{kind}/groups", status_code=201)
    def create(kind: str, body: Row = Body()) -> Row:
        kind, name, label = object_type(kind), body.get("name"), body.get("label")
        if not isinstance(name, str) or not NAME.fullmatch(name) or not label:
            raise invalid("a group has a name and a label")
        with records.pool.connection() as tx:
            row = tx.execute(
                "INSERT INTO crm.property_group VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING name", [kind, name, label]
            ).fetchone()
        if row is None or name == group(kind):
            raise Fault(409, "OBJECT_ALREADY_EXISTS", f'A group named "{name}" already exists.')
        return shown(name, str(label))


def _of_properties(app: FastAPI, records: Records, prefix: str) -> None:
    @app.get(prefix + "/{kind}")
    def listed(kind: str) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            known = records.definitions(tx, kind)
        return {"results": [described(kind, name, known[name]) for name in sorted(known)]}

    @app.get(prefix + "/{kind}/{name}")
    def one(kind: str, name: str) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            known = records.definitions(tx, kind)
        if name not in known:
            raise Fault(404, "OBJECT_NOT_FOUND", f"Property {name} does not exist")
        return described(kind, name, known[name])

    @app.post(prefix + "/{kind}", status_code=201)
    def create(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            return define(tx, records, object_type(kind), [body])[0]

    @app.post(prefix + "/{kind}/batch/create", status_code=201)
    def several(kind: str, body: Row = Body()) -> JSONResponse:
        with records.pool.connection() as tx:
            return answer(define(tx, records, object_type(kind), inputs(body, "name")), status=201)
