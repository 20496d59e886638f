"""Whether the private app may read and write a kind of object, asked without any effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interlock.connectors.hubspot.api import Api
from interlock.connectors.hubspot.objects import COMPANY, NOTE, Kind
from interlock.connectors.hubspot.tasks import TASK
from interlock.errors import LoginRefused
from interlock.ports.system import Check

WRITES: Final[Mapping[str, str]] = {
    COMPANY.kind: "update",
    NOTE.kind: "create",
    TASK.kind: "create",
    "contract": "update",
}


def rights(api: Api, kind: Kind, label: str = "") -> Check:
    """Say whether a kind is readable and, where the processes write it, writable; names the scope that is missing."""
    name, scope, action = f"crm rights on {label or kind.path}", f"crm.objects.{kind.scope}", WRITES.get(kind.kind)
    try:
        api.read("GET", api.path(kind), params={"limit": 1})
    except LoginRefused:
        return Check(name, "error", "not readable", f"give the private app the scope {scope}.read")
    if not action:
        return Check(name, "ok", "readable")
    try:
        api.may_write(kind, action)
    except LoginRefused:
        return Check(name, "error", f"no right to {action}", f"give the private app the scope {scope}.write")
    return Check(name, "ok", f"readable, right to {action}")
