"""Every error Interlock raises, named after what the engine does about it.

    InterlockError
    ├── Retry                      try the same again later; nothing was lost
    │   ├── SystemUnavailable      a system is down, slow or in maintenance
    │   ├── RateLimited            its quota is used up; carries the seconds to wait
    │   ├── LeaseLost              another worker took over; this one must not send
    │   └── WorkRemains            the deadline came before every open change was settled
    ├── Reject                     this record only; the others go on
    │   └── Refused                the target's definite no; carries its code
    ├── NothingToDecide            a person's decision on something that is unknown or already decided
    │   └── NotAllowed             this person may not decide it
    └── Stop                       the whole run, before any further write; a person must act
        ├── ConfigurationError     names the key and the cure
        │   └── ConnectionMissing  there is no connection of that name
        ├── LoginRefused           wrong or expired credentials, or a missing right
        ├── ContractBroken         a system answered in a way its documentation does not allow
        ├── InstanceMismatch       the connection leads to another instance than the pinned one
        ├── Paused                 somebody paused the process or the system
        ├── TooManyRejected        more than the allowed share of a batch failed its checks
        └── AuditBroken            the audit chain does not verify

Messages are ours and carry no personal data: a foreign system's words go to the quarantine only.
"""

from __future__ import annotations


class InterlockError(Exception):
    """Root of the tree."""


class Retry(InterlockError):
    """Try the same again later."""


class SystemUnavailable(Retry):
    """A system is down, slow or in maintenance; the message names it.

    `sent` says whether the request may have reached it: False only where that is certain.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class RateLimited(Retry):
    """A quota is used up; `retry_after` is in seconds. The request had no effect."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LeaseLost(Retry):
    """Another worker holds the record now; this one must not send."""


class WorkRemains(Retry):
    """The deadline came while changes were still open; they stay recorded and the next try goes on."""


class Reject(InterlockError):
    """One record cannot go on; the others do."""


class Refused(Reject):
    """The target definitely refused; nothing was written. `detail` is its own text, for the quarantine only."""

    def __init__(self, code: str, detail: str = "", *, status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status


class NothingToDecide(InterlockError):
    """A person's decision has nothing to stand on; the message says what is there instead."""


class NotAllowed(NothingToDecide):
    """This person may not decide it; the message names the rule."""


class Stop(InterlockError):
    """The run ends before any further write."""


class ConfigurationError(Stop):
    """A setting is missing or wrong; the message names the key and the cure."""


class ConnectionMissing(ConfigurationError):
    """There is no connection of the name that a setting gives."""


class LoginRefused(Stop):
    """Credentials are wrong or expired, or a right is missing."""


class ContractBroken(Stop):
    """A system answered in a way its documentation does not allow."""


class InstanceMismatch(Stop):
    """The connection leads to another instance than the one this integration database is pinned to."""


class Paused(Stop):
    """A person paused this process or system."""


class TooManyRejected(Stop):
    """More than the allowed share of a batch failed its checks; nothing was written."""


class AuditBroken(Stop):
    """The audit chain does not verify."""
