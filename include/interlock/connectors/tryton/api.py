"""Tryton's JSON-RPC: login, context, typed values, errors that come as HTTP 200."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from interlock.config import Endpoint, HttpSettings
from interlock.errors import ConfigurationError, ContractBroken, InterlockError, LoginRefused, Refused
from interlock.http import Http

PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")
Row = dict[str, Any]
USER_ERRORS = ("UserError", "UserWarning", "ConcurrencyException")


class Rpc:
    """A session with one database; logs in when needed, once more when the session ended before a call was run."""

    def __init__(self, endpoint: Endpoint, settings: HttpSettings, company: str) -> None:
        self._endpoint, self._company = endpoint, company
        self.settings = settings
        self._http = Http(endpoint.url, settings, "Tryton")
        self._authorization = ""
        self._context: dict[str, Any] = {}

    @property
    def database(self) -> str:
        """The database's name."""
        return self._endpoint.database

    @property
    def context(self) -> dict[str, Any]:
        """Preferences of the user, company included; inactive records are read too."""
        self._login()
        return self._context

    def search(self, model: str, domain: list[Any], fields: list[str], limit: int | None = None) -> list[Row]:
        """Read rows by id, oldest first; raises ContractBroken when Tryton refuses."""
        return list(self.read(f"model.{model}.search_read", domain, 0, limit, [["id", "ASC"]], fields))

    def read(self, method: str, *arguments: Any) -> Any:  # noqa: ANN401
        """Call a method without effects; raises ContractBroken when Tryton refuses it."""
        try:
            return self.call(method, *arguments, safe=True)
        except Refused as error:
            raise ContractBroken(f"Tryton refuses {method} ({error.code}); check its version and the user's rights") from None

    def call(self, method: str, *arguments: Any, safe: bool, context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Call a model's method; raises Refused for the ERP's definite no (its transaction was rolled back).

        Archived records are read too. A call with effects does not see them, so that Tryton fills in nothing that is out of use.
        """
        full = {**self.context, **({"active_test": False} if safe else {}), **(context or {})}
        for again in (True, False):
            try:
                return self._send(method, [*arguments, full], safe=safe, authorization=self._authorization)
            except LoginRefused:
                if not again:
                    raise
                self._authorization = ""
                self._login()
        raise AssertionError("unreachable")  # pragma: no cover

    @property
    def server_time(self) -> datetime:
        """The ERP's clock as of its last answer."""
        return (self._http.server_time or datetime.now(UTC)).astimezone(UTC)

    def version(self) -> str:
        """Return the server's version."""
        return str(self._send("common.server.version", [], safe=True, authorization="", path="/rpc/"))

    def _login(self) -> None:
        if self._authorization:
            return
        secret = {"password": self._endpoint.password.get_secret_value()}
        try:
            answer = self._send("common.db.login", [self._endpoint.login, secret], safe=True, authorization="")
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            raise ConfigurationError(f"Tryton has no database {self.database!r}; name it in its connection") from None
        if not answer:
            raise LoginRefused("Tryton refuses the login; check user and password of its connection")
        token = f"{self._endpoint.login}:{answer[0]}:{answer[1]}".encode()
        self._authorization = f"Session {base64.b64encode(token).decode()}"
        preferences = self._send("model.res.user.get_preferences", [True, {}], safe=True, authorization=self._authorization)
        self._context = dict(preferences)
        if self._company:
            if not self._company.isdigit():
                raise ConfigurationError("erp.company is not a company id; use the number that Tryton shows, or leave it empty")
            self._context["company"] = int(self._company)
        if not self._context.get("company"):
            raise LoginRefused("Tryton's user has no company; give it one, or set erp.company")

    def _send(self, method: str, params: Sequence[Any], *, safe: bool, authorization: str, path: str = "") -> Any:  # noqa: ANN401
        body = {"id": 1, "method": method, "params": list(params)}
        headers = {"Authorization": authorization} if authorization else {}
        answer = self._http.call("POST", path or f"/{self.database}/rpc/", safe=safe, json=body, headers=headers)
        if not isinstance(answer, dict):
            raise ContractBroken("Tryton answers with another shape than documented")
        if "error" in answer:
            raise _classified(answer["error"])
        return answer.get("result")


def _classified(error: Sequence[Any]) -> InterlockError:
    if not error:
        return Refused("erp_fault")
    kind = str(error[0])
    if kind.startswith("LoginException") or kind == "403":
        return LoginRefused("Tryton refuses the login; check user and password of its connection")
    words = error[1] if kind in USER_ERRORS and len(error) > 1 else kind  # else the second part is a traceback
    detail = " ".join(str(word) for word in words if word) if isinstance(words, list) else str(words)
    otherwise = "refused_by_erp" if kind in USER_ERRORS else "erp_fault"
    code = {"ConcurrencyException": "changed_meanwhile", "UserWarning": "warned_by_erp"}.get(kind, otherwise)
    return Refused(code, detail[:1000])


def moment(value: dict[str, int] | None) -> datetime | None:
    """Read Tryton's datetime, which is UTC without saying so."""
    if value is None:
        return None
    return datetime(**{name: value[name] for name in PARTS}, tzinfo=UTC)


def wire(value: datetime) -> dict[str, Any]:
    """Write a datetime as Tryton's protocol wants it."""
    value = value.astimezone(UTC)
    return {"__class__": "datetime", **{name: getattr(value, name) for name in PARTS}}
