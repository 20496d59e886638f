"""Odoo's remote calls: `/jsonrpc` up to 18, `/json/2` from 19 on; a user's context, and errors that come as HTTP 200."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final

from interlock.config import Endpoint, HttpSettings
from interlock.connectors.odoo.faults import NO_LOGIN, classified, no_database, told
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, Refused
from interlock.http import Http

READ: Final = 500
LARGEST_ID: Final = 2**31 - 1
FIRST_JSON2: Final = 19
BY_POSITION: Final = ("vals_list", "vals")  # modules name these arguments of create and write differently
Row = dict[str, Any]
Domain = list[Any]


class Rpc:
    """Calls as one user in one company of one database. Arguments are named; `ids` are the records that a method acts on."""

    def __init__(self, endpoint: Endpoint, settings: HttpSettings, company: str) -> None:
        self._endpoint, self._company = endpoint, company
        self.settings = settings
        self._http = Http(endpoint.url, settings, "Odoo", forbidden=frozenset((HTTPStatus.UNAUTHORIZED,)))
        self._secret = endpoint.token.get_secret_value() or endpoint.password.get_secret_value()

    @property
    def database(self) -> str:
        """The database's name."""
        return self._endpoint.database

    @property
    def server_time(self) -> datetime:
        """The ERP's clock as of its last answer."""
        return (self._http.server_time or datetime.now(UTC)).astimezone(UTC)

    @cached_property
    def context(self) -> Row:
        """The user's language and time zone, the one company."""
        uid = self._uid
        me = {"fields": ["lang", "tz", "company_id", "company_ids"]}
        (user,) = self._sent("res.users", "read", [uid], me, safe=True)
        company = user["company_id"][0]
        if self._company:
            if not self._company.isdigit():
                raise ConfigurationError("erp.company is not a company id; use the number that Odoo shows, or leave it empty")
            company = int(self._company)
        if company not in user["company_ids"]:
            raise ConfigurationError(f"erp.company: Odoo's user is not allowed to work in company {company}; allow it there")
        own = {"lang": user["lang"] or "en_US", "tz": user["tz"] or "UTC"}
        return {**own, "uid": uid, "allowed_company_ids": [company]}

    @property
    def company(self) -> int:
        """The id of the company that is worked in."""
        return int(self.context["allowed_company_ids"][0])

    def search(
        self, model: str, domain: Domain, fields: Sequence[str], *, order: str = "id", limit: int | None = None
    ) -> list[Row]:
        """Read rows in one call, oldest first; raises ContractBroken when Odoo refuses."""
        return list(self.read(model, "search_read", domain=domain, fields=list(fields), order=order, limit=limit))

    def every(self, model: str, domain: Domain, fields: Sequence[str], page: int = READ) -> Iterator[Row]:
        """Read rows in pages by id: an offset would skip rows when others go while we read."""
        last = 0
        while True:
            rows = self.search(model, [["id", ">", last], *domain], fields, limit=page)
            yield from rows
            if len(rows) < page:
                return
            last = rows[-1]["id"]

    def of_ids(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Row]:
        """Read those rows that exist and may be seen, by id; unlike Odoo's `read`, a missing one is no error."""
        parts = (list(ids[start : start + READ]) for start in range(0, len(ids), READ))
        return {row["id"]: row for part in parts for row in self.search(model, [["id", "in", part]], fields)}

    def read(self, model: str, method: str, ids: Sequence[int] | None = None, **named: Any) -> Any:  # noqa: ANN401
        """Call a method without effects; raises ContractBroken when Odoo refuses it."""
        try:
            return self.call(model, method, ids, safe=True, **named)
        except Refused as error:
            said = f"Odoo refuses {model}.{method} ({error.code}); check its version and the user's rights"
            raise ContractBroken(said) from None

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        safe: bool,
        context: Row | None = None,
        **named: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Call a model's method; raises Refused for the ERP's definite no (its transaction was rolled back).

        Archived records are read too. A call with effects does not see them, for Odoo would fill them in: an archived bank
        account, fiscal position or sequence.
        """
        seen = {"active_test": False} if safe else {}
        return self._sent(model, method, ids, {**named, "context": {**self.context, **seen, **(context or {})}}, safe=safe)

    def create(self, model: str, rows: Sequence[Row], context: Row | None = None) -> list[int]:
        """Create rows in one transaction; their ids in order."""
        return list(self.call(model, "create", safe=False, context=context, vals_list=list(rows)))

    def load(self, model: str, fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
        """Create rows under external ids of ours, in one transaction; a row whose external id is there is left as it is.

        Raises Refused when any row is unfit: nothing was written then.
        """
        once = {"mode": "update", "noupdate": True}
        answer = self.call(model, "load", safe=False, context=once, fields=list(fields), data=[list(row) for row in rows])
        if not isinstance(answer, dict):
            raise ContractBroken(f"Odoo answers {model}.load with another shape than documented")
        if not answer.get("ids"):
            words = [str(said.get("message") or "") for said in answer.get("messages") or () if isinstance(said, dict)]
            raise Refused("refused_by_erp", " ".join(words)[:1000] or "no reason was given")
        return [int(made) for made in answer["ids"]]

    @cached_property
    def version(self) -> str:
        """The server's version, such as 18.0-20250702."""
        return self.asked_version()

    def asked_version(self) -> str:
        """Ask the server for its version, which also tells its clock."""
        try:
            return str(self._rpc("common", "version", [], safe=True)["server_version"])
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        return str(self._http.call("GET", "/web/version", safe=True)["version"])

    @property
    def major(self) -> int:
        """The version's first number, also of an online one such as saas~18.2."""
        found = re.search(r"\d+", self.version)
        return int(found[0]) if found else 0

    @cached_property
    def _uid(self) -> int:
        if self.major >= FIRST_JSON2:
            return self._known_user()
        uid = self._rpc("common", "authenticate", [self.database, self._endpoint.login, self._secret, {}], safe=True)
        if not uid:
            raise LoginRefused(NO_LOGIN)
        return int(uid)

    def _known_user(self) -> int:
        try:
            return int(self._json2("res.users", "context_get", {}, safe=True)["uid"])
        except LoginRefused:
            raise LoginRefused(NO_LOGIN) from None
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            raise ConfigurationError(no_database(self.database)) from None

    def _sent(self, model: str, method: str, ids: Sequence[int] | None, named: Row, *, safe: bool) -> Any:  # noqa: ANN401
        if self.major >= FIRST_JSON2:
            return self._json2(model, method, {**({} if ids is None else {"ids": list(ids)}), **named}, safe=safe)
        leading: list[Any] = [] if ids is None else [list(ids)]
        leading += [named[name] for name in BY_POSITION if name in named]
        named = {name: value for name, value in named.items() if name not in BY_POSITION}
        arguments = [self.database, self._uid, self._secret, model, method, leading, named]
        return self._rpc("object", "execute_kw", arguments, safe=safe)

    def _rpc(self, service: str, method: str, arguments: list[Any], *, safe: bool) -> Any:  # noqa: ANN401
        params = {"service": service, "method": method, "args": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        answer = self._answer("/jsonrpc", body, {}, safe=safe)
        if not isinstance(answer, dict):
            raise ContractBroken("Odoo answers with another shape than documented")
        if error := answer.get("error"):
            raise classified(error.get("data") or {}, self.database)
        return answer.get("result")

    def _json2(self, model: str, method: str, body: Row, *, safe: bool) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"bearer {self._secret}"}
        if self.database:
            headers["X-Odoo-Database"] = self.database
        return self._answer(f"/json/2/{model}/{method}", body, headers, safe=safe)

    def _answer(self, path: str, body: Row, headers: dict[str, str], *, safe: bool) -> object:
        """Send one call. Odoo's own 403 may be about one record; one from anything before Odoo is about all calls, and stops."""
        try:
            return self._http.call("POST", path, safe=safe, json=body, headers=headers)
        except Refused as error:
            found = told(error.detail)
            if error.status == HTTPStatus.FORBIDDEN and "name" not in found:
                raise LoginRefused("the server before Odoo refuses the call (403); check its rules and the address") from None
            if found:
                raise classified(found, self.database, error.status) from None
            raise


def moment(value: str | bool | None) -> datetime | None:  # noqa: FBT001 - false is Odoo's null
    """Read Odoo's date and time, which is UTC without saying so and cut to the second."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None


def wire(value: datetime) -> str:
    """Write a date and time as Odoo reads it."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def words(value: Any) -> str:  # noqa: ANN401 - whatever Odoo has
    """Return a text; false means that there is none."""
    return str(value) if value else ""


def numbers(ids: Sequence[str]) -> list[int]:
    """Return those ids that the ERP can have given, each once."""
    return [int(one) for one in dict.fromkeys(ids) if one.isdecimal() and 0 < int(one) <= LARGEST_ID]
