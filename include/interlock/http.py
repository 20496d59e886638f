"""HTTP with time-outs, a quota and retries of safe calls; never a blind repeat of a write."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

import requests  # noqa: TID251 - the one place

from interlock.config import HttpSettings
from interlock.errors import ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable

Body: TypeAlias = Any  # whatever JSON holds
Headers = Mapping[str, str]


class Throttle:
    """At most `requests` calls in any window of `per_seconds`; callers wait their turn."""

    def __init__(self, settings: HttpSettings, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more call stays within the quota."""
        with self._lock:
            while True:
                now = self._clock()
                while self._sent and self._sent[0] <= now - self._settings.per_seconds:
                    self._sent.popleft()
                if len(self._sent) < self._settings.requests:
                    self._sent.append(now)
                    return
                self._sleep(self._sent[0] + self._settings.per_seconds - now)


class Http:
    """One system's door. `name` stands in every error; bodies and values never do (invariant 11)."""

    def __init__(
        self,
        base_url: str,
        settings: HttpSettings,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url, self.settings, self.name = base_url.rstrip("/"), settings, name
        self._sleep = sleep
        self._throttle = Throttle(settings, clock, sleep)
        self._session = requests.Session()

    def call(
        self, method: str, path: str, *, safe: bool, json: Body = None, params: Body = None, headers: Headers | None = None
    ) -> Body:
        """Send a request and return its JSON (None for an empty answer).

        A safe call is repeated on passing faults; any other is sent once. Raises SystemUnavailable (`sent` tells whether it
        may have had an effect), RateLimited, LoginRefused, Refused, ContractBroken.
        """
        tries = self.settings.tries if safe else 1
        for attempt in range(1, tries + 1):
            try:
                return self._once(method, path, safe=safe, json=json, params=params, headers=headers or {})
            except RateLimited as error:
                if attempt == tries:
                    raise
                self._sleep(error.retry_after)
            except SystemUnavailable:
                if attempt == tries:
                    raise
                self._sleep(self.settings.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1))  # noqa: S311 - jitter
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(self, method: str, path: str, *, safe: bool, json: Body, params: Body, headers: Headers) -> Body:
        self._throttle.wait()
        timeout = (self.settings.connect_timeout, self.settings.read_timeout if safe else self.settings.write_timeout)
        try:
            answer = self._session.request(
                method,
                self.base_url + path,
                json=json,
                params=params,
                headers=dict(headers),
                timeout=timeout,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout:
            raise SystemUnavailable(f"{self.name} cannot be reached (connect time-out)", sent=False) from None
        except requests.exceptions.ConnectionError as error:
            refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise SystemUnavailable(f"{self.name} {'cannot be reached' if refused else 'broke off'}", sent=not refused) from None
        except requests.exceptions.RequestException as error:
            raise SystemUnavailable(f"{self.name} did not answer ({type(error).__name__})") from None
        return self._judge(answer)

    def _judge(self, answer: requests.Response) -> Body:
        status = answer.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(f"{self.name}: quota used up", retry_after=_seconds(answer.headers.get("Retry-After")))
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise LoginRefused(f"{self.name} refuses the login or a right ({status}); check its connection and scopes")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SystemUnavailable(f"{self.name} answers {status}")
        if status >= HTTPStatus.BAD_REQUEST:
            raise Refused(f"http_{status}", answer.text[:2000], status=status)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise ContractBroken(f"{self.name} redirects ({status}); the connection's address is not the API's")
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise SystemUnavailable(f"{self.name} answers something else than JSON") from None


def _seconds(value: str | None) -> float:
    try:
        return min(max(float(value or 1), 0.05), 600)
    except ValueError:
        return 1.0
