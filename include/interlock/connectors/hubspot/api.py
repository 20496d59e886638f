"""HubSpot's HTTP interface: paths, token, quotas, the shape of answers (developers.hubspot.com, CRM API)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from interlock.config import CrmSettings, Endpoint
from interlock.connectors.hubspot.objects import Kind
from interlock.errors import ContractBroken, Refused
from interlock.http import Http, Throttle

SEARCHES = {"requests": 5, "per_seconds": 1}  # a quota of its own, for the whole account
Body = dict[str, Any]


class Api:
    """One account's interface."""

    def __init__(self, endpoint: Endpoint, settings: CrmSettings) -> None:
        self.version = settings.api_version
        self._http = Http(endpoint.url, settings.http, "HubSpot")
        self._searches = Throttle(settings.http.model_copy(update=SEARCHES))
        self._headers = {"Authorization": f"Bearer {endpoint.token.get_secret_value()}"}

    @property
    def server_time(self) -> datetime:
        """HubSpot's clock as of its last answer."""
        return (self._http.server_time or datetime.now(UTC)).astimezone(UTC)

    def path(self, kind: Kind) -> str:
        """Return where objects of a kind live in the configured version."""
        return f"/crm/v3/objects/{kind.path}" if self.version == "v3" else f"/crm/objects/{self.version}/{kind.path}"

    def read(self, method: str, path: str, *, json: Body | None = None, params: Body | None = None) -> Body:
        """Make a call without effects; raises ContractBroken when HubSpot refuses it."""
        try:
            answer = self._http.call(method, path, safe=True, json=json, params=params, headers=self._headers)
        except Refused as error:
            raise ContractBroken(f"HubSpot refuses to answer {path} ({error.code}); check crm.api_version") from None
        if not isinstance(answer, dict):
            raise ContractBroken("HubSpot answers with another shape than documented")
        return answer

    def pages(self, path: str, params: Body) -> Iterator[Body]:
        """Yield the rows of a listing to its last page."""
        after = ""
        while True:
            answer = self.read("GET", path, params=params | ({"after": after} if after else {}))
            yield from rows(answer)
            after = following(answer)
            if not after:
                return

    def get(self, kind: Kind, record_id: str, properties: Sequence[str]) -> Body | None:
        """Read one object; None when there is none. A merged id is answered by its survivor."""
        path, params = f"{self.path(kind)}/{record_id}", {"properties": ",".join(properties)}
        try:
            answer = self._http.call("GET", path, safe=True, params=params, headers=self._headers)
        except Refused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise ContractBroken(f"HubSpot refuses to read one of {kind.path} ({error.code})") from None
        if not isinstance(answer, dict) or "id" not in answer:
            raise ContractBroken("HubSpot answers with another shape than documented")
        return answer

    def search(self, kind: Kind, query: Body) -> tuple[list[Body], bool]:
        """Search within the quota; returns the rows and whether there are more."""
        self._searches.wait()
        answer = self.read("POST", f"{self.path(kind)}/search", json=query)
        return rows(answer), bool(following(answer))

    def send(self, path: str, inputs: Sequence[Body]) -> Body:
        """Send a batch once; an answer of another shape leaves the fate of each unknown rather than stopping the run."""
        answer = self._http.call("POST", path, safe=False, json={"inputs": list(inputs)}, headers=self._headers)
        return answer if isinstance(answer, dict) and isinstance(answer.get("results"), list) else {"results": []}

    def make(self, path: str, body: Body) -> None:
        """Define something under a name of its own, which HubSpot gives once: so the call may be repeated.

        Raises LoginRefused where a scope is missing, Refused (409 when it is there already).
        """
        self._http.call("POST", path, safe=True, json=body, headers=self._headers)

    def archive(self, kind: Kind, record_id: str) -> bool:
        """Archive an object; to archive twice is to archive once, so the call may be repeated. False when refused."""
        try:
            self._http.call("DELETE", f"{self.path(kind)}/{record_id}", safe=True, headers=self._headers)
        except Refused as error:
            return error.status == HTTPStatus.NOT_FOUND
        return True

    def may_write(self, kind: Kind, action: str) -> None:
        """Send a batch of nothing, which has no effect; raises LoginRefused where the right to write is missing."""
        try:
            path = f"{self.path(kind)}/batch/{action}"
            self._http.call("POST", path, safe=True, json={"inputs": []}, headers=self._headers)
        except Refused:
            return


def rows(answer: Body) -> list[Body]:
    """Return an answer's results; raises ContractBroken when it has none."""
    found = answer.get("results")
    if not isinstance(found, list):
        raise ContractBroken("HubSpot answers with another shape than documented: no results")
    return found


def following(answer: Body) -> str:
    """Return where the next page begins, or an empty string."""
    return str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")


def refused(answer: Body) -> dict[str, str]:
    """Return what a 207 says about the ids it refuses."""
    errors = answer.get("errors") or ()
    return {str(i): str(e.get("message") or "") for e in errors for i in (e.get("context") or {}).get("ids") or ()}
