"""What describes the account: its details, owners and the deal pipeline."""

from __future__ import annotations

from typing import Any

from fastapi import Body, FastAPI

from interlock_sandbox.crm.faults import invalid
from interlock_sandbox.crm.records import Records, Row, stamp
from interlock_sandbox.crm.replies import object_type
from interlock_sandbox.crm.schema import PIPELINE

BORN = "2026-01-01T00:00:00.000Z"


def add(app: FastAPI, records: Records, portal: int) -> None:
    """Add the routes."""

    @app.get("/account-info/v3/details")
    def details() -> Row:
        return {
            "portalId": portal, "accountType": "DEVELOPER_TEST", "timeZone": "Europe/Berlin", "companyCurrency": "EUR",
            "additionalCurrencies": [], "utcOffset": "+01:00", "utcOffsetMilliseconds": 3_600_000, "uiDomain": "127.0.0.1",
            "dataHostingLocation": "eu1",
        }  # fmt: skip

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
