"""EspoCRM's HTTP interface: paths, keys, filters, the shape of answers (docs.espocrm.com, Development > API)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final

from interlock.config import CrmSettings, Endpoint
from interlock.connectors.espocrm.rights import Rights
from interlock.errors import ContractBroken, LoginRefused, Refused
from interlock.http import Http

Row = dict[str, Any]
SKIP: Final = {"X-Skip-Duplicate-Check": "true"}
DECIMAL: Final = "decimal"
Condition = dict[str, Any]
PAGE: Final = 200
"""Most rows asked for at once; an administrator may have set EspoCRM's own limit, `recordListMaxSizeLimit`, lower."""
IDS: Final = 100
"""Most ids in one filter, so that no web server refuses the length of the address."""
API_KEY: Final = re.compile(r"[0-9a-f]{32}")
LOCKED_OUT: Final = "failed login attempts"  # in EspoCRM's reason
LOCKED: Final = "EspoCRM has locked out this address after wrong keys; wait until it lets go, and correct the connection's key"


class Api:
    """One installation's interface."""

    def __init__(self, endpoint: Endpoint, settings: CrmSettings) -> None:
        self._endpoint = endpoint
        self._http = Http(endpoint.url, settings.http, "EspoCRM", forbidden=frozenset((HTTPStatus.UNAUTHORIZED,)))

    @property
    def server_time(self) -> datetime:
        """EspoCRM's clock as of its last answer."""
        return (self._http.server_time or datetime.now(UTC)).astimezone(UTC)

    @cached_property
    def me(self) -> Row:
        """Who is logged in: user, rights by scope, settings."""
        answer = self.read("App/user")
        if not isinstance(answer, dict) or not {"user", "acl", "settings"} <= answer.keys():
            raise ContractBroken("EspoCRM answers App/user with another shape than documented")
        return answer

    @cached_property
    def rights(self) -> Rights:
        """What the user's role allows."""
        return Rights(self.me["acl"])

    @property
    def page(self) -> int:
        """Most rows that a listing gives."""
        return min(PAGE, int(self.me["settings"].get("recordListMaxSizeLimit") or PAGE))

    def list(
        self,
        scope: str,
        where: Sequence[Condition],
        select: Sequence[str],
        *,
        order: str = "id",
        down: bool = False,
        most: int = 0,
    ) -> list[Row]:
        """Return the first rows that fit; the filter goes as `searchParams`, which EspoCRM refuses rather than ignores."""
        asked = {"where": [*where], "select": [*select], "orderBy": order, "order": "desc" if down else "asc"}
        asked["maxSize"] = most or self.page
        return rows(self.read(scope, searchParams=json.dumps(asked, separators=(",", ":"))))

    def of_ids(self, scope: str, attribute: str, ids: Sequence[str], select: Sequence[str], *more: Condition) -> Iterator[Row]:
        """Yield all rows whose attribute is one of some ids."""
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), IDS):
            among = {"type": "in", "attribute": attribute, "value": wanted[start : start + IDS]}
            yield from self.every(scope, [among, *more], select)

    def every(self, scope: str, where: Sequence[Condition], select: Sequence[str]) -> Iterator[Row]:
        """Yield all rows by id, page by page."""
        last: list[Condition] = []
        while True:
            found = self.list(scope, [*where, *last], ["id", *select])
            yield from found
            if len(found) < self.page:
                return
            last = [{"type": "greaterThan", "attribute": "id", "value": found[-1]["id"]}]

    def stream(self, scope: str, record_id: str, kind: str = "") -> Sequence[Row] | None:
        """Return a record's stream, the newest first, or None where EspoCRM hides this one; kind: `posts` for what people wrote.

        Nothing where the record is gone.
        """
        found: list[Row] = []
        while True:
            asked: Row = {"maxSize": self.page, "offset": len(found), **({"filter": kind} if kind else {})}
            try:
                page = rows(self._read(f"{scope}/{record_id}/stream", asked))
            except Refused as error:
                if error.status == HTTPStatus.FORBIDDEN:
                    return None
                raise _unanswered(scope, error) from None
            found += page
            if len(page) < self.page:
                return found

    def fields(self, scope: str) -> Row:
        """Return an object's fields by name; one of a type that this version lacks, which it keeps unseen by people, says so."""
        found = self.metadata(f"entityDefs.{scope}.fields")
        return {name: row | {"type": self._type(row.get("type"))} for name, row in found.items() if isinstance(row, dict)}

    def fields_of(self, scopes: Iterable[str]) -> dict[str, Row]:
        """Return the fields of some objects, each asked for once."""
        return {scope: self.fields(scope) for scope in dict.fromkeys(scopes)}

    def _type(self, name: object) -> object:
        return f"{name}, a type that this version lacks," if name == DECIMAL and not self.has_decimal else name

    @cached_property
    def has_decimal(self) -> bool:
        """Tell whether this version knows exact numbers."""
        return bool(self.metadata(f"fields.{DECIMAL}"))

    def metadata(self, key: str) -> Row:
        """Return a part of what this installation is made of; nothing where there is none."""
        found = self.read("Metadata", key=key)
        return found if isinstance(found, dict) else {}

    def read(self, path: str, **params: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Make a call without effects; raises LoginRefused where a right is missing, ContractBroken where it is refused."""
        try:
            return self._read(path, params)
        except Refused as error:
            if error.status == HTTPStatus.FORBIDDEN:
                raise LoginRefused(f"EspoCRM refuses to show {path.partition('/')[0]}: a right is missing") from None
            raise _unanswered(path, error) from None

    def _read(self, path: str, params: Row) -> object:
        try:
            return self._call("GET", path, safe=True, params=params)
        except Refused as error:
            if error.status == HTTPStatus.NOT_FOUND and "/" in path:
                return {"list": []}
            raise

    def put(self, scope: str, record_id: str, body: Row, version: int | None = None) -> object:
        """Change a record once, if a version is given only while it is that one."""
        headers = {} if version is None else {"X-Version-Number": str(version)}
        return self._call("PUT", f"{scope}/{record_id}", safe=False, json=body, headers=SKIP | headers)

    def post(self, scope: str, body: Row) -> object:
        """Create a record once; EspoCRM's own search for doubles, by name, is not ours."""
        return self._call("POST", scope, safe=False, json=body, headers=SKIP)

    def make(self, path: str, body: Row) -> object:
        """Define something under a name of its own, which EspoCRM gives once: so the call may be repeated; Refused else."""
        return self._call("POST", path, safe=True, json=body)

    def delete(self, scope: str, record_id: str) -> bool:
        """Delete a record; to delete twice is to delete once, so the call may be repeated. False when refused."""
        try:
            self._call("DELETE", f"{scope}/{record_id}", safe=True)
        except Refused as error:
            return error.status == HTTPStatus.NOT_FOUND
        return True

    def _call(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        params: Row | None = None,
        json: Row | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401
        given = {**self._login(method, path), "X-No-Total": "true", **(headers or {})}
        try:
            return self._http.call(method, f"/api/v1/{path}", safe=safe, params=params, json=json, headers=given)
        except Refused as error:
            if error.status == HTTPStatus.FORBIDDEN and LOCKED_OUT in error.detail:
                raise LoginRefused(LOCKED) from None
            raise

    def _login(self, method: str, path: str) -> dict[str, str]:
        """An API key alone; an API key that signs with a secret; or a user's name and password, as an administrator has."""
        login, secret = self._endpoint.login, self._endpoint.token.get_secret_value()
        if not login:
            return {"X-Api-Key": secret}
        if API_KEY.fullmatch(login):
            signed = hmac.new(secret.encode(), f"{method} /{path}".encode(), hashlib.sha256).hexdigest()
            return {"X-Hmac-Authorization": _encoded(f"{login}:{signed}")}
        return {"Espo-Authorization": _encoded(f"{login}:{secret}")}


def rows(answer: object) -> list[Row]:
    """Return an answer's list; raises ContractBroken when it has none."""
    found = answer.get("list") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise ContractBroken("EspoCRM answers with another shape than documented: no list")
    return found


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _unanswered(path: str, error: Refused) -> ContractBroken:
    return ContractBroken(f"EspoCRM refuses to answer {path.partition('/')[0]} ({error.code})")
