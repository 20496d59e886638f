"""What the routes share: reading a batch's inputs, writing its answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi.responses import JSONResponse

from interlock_sandbox.crm.faults import invalid
from interlock_sandbox.crm.records import Row, stamp
from interlock_sandbox.crm.schema import ALIASES, PROPERTIES

BATCH = 100
QUALIFIED = re.compile(r"^p[0-9]*_")  # before a custom object's name, with the portal's number or without


def object_type(name: str) -> str:
    """Return the object type under its plural name."""
    name = QUALIFIED.sub("", name)
    kind = ALIASES.get(name, name)
    if kind not in PROPERTIES:
        raise invalid(f"Unable to infer object type from: {name}")
    return kind


def inputs(body: Row, *needed: str, most: int = BATCH) -> list[Row]:
    """Return a batch's inputs, each with what it needs."""
    found = body.get("inputs")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise invalid("inputs is a list of objects")
    if len(found) > most:
        raise invalid(f"The batch has {len(found)} inputs, {most} is the limit")
    if any(item.get(name) is None for item in found for name in needed):
        raise invalid(f"each input needs {' and '.join(needed)}")
    return found


def answer(results: list[Row], errors: list[Row] | None = None, *, count: int | None = None, status: int = 200) -> JSONResponse:
    """Write a batch's answer; 207 when some inputs failed."""
    now = stamp(datetime.now(UTC))
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "requestedAt": now, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors) if count is None else count, "errors": errors}
    return JSONResponse(body, 207 if errors else status)
