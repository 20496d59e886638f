"""One generic object table, associations, property definitions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

Row = dict[str, Any]
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS crm;
CREATE TABLE IF NOT EXISTS crm.object (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY, type text NOT NULL, properties jsonb NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, archived boolean NOT NULL DEFAULT false, merged_into bigint);
CREATE INDEX IF NOT EXISTS object_changed ON crm.object (type, updated_at, id);
CREATE TABLE IF NOT EXISTS crm.link (
    from_type text, from_id bigint, to_type text, to_id bigint, PRIMARY KEY (from_type, from_id, to_type, to_id));
CREATE TABLE IF NOT EXISTS crm.property (type text, name text, PRIMARY KEY (type, name));
"""
COMMON = (
    "hs_object_id",
    "createdate",
    "hs_createdate",
    "hs_lastmodifieddate",
    "lastmodifieddate",
    "hubspot_owner_id",
    "hs_merged_object_ids",
)
PROPERTIES = {
    "companies": (
        "name", "domain", "website", "phone", "address", "address2", "zip", "city", "country", "vat_id", "register_number",
        "language", "lifecyclestage", "source_campaign", "erp_customer_number", "erp_sync_state", "erp_synced_at",
    ),
    "contacts": ("email", "firstname", "lastname", "phone", "role"),
    "deals": ("dealname", "dealstage", "pipeline", "amount", "closedate", "hs_is_closed_won"),
    "service_contracts": ("name", "number", "status", "start_date", "renewal_mode"),
}  # fmt: skip
ACTIVITY = (
    "hs_note_body", "hs_timestamp", "hs_task_subject", "hs_task_body", "hs_call_title", "hs_call_body", "hs_email_subject",
    "hs_meeting_title", "name", "price", "quantity", "hs_product_id",
)  # fmt: skip


class Missing(Exception):
    """No such record."""


