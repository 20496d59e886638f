"""Who may call, and how often: the bearer token, a rolling quota, and one of its own for searches."""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Body, FastAPI, Request, Response

from interlock_sandbox.crm.faults import Fault, invalid

Next = Callable[[Request], Awaitable[Response]]


@dataclass
class Limits:
    """Any `rate` calls in `per` seconds, `search_rate` searches in one; what may be set while it runs."""

    rate: int = 190
    per: float = 10.0
    search_rate: int = 5
    index_delay: float = 0.0
    calls: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)

    def take(self, *, is_search: bool) -> dict[str, str]:
        """Count a call, or refuse it; returns the headers that tell what is left. Runs on the event loop only."""
        now = time.monotonic()
        windows = [(self.calls, self.rate, self.per, "TEN_SECONDLY_ROLLING")]
        windows += [(self.searches, self.search_rate, 1.0, "SECONDLY")] if is_search else []
        for times, limit, window, policy in windows:
            while times and times[0] <= now - window:
                times.popleft()
            if len(times) >= limit:
                wait = math.ceil(times[0] + window - now) if times else math.ceil(window)
                raise Fault(429, "RATE_LIMITS", f"You have reached your {policy.lower()} limit.", errorType="RATE_LIMIT",
                            policyName=policy, headers={"Retry-After": str(max(wait, 1))} | self.headers())  # fmt: skip
        for times, *_ in windows:
            times.append(now)
        return {} if is_search else self.headers()

    def headers(self) -> dict[str, str]:
        """Return HubSpot's headers; its search answers carry none."""
        values = {
            "Max": self.rate,
            "Remaining": max(self.rate - len(self.calls), 0),
            "Interval-Milliseconds": int(self.per * 1000),
        }
        return {f"X-HubSpot-RateLimit-{name}": str(value) for name, value in values.items()}

    def settings(self) -> dict[str, float]:
        return {"rate": self.rate, "per": self.per, "search_rate": self.search_rate, "index_delay": self.index_delay}


def add(app: FastAPI, limits: Limits, token: str) -> None:
    """Guard all but the pages, the VAT register and /health; the sandbox's own calls need the token and cost nothing."""
    wanted = f"Bearer {token}".encode()

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        path = request.url.path
        if path in {"/", "/health"} or path.startswith(("/accounts/", "/vies/")):
            return await call_next(request)
        if not secrets.compare_digest(request.headers.get("authorization", "").encode(), wanted):
            return Fault(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or invalid.").answer()
        try:
            headers = {} if path.startswith("/sandbox/") else limits.take(is_search=path.endswith("/search"))
        except Fault as fault:
            return fault.answer()
        response = await call_next(request)
        response.headers.update(headers)
        return response

    @app.post("/sandbox/settings")
    async def settings(body: dict[str, Any] = Body()) -> dict[str, float]:
        known = limits.settings()
        if unknown := set(body) - set(known):
            raise invalid(f"unknown setting: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise invalid(f"{name} is a number, zero or more")
            setattr(limits, name, value)
        return limits.settings()
