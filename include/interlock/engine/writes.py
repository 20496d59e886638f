"""What a connector is asked to write, made of a change on record: references to other changes' results are put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from interlock.domain.change import RESULT, Write, filled
from interlock.domain.identity import Json, Ref
from interlock.domain.record import Record
from interlock.engine.context import Engine

Row = dict[str, Any]


def write_of(row: Row, done: Mapping[str, Row]) -> Write:
    """Return the write of a change; `done` are the finished changes that it depends on, by key."""
    return Write(
        key=row["key"],
        operation=row["operation"],
        kind=row["kind"],
        values={name: _resolved(value, done) for name, value in row["body"].items()},
        ref=Ref.parse(row["ref"]) if row["ref"] else None,
        parent=Ref.parse(parent) if (parent := row["parent"] or _made(row, done)) else None,
        subject=Ref.parse(row["subject"]),
    )


def _made(row: Row, done: Mapping[str, Row]) -> str | None:
    """Return the record that a create without a parent hangs on: what the change of its own subject made that it depends on."""
    first = done[row["depends_on"][0]] if row["operation"] == "create" and row["depends_on"] else None
    return str(first["result_ref"]) if first and first["subject"] == row["subject"] else None


def _resolved(value: Json, done: Mapping[str, Row]) -> Json:
    """Put the results of another change into a value that stands in for them; one that the target left empty is empty."""
    if isinstance(value, dict) and isinstance(spec := value.get(RESULT), dict):
        return filled(str(spec.get("text", "{}")), done[str(spec["change"])]["results"], str(spec["name"]))
    return value


def with_seen(write: Write, seen: Record) -> Write:
    """Return the write with the record as it was re-read right before."""
    return replace(write, seen=seen)


def reserve_numbers(engine: Engine, rows: list[Row], writes: dict[str, Write]) -> None:
    """Give each new customer its number from the reserved range, once, before it is sent."""
    settings = engine.settings.customers
    if settings.number != "reserved" or rows[0]["kind"] != "customer" or rows[0]["operation"] != "create":
        return
    with engine.database.begin() as tx:
        for row in rows:
            number = row["body"].get("number")
            if not number:
                drawn = tx.execute("SELECT nextval('interlock.reserved_number') AS n").fetchone()
                number = f"{settings.reserved_prefix}{drawn['n'] if drawn else 0:0{settings.reserved_digits}}"
                tx.execute(
                    "UPDATE interlock.change SET body = body || jsonb_build_object('number', %s::text)"
                    " WHERE id = %s AND token = %s",
                    [number, row["id"], row["token"]],
                )
            write = writes[row["key"]]
            writes[row["key"]] = replace(write, values={**write.values, "number": number})
