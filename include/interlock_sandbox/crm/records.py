"""One generic object table: written and read in sets, so that a batch of a hundred takes a few statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from interlock_sandbox.crm.faults import Fault, invalid
from interlock_sandbox.crm.schema import AUTOMATIC, BRIEF, ENTERED, PROPERTIES, choices, register, type_of

Row = dict[str, Any]
Tx = Connection[Row]
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS crm;
CREATE TABLE IF NOT EXISTS crm.object (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY, type text NOT NULL, properties jsonb NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, archived boolean NOT NULL DEFAULT false, merged_into bigint);
CREATE INDEX IF NOT EXISTS object_changed ON crm.object (type, updated_at, id);
CREATE INDEX IF NOT EXISTS object_merged ON crm.object (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE IF NOT EXISTS crm.link (
    from_type text, from_id bigint, to_type text, to_id bigint, PRIMARY KEY (from_type, from_id, to_type, to_id));
CREATE TABLE IF NOT EXISTS crm.property (type text, name text, PRIMARY KEY (type, name));
ALTER TABLE crm.property ADD COLUMN IF NOT EXISTS definition jsonb NOT NULL DEFAULT '{}';
CREATE TABLE IF NOT EXISTS crm.property_group (type text, name text, label text NOT NULL, PRIMARY KEY (type, name));
CREATE TABLE IF NOT EXISTS crm.schema (
    number bigint GENERATED ALWAYS AS IDENTITY (START WITH 2) PRIMARY KEY, name text NOT NULL UNIQUE,
    definition jsonb NOT NULL, associations jsonb NOT NULL);
INSERT INTO crm.schema (number, name, definition, associations) OVERRIDING SYSTEM VALUE VALUES (1, 'service_contracts',
    '{"labels": {"singular": "Service contract", "plural": "Service contracts"}, "primaryDisplayProperty": "name"}',
    '["companies", "contacts", "line_items"]') ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS crm.owner (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 501) PRIMARY KEY, email text NOT NULL UNIQUE, first_name text NOT NULL,
    last_name text NOT NULL, created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()));
ALTER TABLE crm.owner ADD COLUMN IF NOT EXISTS archived boolean NOT NULL DEFAULT false;
"""
ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class Records:
    """All objects of the sandbox."""

    def __init__(self, dsn: str) -> None:
        self.pool = ConnectionPool(dsn, min_size=1, max_size=16, kwargs={"row_factory": dict_row}, open=True)
        with self.pool.connection() as tx:
            tx.execute("SELECT pg_advisory_xact_lock(710403)")
            tx.execute(SCHEMA)
            for row in tx.execute("SELECT name, number FROM crm.schema ORDER BY number").fetchall():
                register(row["name"], row["number"])

    def definitions(self, tx: Tx, kind: str) -> dict[str, Row]:
        """Return the properties an object type has, by name."""
        names = [*PROPERTIES[kind], *AUTOMATIC, "hubspot_owner_id"]
        rows = tx.execute("SELECT name, definition FROM crm.property WHERE type = %s", [kind])
        return {name: {"type": type_of(name)} for name in names} | {row["name"]: row["definition"] for row in rows}

    def clean(self, tx: Tx, kind: str, wishes: Sequence[Any]) -> list[Row]:
        """Return the properties of a batch as strings and nulls; refuses names and values HubSpot refuses."""
        known, errors, cleaned = self.definitions(tx, kind), [], []
        for wish in wishes:
            if not isinstance(wish, dict):
                raise invalid("properties is an object of names and values")
            row: Row = {}
            for name, value in wish.items():
                entered = name.startswith(ENTERED) and kind == "deals"
                if name not in known and not entered:
                    errors.append(
                        {
                            "isValid": False,
                            "message": f'Property "{name}" does not exist',
                            "error": "PROPERTY_DOESNT_EXIST",
                            "name": name,
                        }
                    )
                elif name in AUTOMATIC:
                    errors.append(
                        {
                            "isValid": False,
                            "message": f'"{name}" is a read only property',
                            "error": "READ_ONLY_VALUE",
                            "name": name,
                        }
                    )
                else:
                    row[name] = _value(name, value, known.get(name, {}), errors)
            cleaned.append(row)
        if errors:
            raise invalid(f"Property values were not valid: {errors}", errors=[{"message": e["message"], "code": e["error"], "context": {"propertyName": [e["name"]]}} for e in errors],
                          context={"propertyName": sorted({e["name"] for e in errors})})  # fmt: skip
        return cleaned

    def create(self, tx: Tx, kind: str, rows: Sequence[Row]) -> list[Row]:
        """Insert objects; returns them in the order given."""
        now = _now()
        values = [Jsonb({n: v for n, v in _staged(kind, {}, row, now).items() if v is not None}) for row in rows]
        return tx.execute(
            "WITH given AS MATERIALIZED (SELECT nextval(pg_get_serial_sequence('crm.object', 'id')) AS id, properties"
            " FROM unnest(%s::jsonb[]) AS properties), made AS (INSERT INTO crm.object (id, type, properties, created_at, updated_at)"
            " OVERRIDING SYSTEM VALUE SELECT id, %s, properties, %s, %s FROM given RETURNING *) SELECT * FROM made ORDER BY id",
            [values, kind, now, now],
        ).fetchall()

    def update(self, tx: Tx, kind: str, changes: Sequence[tuple[str, Row]]) -> tuple[list[Row], list[str]]:
        """Change objects; every update moves their time, as HubSpot does. Returns (changed, ids of none)."""
        found, now = self.find(tx, kind, [record for record, _ in changes], lock=True), _now()
        wanted: dict[int, Row] = {}
        for record, properties in changes:
            if row := found.get(record):
                before = wanted.get(row["id"], row["properties"])
                wanted[row["id"]] = before | _staged(kind, before, properties, now)
        values = [Jsonb({n: v for n, v in row.items() if v is not None}) for row in wanted.values()]
        rows = tx.execute(
            "UPDATE crm.object o SET properties = n.properties, updated_at = greatest(%s, o.updated_at) FROM"
            " unnest(%s::bigint[], %s::jsonb[]) AS n (id, properties) WHERE o.id = n.id RETURNING o.*",
            [now, list(wanted), values],
        ).fetchall()
        by_id = {row["id"]: row for row in rows}
        return [by_id[record] for record in wanted], [record for record, _ in changes if record not in found]

    def find(
        self, tx: Tx, kind: str, asked: Iterable[str], *, by: str = "", lock: bool = False, archived: bool = False
    ) -> dict[str, Row]:
        """Return objects by the id or value asked for; a merged id finds its survivor."""
        keys, suffix = list(asked), " ORDER BY o.id FOR UPDATE OF o" if lock else " ORDER BY o.id"
        if by and by != "hs_object_id":
            rows = tx.execute(
                f"SELECT o.*, o.properties ->> %s AS asked FROM crm.object o WHERE type = %s AND archived = %s AND merged_into IS NULL"
                f" AND o.properties ->> %s = ANY(%s){suffix}",
                [by, kind, archived, by, keys],
            )
        else:
            rows = tx.execute(
                "SELECT o.*, a.id::text AS asked FROM crm.object a JOIN crm.object o ON o.id = coalesce(a.merged_into, a.id)"
                f" WHERE a.type = %s AND a.id = ANY(%s) AND o.archived = %s{suffix}",
                [kind, [int(key) for key in keys if ID.fullmatch(key)], archived],
            )
        found: dict[str, Row] = {}
        for row in rows:
            found.setdefault(row.pop("asked"), row)
        return found

    def get(self, tx: Tx, kind: str, record: str, **how: Any) -> Row:
        """Return one object, or fail as HubSpot does."""
        found = self.find(tx, kind, [record], **how)
        if not found:
            raise Fault(
                404, "OBJECT_NOT_FOUND", f"Object not found.  objectId are usually numeric: {record}", context={"id": [record]}
            )
        return next(iter(found.values()))

    def archive(self, tx: Tx, kind: str, records: Sequence[str]) -> None:
        """Archive objects; those that are gone already stay gone."""
        tx.execute(
            "UPDATE crm.object SET archived = true, updated_at = %s WHERE type = %s AND id = ANY(%s) AND NOT archived",
            [_now(), kind, [int(record) for record in records if ID.fullmatch(record)]],
        )

    def merge(self, tx: Tx, kind: str, primary: str, other: str) -> Row:
        """Let `other` lead to `primary` from now on, its links too; the survivor's values win, its gaps are filled."""
        found = self.find(tx, kind, [primary, other], lock=True)
        row, gone = found.get(primary), found.get(other)
        if row is None or gone is None or row["id"] == gone["id"]:
            raise invalid("Two different, existing objects are needed for a merge", context={"ids": [primary, other]})
        tx.execute("UPDATE crm.object SET merged_into = %s WHERE merged_into = %s", [row["id"], gone["id"]])
        tx.execute(
            "UPDATE crm.object SET merged_into = %s, archived = true, updated_at = %s WHERE id = %s",
            [row["id"], _now(), gone["id"]],
        )
        for here, there in (("from", "to"), ("to", "from")):
            tx.execute(
                f"INSERT INTO crm.link ({here}_type, {here}_id, {there}_type, {there}_id) SELECT {here}_type, %s, {there}_type,"
                f" {there}_id FROM crm.link WHERE {here}_type = %s AND {here}_id = %s AND {there}_id <> %s ON CONFLICT DO NOTHING",
                [row["id"], kind, gone["id"], row["id"]],
            )
        old = [i for r in (row, gone) for i in str(r["properties"].get("hs_merged_object_ids") or "").split(";") if i]
        filled = {**gone["properties"], **row["properties"], "hs_merged_object_ids": ";".join([*old, str(gone["id"])])}
        return self.update(tx, kind, [(str(row["id"]), filled)])[0][0]


