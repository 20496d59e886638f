"""What a batch write reports when the call as a whole failed (invariant 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interlock.domain.change import NotSent, Outcome, Rejected, Unknown, Write
from interlock.errors import RateLimited, Refused, SystemUnavailable


def guarded(writes: Sequence[Write], send: Callable[[Sequence[Write]], Sequence[Outcome]]) -> Sequence[Outcome]:
    """Send writes and turn faults into outcomes; only a definite rejection of the whole is split, down to its culprit."""
    try:
        return send(writes)
    except RateLimited as error:
        return [NotSent(write.key, "rate limited", error.retry_after) for write in writes]
    except SystemUnavailable as error:
        if not error.sent:
            return [NotSent(write.key, "not reachable", 1.0) for write in writes]
        return [Unknown(write.key, "no answer") for write in writes]
    except Refused as error:
        if len(writes) == 1:
            return [Rejected(writes[0].key, error.code, "the target system refused the record", error.detail)]
        middle = len(writes) // 2
        return [*guarded(writes[:middle], send), *guarded(writes[middle:], send)]
