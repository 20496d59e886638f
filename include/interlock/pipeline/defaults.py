"""What every process DAG shares: retry policy by error class, parameters, limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule

from interlock.config import AirflowSettings
from interlock.errors import NothingToDecide, Reject, Retry, Stop

MOST_NAMED = 1_000
POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=Stop, action=RetryAction.FAIL, reason="a person must act"),
        RetryRule(exception=Reject, action=RetryAction.FAIL, reason="the record was refused"),
        RetryRule(exception=NothingToDecide, action=RetryAction.FAIL, reason="nothing to decide, or not for this person"),
        RetryRule(exception=Retry, action=RetryAction.RETRY, reason="passing fault"),
    ]
)


def integration(owner: str, settings: AirflowSettings) -> dict[str, Any]:
    """Return the DAG arguments of an integration process owned by `owner`."""
    return {
        "catchup": False,
        "max_active_runs": 2,
        "dagrun_timeout": timedelta(hours=6),
        "default_args": {
            "owner": owner,
            "retries": 3,
            "retry_delay": timedelta(seconds=settings.retry_seconds),
            "retry_policy": POLICY,
            "execution_timeout": timedelta(hours=2),
        },
    }


def contract_parameters() -> dict[str, Param]:
    """Return what the trigger form of a process that works on contracts has beside the usual."""
    return {
        "contract_ids": _ids(
            "Contracts", "CRM ids of single contracts, one a line, at most 1,000. Empty: everything that is due."
        ),
        "as_of": _as_of(),
    }


def payment_parameters() -> dict[str, Param]:
    """Return what the trigger form of a process that follows payments has beside the usual."""
    words = "Numbers of single invoices as the ERP gave them, one a line, at most 1,000. Empty: everything that is due."
    as_of = _as_of("Show how things stand on this day by what is booked now. Any day but today makes a dry run of it.")
    return {"invoice_numbers": _ids("Invoices", words, pattern=r"^\S.{0,79}$"), "as_of": as_of}


def _as_of(description: str = "Decide as if it were this day. A later day than today makes a dry run of it.") -> Param:
    return Param(
        default=None,
        type=["null", "string"],
        format="date",
        title="As of",
        description=description,
    )


def _ids(title: str, description: str, pattern: str = "^[0-9A-Za-z-]{1,40}$") -> Param:
    return Param(
        default=[],
        type=["array", "null"],
        items={"type": "string", "pattern": pattern},
        maxItems=MOST_NAMED,
        title=title,
        description=description,
    )


def run_parameters() -> dict[str, Param]:
    """Return the trigger form of a process that works on CRM accounts."""
    return {
        "crm_ids": _ids("Accounts", "CRM ids of single accounts, one a line, at most 1,000. Empty: everything that is due."),
        "dry_run": Param(
            default=False, type="boolean", title="Dry run", description="Show what would change, and change nothing."
        ),
        "full": Param(
            default=False,
            type="boolean",
            title="Read everything",
            description="Read all records instead of those changed since the last run; finds what was deleted.",
        ),
    }
