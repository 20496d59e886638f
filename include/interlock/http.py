"""HTTP with time-outs, a quota and retries of safe calls; never a blind repeat of a write."""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import requests  # noqa: TID251 - the one place

from interlock.config import HttpSettings
from interlock.errors import ConfigurationError, ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable

Body: TypeAlias = Any  # whatever JSON holds
Headers = Mapping[str, str]
_RECORD_ID = re.compile(r"/(?:\d+|[0-9a-f]{17})(?=/|$)")
_NOT_NOW = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY, 477}  # 477: HubSpot moves the account
_LONGEST_WAIT = 600
_REASON = "X-Status-Reason"  # where EspoCRM says why, its body often being empty


class _NotJson(SystemUnavailable):
    """A page instead of JSON: maintenance, or the wrong address; the same again tells."""


class _Down(SystemUnavailable):
    """The system answered that it cannot, and perhaps when to ask again: `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


LEEWAY: Final = 0.1
"""Seconds by which the ways of two requests to a system differ at most, mostly."""


class Throttle:
    """At most `requests` calls in any window of `per_seconds`; callers wait their turn.

    A window is `LEEWAY` longer here: the system counts calls when they arrive, the first of a window perhaps later than others.
    """

    def __init__(
        self,
        settings: HttpSettings,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more call stays within the quota."""
        with self._lock:
            while True:
                now, window = self._clock(), self._settings.per_seconds + LEEWAY
                while self._sent and self._sent[0] <= now - window:
                    self._sent.popleft()
                if len(self._sent) < self._settings.requests:
                    self._sent.append(now)
                    return
                self._sleep(self._sent[0] + window - now)


class Http:
    """One system's door. `name` and path template stand in every error; bodies and values never do (invariant 11).

    `server_time` is the clock of the last answer (its Date header). `forbidden` are the statuses by which the system refuses the
    login or a right; one that it uses for single records too is left out, and is Refused.
    """

    def __init__(
        self,
        base_url: str,
        settings: HttpSettings,
        name: str,
        *,
        forbidden: frozenset[int] = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url, self.settings, self.name = base_url.rstrip("/"), settings, name
        self._sleep, self._forbidden = sleep, forbidden
        self._throttle = Throttle(settings, clock, sleep)
        self._session = requests.Session()
        self._session.auth = _as_given  # else a ~/.netrc entry for the host would replace our Authorization header
        self.server_time: datetime | None = None

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
            except SystemUnavailable as error:
                if attempt == tries:
                    if safe and isinstance(error, _NotJson):
                        raise ContractBroken(str(error)) from None
                    raise
                backoff = self.settings.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311 - jitter
                self._sleep(max(backoff, error.retry_after if isinstance(error, _Down) else 0))
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(self, method: str, path: str, *, safe: bool, json: Body, params: Body, headers: Headers) -> Body:
        self._throttle.wait()
        where = f"{self.name} {_RECORD_ID.sub('/{id}', path)}"
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
            raise SystemUnavailable(f"{where} cannot be reached (connect time-out)", sent=False) from None
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in repr(error):
                raise SystemUnavailable(f"{where} broke off (TLS)") from None
            cure = "add the company's certificate authority, REQUESTS_CA_BUNDLE names its file"
            raise ConfigurationError(f"{self.name}: its certificate is not trusted; {cure}") from None
        except requests.exceptions.ConnectionError as error:
            refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise SystemUnavailable(f"{where} {'cannot be reached' if refused else 'broke off'}", sent=not refused) from None
        except requests.exceptions.RequestException as error:
            raise SystemUnavailable(f"{where} did not answer ({type(error).__name__})") from None
        self.server_time = _date(answer.headers.get("Date")) or self.server_time
        return _judge(answer, where, self._forbidden)


def _judge(answer: requests.Response, where: str, forbidden: frozenset[int]) -> Body:
    status, again = answer.status_code, answer.headers.get("Retry-After")
    if status in _NOT_NOW:
        raise RateLimited(f"{where}: not now ({status})", retry_after=_seconds(again, 1))
    if status in forbidden:
        raise LoginRefused(f"{where} refuses the login or a right ({status}); check its connection and scopes")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        raise _Down(f"{where} answers {status}", _seconds(again, 0))
    if status >= HTTPStatus.BAD_REQUEST:
        words = f"{answer.headers.get(_REASON, '')} {answer.text}".strip()
        raise Refused(f"http_{status}", words[:2000], status=status)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise ContractBroken(f"{where} redirects ({status}); the connection's address is not the API's")
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        raise _NotJson(f"{where} answers something else than JSON") from None


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _seconds(value: str | None, otherwise: float) -> float:
    """Read Retry-After, seconds or a date, as seconds from now; nonsense counts as not given."""
    at = None if value is None or value.strip().isdigit() else _date(value)
    try:
        seconds = float(value or otherwise) if at is None else (at - datetime.now(UTC)).total_seconds()
    except ValueError:
        return otherwise
    return min(max(seconds, 0.05 if value else otherwise), _LONGEST_WAIT) if math.isfinite(seconds) else otherwise


def _date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
