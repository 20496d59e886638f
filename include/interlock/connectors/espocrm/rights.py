"""What the user's role allows, by object and by field: App/user tells both (docs.espocrm.com, Administration > Roles)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from interlock.errors import LoginRefused

Row = dict[str, Any]
WHOLE: Final = frozenset(("all", "yes"))
PART: Final = re.compile(r"(\w+?)(?:Id|Name|Type|Ids|Names|Date|Street|City|State|Country|PostalCode)")
PERSON: Final = frozenset(("firstName", "lastName", "middleName", "salutationName"))


class Rights:
    """One user's rights.

    A field that a role hides reads as empty, and records that are none of the user's own are not listed: neither gives an error.
    So what is read is asked for here first.
    """

    def __init__(self, acl: Row) -> None:
        self._scopes, self._fields = acl.get("table") or {}, acl.get("fieldTable") or {}
        self.assigns = acl.get("assignmentPermission") == "all"

    def level(self, scope: str, action: str) -> str:
        """Return how far the user may read, create, edit, delete: all, team, own, yes, no."""
        rights = self._scopes.get(scope)
        return "all" if rights is True else str((rights or {}).get(action) or "no") if isinstance(rights, dict) else "no"

    def require(self, scope: str, action: str, *, whole: bool = False) -> None:
        """Raise LoginRefused where the role gives no such right, or with `whole` only one to the user's own or team's records."""
        level = self.level(scope, action)
        if level == "no":
            raise LoginRefused(f"EspoCRM: no right to {action} {scope}; give it to the user's role")
        if whole and level not in WHOLE:
            raise LoginRefused(f"EspoCRM: {action} of {scope} is of level {level}, which hides others' records; set it to all")

    def require_fields(self, scope: str, attributes: Iterable[str], action: str = "read") -> None:
        """Raise LoginRefused where the role keeps the user from reading, or editing, one of some attributes."""
        if kept := self.kept(scope, attributes, action):
            what = f"no right to {action} {', '.join(kept)} of {scope}"
            raise LoginRefused(f"EspoCRM: {what}; mend the field-level rights of the user's role")

    def require_assignment(self) -> None:
        """Raise LoginRefused where the user may not give a task to everybody."""
        if not self.assigns:
            raise LoginRefused("EspoCRM: no right to give tasks to owners; set the role's assignment permission to all")

    def kept(self, scope: str, attributes: Iterable[str], action: str) -> list[str]:
        """Return the attributes that the user may not read or edit, in order."""
        table = self._fields.get(scope) or {}
        if not isinstance(table, dict):
            return []
        closed = {field for field, rights in table.items() if rights.get(action) == "no"}
        return sorted(name for name in set(attributes) if closed & _fields_of(name))


def _fields_of(attribute: str) -> set[str]:
    """Return which fields an attribute may be of: a link's id, an address's street, a person's first name are parts of one."""
    found = PART.fullmatch(attribute)
    return {attribute, *([found[1]] if found else []), *(["name"] if attribute in PERSON else [])}
