"""What a batch write reports when the call as a whole failed (invariant 6)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from interlock.domain.change import Conflict, NotSent, Outcome, Rejected, Unknown, Write
from interlock.errors import RateLimited, Refused, Retry, Stop, SystemUnavailable

Send = Callable[[Sequence[Write]], Sequence[Outcome]]


class Sending:
    """The calls that one `write` makes; a lease must outlive `seconds` and one call's time-outs (invariant 3).

    Begin it before anything is prepared: what is not on its way after `seconds` is not sent any more.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def guarded(self, writes: Sequence[Write], send: Send) -> Sequence[Outcome]:
        """Send writes and turn faults into outcomes; only a definite rejection of the whole is split, down to its culprit.

        `send` does one writing call, and nothing before or after it that may raise. A Stop error propagates only from there.
        """
        if self._clock() > self._end:
            return _kept(writes, "no time left in this call")
        try:
            return send(writes)
        except Retry as error:
            return _unanswered(writes, error)
        except Refused as error:
            if len(writes) == 1:
                return [Rejected(writes[0].key, error.code, "the target system refused the record", error.detail)]
            middle = len(writes) // 2
            return self.in_turn([writes[:middle], writes[middle:]], send)

    def in_turn(self, parts: Sequence[Sequence[Write]], send: Send) -> Sequence[Outcome]:
        """Send several calls until one has no clear answer; the rest stays unsent.

        Once one may have written, a Stop error keeps the rest unsent too, instead of hiding what was done.
        """
        outcomes: list[Outcome] = []
        for part in parts:
            if any(isinstance(outcome, NotSent | Unknown) for outcome in outcomes):
                wait = max((outcome.retry_after for outcome in outcomes if isinstance(outcome, NotSent)), default=1.0)
                outcomes += _kept(part, "the call before it had no clear answer", wait)
                continue
            try:
                outcomes += self.guarded(part, send)
            except Stop:
                if all(isinstance(outcome, Rejected | Conflict) for outcome in outcomes):
                    raise
                outcomes += _kept(part, "the target system stopped taking writes")
        return outcomes


def apart(
    writes: Sequence[Write], unfit: Callable[[Write], str], messages: Mapping[str, str]
) -> tuple[list[Outcome], list[Write]]:
    """Return a rejection for each write that cannot be expressed in the target, by its code's message, and the others."""
    codes = {write.key: code for write in writes if (code := unfit(write))}
    outcomes: list[Outcome] = [Rejected(key, code, messages[code]) for key, code in codes.items()]
    return outcomes, [write for write in writes if write.key not in codes]


def _unanswered(writes: Sequence[Write], error: Retry) -> Sequence[Outcome]:
    if isinstance(error, RateLimited):
        return _kept(writes, "rate limited", error.retry_after)
    if isinstance(error, SystemUnavailable) and not error.sent:
        return _kept(writes, "not reachable")
    return [Unknown(write.key, "no answer") for write in writes]


def _kept(writes: Sequence[Write], reason: str, retry_after: float = 1.0) -> list[Outcome]:
    return [NotSent(write.key, reason, retry_after) for write in writes]
