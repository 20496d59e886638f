"""Odoo's errors, told by their class: they come with HTTP 200 over `/jsonrpc`, with a status over `/json/2`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from interlock.errors import ConfigurationError, InterlockError, LoginRefused, Refused, SystemUnavailable

USER_ERRORS: Final = ("UserError", "ValidationError", "RedirectWarning")
BUSY: Final = ("SerializationFailure", "DeadlockDetected", "LockNotAvailable", "TransactionRollbackError")
DOWN: Final = (
    "OperationalError", "InterfaceError", "PoolError", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "TooManyConnections",
    "IdleInTransactionSessionTimeout", "DiskFull",
)  # fmt: skip
"""Of PostgreSQL or the way to it, not of a record; it may have broken off after the commit."""
NO_LOGIN: Final = (
    "Odoo refuses the login; check user and API key of its connection: a key expires (after 90 days at most for most users),"
    " and a user with two-factor authentication needs a key, its password is not accepted"
)


def no_database(name: str) -> str:
    """Say that the database is not there."""
    return f"Odoo has no database {name!r}; name it in its connection"


def classified(data: Mapping[str, Any], database: str, status: int = 0) -> InterlockError:
    """Return the error that an answer means; `message` is the ERP's own text, `debug` a traceback that nobody sees."""
    message = str(data.get("message") or "")
    kind = str(data.get("name") or "").rpartition(".")[2]
    if kind == "AccessDenied":
        return LoginRefused(NO_LOGIN)
    if kind in BUSY:
        return SystemUnavailable("Odoo gave a change up, as others changed the same records", sent=False)
    if kind in DOWN:
        return _away(message, database)
    text = message[:1000] or kind
    if kind == "AccessError":
        return Refused("no_right", text, status=status)
    if kind == "MissingError":
        return Refused("record_missing", text, status=status)
    return Refused("refused_by_erp" if kind in USER_ERRORS else "erp_fault", text, status=status)


def _away(message: str, database: str) -> InterlockError:
    if database in message and "does not exist" in message:
        return ConfigurationError(no_database(database))
    return SystemUnavailable("Odoo lost its database, or its way there")


def told(text: str) -> Mapping[str, Any]:
    """Read an error's class and message from a body that may be cut off within its traceback; nothing if it is no such body."""
    for whole in (text, text.partition(', "debug":')[0] + "}"):
        try:
            found = json.loads(whole)
        except ValueError:
            continue
        return found if isinstance(found, dict) else {}
    return {}