class Records:
    """All objects of the sandbox."""

    def __init__(self, dsn: str) -> None:
        self.pool = ConnectionPool(dsn, min_size=1, max_size=8, kwargs={"row_factory": dict_row}, open=True)
        with self.pool.connection() as tx:
            tx.execute("SELECT pg_advisory_xact_lock(710403)")
            tx.execute(SCHEMA)

    def known(self, tx: Connection[Row], kind: str) -> set[str]:
        """Return the property names an object type has."""
        rows = tx.execute("SELECT name FROM crm.property WHERE type = %s", [kind])
        return {*COMMON, *PROPERTIES.get(kind, ACTIVITY), *(row["name"] for row in rows)}

    def unknown(self, tx: Connection[Row], kind: str, names: Iterable[str]) -> list[str]:
        """Return the names that are no property of this type."""
        return sorted(n for n in set(names) - self.known(tx, kind) if not n.startswith("hs_v2_date_entered_"))

    def create(self, tx: Connection[Row], kind: str, properties: Row) -> Row:
        """Insert an object."""
        now = datetime.now(UTC)
        return tx.execute(
            "INSERT INTO crm.object (type, properties, created_at, updated_at) VALUES (%s, %s, %s, %s) RETURNING *",
            [kind, Jsonb(_staged({}, properties, now)), now, now],
        ).fetchone()  # type: ignore[return-value]

    def update(self, tx: Connection[Row], kind: str, record: str, properties: Row) -> Row:
        """Change an object; every update moves its time, as HubSpot does."""
        row = self.get(tx, kind, record, lock=True)
        now = datetime.now(UTC)
        merged = row["properties"] | _staged(row["properties"], properties, now)
        return tx.execute(
            "UPDATE crm.object SET properties = %s, updated_at = %s WHERE id = %s RETURNING *", [Jsonb(merged), now, row["id"]]
        ).fetchone()  # type: ignore[return-value]

    def get(self, tx: Connection[Row], kind: str, record: str, *, lock: bool = False, by: str = "") -> Row:
        """Return a live object; a merged id answers with its survivor."""
        condition = "properties ->> %s = %s" if by else "id = %s"
        values = [by, record] if by else [int(record) if record.isdigit() else 0]
        row = tx.execute(
            f"SELECT * FROM crm.object WHERE type = %s AND {condition} {'FOR UPDATE' if lock else ''}",
            [kind, *values],
        ).fetchone()
        if row and row["merged_into"]:
            return self.get(tx, kind, str(row["merged_into"]), lock=lock)
        if row is None or row["archived"]:
            raise Missing(record)
        return row

    def archive(self, tx: Connection[Row], kind: str, record: str) -> None:
        """Archive an object."""
        tx.execute("UPDATE crm.object SET archived = true WHERE type = %s AND id = %s", [kind, int(record)])

    def merge(self, tx: Connection[Row], kind: str, primary: str, other: str) -> Row:
        """Let `other` lead to `primary` from now on, its links too."""
        row, gone = self.get(tx, kind, primary, lock=True), self.get(tx, kind, other, lock=True)
        tx.execute("UPDATE crm.object SET merged_into = %s, archived = true WHERE id = %s", [row["id"], gone["id"]])
        for here, there in (("from", "to"), ("to", "from")):
            tx.execute(
                f"INSERT INTO crm.link ({here}_type, {here}_id, {there}_type, {there}_id) SELECT {here}_type, %s, {there}_type,"
                f" {there}_id FROM crm.link WHERE {here}_type = %s AND {here}_id = %s ON CONFLICT DO NOTHING",
                [row["id"], kind, gone["id"]],
            )
        old = [i for i in str(row["properties"].get("hs_merged_object_ids") or "").split(";") if i]
        return self.update(tx, kind, str(row["id"]), {"hs_merged_object_ids": ";".join([*old, str(gone["id"])])})

    def link(self, tx: Connection[Row], kind: str, record: int, to_kind: str, to: int) -> None:
        """Associate two objects, seen from both sides."""
        rows = [(kind, record, to_kind, to), (to_kind, to, kind, record)]
        with tx.cursor() as cursor:
            cursor.executemany("INSERT INTO crm.link VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", rows)

    def links(self, tx: Connection[Row], kind: str, records: list[int], to_kind: str) -> dict[int, list[int]]:
        """Return the associated ids of each object."""
        found: dict[int, list[int]] = {record: [] for record in records}
        rows = tx.execute(
            "SELECT l.from_id, l.to_id FROM crm.link l JOIN crm.object o ON o.id = l.to_id AND NOT o.archived"
            " WHERE l.from_type = %s AND l.from_id = ANY(%s) AND l.to_type = %s ORDER BY l.to_id",
            [kind, records, to_kind],
        )
        for row in rows:
            found[row["from_id"]].append(row["to_id"])
        return found


def _staged(before: Row, properties: Row, now: datetime) -> Row:
    stage = properties.get("dealstage")
    if not stage or stage == before.get("dealstage"):
        return properties
    entered = {f"hs_v2_date_entered_{stage}": stamp(now), "hs_is_closed_won": str(stage == "closedwon").lower()}
    return entered | properties


def stamp(at: datetime) -> str:
    """Write a time as HubSpot does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(row: Row, wanted: Iterable[str] | None = None) -> Row:
    """Return an object as HubSpot shows it."""
    modified = "lastmodifieddate" if row["type"] == "contacts" else "hs_lastmodifieddate"
    automatic = {"hs_object_id": str(row["id"]), "createdate": stamp(row["created_at"]), modified: stamp(row["updated_at"])}
    every = row["properties"] | automatic
    names = set(wanted) | set(automatic) if wanted else set(every)
    return {
        "id": str(row["id"]),
        "properties": {name: every.get(name) for name in sorted(names)},
        "createdAt": stamp(row["created_at"]),
        "updatedAt": stamp(row["updated_at"]),
        "archived": row["archived"],
    }
