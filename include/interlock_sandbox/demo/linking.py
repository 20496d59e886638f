"""Records of the CRM that hang on others."""

from __future__ import annotations

from typing import Any

from interlock_sandbox.crm.schema import association

Row = dict[str, Any]


def linked(kind: str, to_kind: str, to: str, properties: Row) -> Row:
    """Return a record that hangs on another."""
    category, type_number = association(kind, to_kind)
    link = {"to": {"id": to}, "types": [{"associationCategory": category, "associationTypeId": type_number}]}
    return {"properties": properties, "associations": [link]}
