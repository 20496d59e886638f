"""Who looks after records in EspoCRM, and to whom a task can be given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from interlock.connectors.espocrm.api import Api, Row
from interlock.domain.identity import Json
from interlock.errors import LoginRefused

PEOPLE: Final = frozenset(("regular", "admin"))


class Owners:
    """The users of one installation, read once; None where the right to see users is missing."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def named(self, owner: str, otherwise: str) -> Json:
        """Return an owner's name, and whether he is a former one; of one that is not known the name that the record gives."""
        row = (self._known or {}).get(owner)
        if row is None:
            return {"name": otherwise, "former": False}
        return {"name": str(row.get("name") or ""), "former": not row.get("isActive")}

    def assignee(self, owner: str) -> str:
        """Return whom a task is given to: its owner while he works here, else the user itself, as EspoCRM wants somebody."""
        me = str(self._api.me["user"]["id"])
        if self._known is None:
            return owner or me
        row = self._known.get(owner) or {}
        return owner if row.get("isActive") and row.get("type") in PEOPLE else me

    @cached_property
    def _known(self) -> Mapping[str, Row] | None:
        try:
            self._api.rights.require("User", "read", whole=True)
            return {str(row["id"]): row for row in self._api.every("User", [], ["name", "isActive", "type"])}
        except LoginRefused:
            return None