def _value(name: str, value: Any, definition: Row, errors: list[Row]) -> str | None:
    """Return one value as HubSpot keeps it; an empty string clears."""
    kind = definition.get("type") or type_of(name)
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, (int, float)):
        value = str(value)
    if value is None or value == "":
        return None
    if options := choices(name, definition):
        return _option(name, str(value), definition, options, errors)
    if isinstance(value, str):
        try:
            if kind == "number":
                float(value)
            elif kind in {"datetime", "date"}:
                at = moment(value)
                return value if not value.isdecimal() else at.date().isoformat() if kind == "date" else stamp(at)
        except (ValueError, OverflowError, OSError):
            pass
        else:
            return value
    errors.append(
        {"isValid": False, "message": f"{value!r} was not a valid {kind}", "error": f"INVALID_{kind.upper()}", "name": name}
    )
    return None


def _option(name: str, value: str, definition: Row, options: list[str], errors: list[Row]) -> str | None:
    """Return one option, or those of a property that takes several."""
    if set(value.split(";") if definition.get("fieldType") == "checkbox" else [value]) <= set(options):
        return value
    message = f"{value} was not one of the allowed options: {options}"
    errors.append({"isValid": False, "message": message, "error": "INVALID_OPTION", "name": name})
    return None


def _staged(kind: str, before: Row, properties: Row, now: datetime) -> Row:
    """Add what HubSpot calculates when a deal enters another stage; values given explicitly win."""
    stage = properties.get("dealstage")
    if kind != "deals" or not stage or stage == before.get("dealstage"):
        return properties
    return {f"{ENTERED}{stage}": stamp(now), "hs_is_closed_won": str(stage == "closedwon").lower()} | properties


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def moment(value: str) -> datetime:
    """Read a time as HubSpot does: epoch milliseconds or ISO 8601."""
    if value.lstrip("-").isdecimal():
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """Write a time as HubSpot does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(row: Row, wanted: Iterable[str] | None = None) -> Row:
    """Return an object as HubSpot shows it: the properties asked for; None stands for all that have a value."""
    modified = "lastmodifieddate" if row["type"] == "contacts" else "hs_lastmodifieddate"
    created, updated = stamp(row["created_at"]), stamp(row["updated_at"])
    automatic = {"hs_object_id": str(row["id"]), "createdate": created, modified: updated}
    every = row["properties"] | automatic | {"hs_createdate": created}
    names = set(every) if wanted is None else (set(wanted) or set(BRIEF.get(row["type"], ()))) | set(automatic)
    body = {
        "id": str(row["id"]), "properties": {name: every.get(name) for name in sorted(names)},
        "createdAt": created, "updatedAt": updated, "archived": row["archived"],
    }  # fmt: skip
    return body | ({"archivedAt": updated} if row["archived"] else {})
