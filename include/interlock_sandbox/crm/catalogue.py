"""What describes the account: its details, properties, owners and the deal pipeline."""

from __future__ import annotations

from typing import Any

from fastapi import Body, FastAPI
from psycopg.types.json import Jsonb

from interlock_sandbox.crm.faults import Fault, invalid
from interlock_sandbox.crm.records import Records, Row, stamp
from interlock_sandbox.crm.replies import object_type
from interlock_sandbox.crm.schema import AUTOMATIC, ENTERED, PIPELINE

BORN = "2026-01-01T00:00:00.000Z"
TYPES = {"string", "number", "date", "datetime", "enumeration", "bool"}


def add(app: FastAPI, records: Records, portal: int) -> None:
    """Add the routes."""

    @app.get("/account-info/v3/details")
    def details() -> Row:
        return {
            "portalId": portal, "accountType": "DEVELOPER_TEST", "timeZone": "Europe/Berlin", "companyCurrency": "EUR",
            "additionalCurrencies": [], "utcOffset": "+01:00", "utcOffsetMilliseconds": 3_600_000, "uiDomain": "127.0.0.1",
            "dataHostingLocation": "eu1",
        }  # fmt: skip

    _properties(app, records)
    _owners(app, records)

    @app.get("/crm/v3/pipelines/{kind}")
    def pipelines(kind: str) -> Row:
        if object_type(kind) != "deals":
            return {"results": []}
        common = {"archived": False, "createdAt": BORN, "updatedAt": BORN}
        stages = [
            {
                "id": name,
                "label": label,
                "displayOrder": n,
                "metadata": {"probability": odds, "isClosed": str(name.startswith("closed")).lower()},
            }
            | common
            for n, (name, label, odds) in enumerate(PIPELINE)
        ]
        return {"results": [{"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stages} | common]}


def _property(name: str, definition: Row) -> Row:
    """Return a property as HubSpot describes it."""
    kind = definition.get("type") or "string"
    plain: Row = {
        "name": name, "label": name, "type": kind, "fieldType": "date" if kind.startswith("date") else "number" if kind == "number" else "text",
        "groupName": "sandbox", "description": "", "options": [], "displayOrder": -1, "calculated": name.startswith(ENTERED),
        "externalOptions": False, "hasUniqueValue": False, "hidden": False, "formField": False, "archived": False,
        "hubspotDefined": not definition.get("label"), "createdAt": BORN, "updatedAt": BORN,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": name in AUTOMATIC},
    }  # fmt: skip
    return plain | definition


def _properties(app: FastAPI, records: Records) -> None:
    @app.get("/crm/v3/properties/{kind}")
    def listed(kind: str) -> Row:
        with records.pool.connection() as tx:
            known = records.definitions(tx, object_type(kind))
        return {"results": [_property(name, known[name]) for name in sorted(known)]}

    @app.get("/crm/v3/properties/{kind}/{name}")
    def one(kind: str, name: str) -> Row:
        with records.pool.connection() as tx:
            known = records.definitions(tx, object_type(kind))
        if name not in known:
            raise Fault(404, "OBJECT_NOT_FOUND", f"Property {name} does not exist")
        return _property(name, known[name])

    @app.post("/crm/v3/properties/{kind}", status_code=201)
    def define(kind: str, body: Row = Body()) -> Row:
        kind, name = object_type(kind), body.get("name")
        if not isinstance(name, str) or not name or body.get("type", "string") not in TYPES:
            raise invalid(f"a property has a name and a type out of {', '.join(sorted(TYPES))}")
        body = {"label": name, "type": "string"} | {key: value for key, value in body.items() if value is not None}
        with records.pool.connection() as tx:
            if name in records.definitions(tx, kind) or not tx.execute(
                "INSERT INTO crm.property (type, name, definition) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING name",
                [kind, name, Jsonb(body)],
            ).fetchone():  # fmt: skip
                raise Fault(409, "OBJECT_ALREADY_EXISTS", f'A property named "{name}" already exists.')
        return _property(name, body)


def _owners(app: FastAPI, records: Records) -> None:
    def shown(row: Row) -> Row:
        at = stamp(row["created_at"])
        return {
            "id": str(row["id"]), "email": row["email"], "firstName": row["first_name"], "lastName": row["last_name"], "type": "PERSON",
            "userId": row["id"], "userIdIncludingInactive": row["id"], "createdAt": at, "updatedAt": at, "archived": row["archived"], "teams": [],
        }  # fmt: skip

    @app.get("/crm/v3/owners")
    @app.get("/crm/v3/owners/")
    def listed(email: str = "", limit: int = 100, after: int = 0, archived: bool = False) -> Row:
        if not 0 < limit <= 500:
            raise invalid("limit is between 1 and 500")
        with records.pool.connection() as tx:
            rows = tx.execute(
                "SELECT * FROM crm.owner WHERE id > %s AND archived = %s AND (%s = '' OR email = %s) ORDER BY id LIMIT %s",
                [after, archived, email, email, limit + 1],
            ).fetchall()
        following: Row = {"paging": {"next": {"after": str(rows[limit - 1]["id"])}}} if len(rows) > limit else {}
        return {"results": [shown(row) for row in rows[:limit]]} | following

    @app.post("/sandbox/owners", status_code=201)
    def create(body: Row = Body()) -> Row:
        if not body.get("email"):
            raise invalid("an owner has an email")
        names = [str(body.get("firstName") or ""), str(body.get("lastName") or "")]
        values: list[Any] = [str(body["email"]), *names, body.get("archived") is True]
        with records.pool.connection() as tx:
            row = tx.execute(
                "INSERT INTO crm.owner (email, first_name, last_name, archived) VALUES (%s, %s, %s, %s) ON CONFLICT (email) DO UPDATE"
                " SET first_name = excluded.first_name, last_name = excluded.last_name, archived = excluded.archived RETURNING *",
                values,
            ).fetchone()
        return shown(row or {})
