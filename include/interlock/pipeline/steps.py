"""The engine's steps as Airflow tasks: only a batch id and counts travel between them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from airflow.sdk import Asset, get_current_context, result, task
from airflow.sdk.exceptions import AirflowSkipException

from interlock.pipeline.defaults import MOST_NAMED

log = logging.getLogger(__name__)
CUSTOMERS = Asset("interlock://erp/customers")
INVOICES = Asset("interlock://erp/invoices")
RECEIVABLES = Asset("interlock://crm/receivables")


@contextmanager
def assembled() -> Iterator[Any]:
    """Put the engine together for one task of the process that the DAG is named after, from settings and connections."""
    from interlock.config import load  # noqa: PLC0415 - DAG files parse often and must stay light
    from interlock.engine.assemble import assemble  # noqa: PLC0415
    from interlock.pipeline.connections import look_up  # noqa: PLC0415

    engine = assemble(load(), look_up, get_current_context()["dag_run"].dag_id)
    try:
        yield engine
    finally:
        engine.database.close()


@task
def gather() -> str:
    """Read what changed in both systems; returns the batch id."""
    from interlock.engine.context import Scope  # noqa: PLC0415
    from interlock.engine.gather import gather as step  # noqa: PLC0415

    context = get_current_context()
    params, run = context["params"], context["dag_run"]
    scope = Scope(
        run_id=run.run_id,
        actor=run.triggering_user_name or str(run.run_type.value),
        crm_ids=tuple(crm_id.strip() for crm_id in params["crm_ids"] or ()),
        contract_ids=tuple(contract.strip() for contract in params.get("contract_ids") or ()),
        invoice_numbers=tuple(number.strip() for number in params.get("invoice_numbers") or ()),
        dry_run=params["dry_run"],
        full=params["full"],
        as_of=date.fromisoformat(params["as_of"]) if params.get("as_of") else None,
    )
    with assembled() as engine:
        batch = engine.open(scope)
        step(engine, batch)
    return str(batch)


@task
def check(batch: str) -> str:
    """Quarantine what cannot go on; stop when it is too much."""
    from interlock.engine import plan  # noqa: PLC0415

    with assembled() as engine:
        plan.check(engine, UUID(batch))
    return batch


@task
def decide(batch: str) -> str:
    """Record the changes the process wants; a dry run reports them instead."""
    from interlock.engine import plan  # noqa: PLC0415
    from interlock.engine.settle import keep_plan  # noqa: PLC0415

    with assembled() as engine:
        keep_plan(engine, UUID(batch), plan.decide(engine, UUID(batch)))
    return batch


@task
def apply(batch: str, system: str) -> str:
    """Send the process's open changes to one system."""
    from interlock.engine.apply import apply as step  # noqa: PLC0415

    with assembled() as engine:
        step(engine, UUID(batch), "crm" if system == "crm" else "erp")
    return batch


@result
@task
def settle(batch: str) -> dict[str, int]:
    """Read back, write the run report, return the counts."""
    from interlock.engine.settle import settle as step  # noqa: PLC0415

    with assembled() as engine:
        counts: dict[str, int] = step(engine, UUID(batch))
    log.info("%s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    log.info("every change with before and after: interlock report %s", batch)
    return counts


@task
def accounts_to_wake(batch: str) -> list[dict[str, Any]]:
    """Return how to have the accounts made customers that contracts wait for; once for each version of an account."""
    from interlock.domain.identity import Ref  # noqa: PLC0415
    from interlock.store import contracts  # noqa: PLC0415

    with assembled() as engine, engine.database.begin() as tx:
        accounts = [Ref.parse(ref).id for ref in contracts.to_wake(tx, UUID(batch))]
    log.info("%d accounts have to become customers first", len(accounts))
    parts = [accounts[start : start + MOST_NAMED] for start in range(0, len(accounts), MOST_NAMED)]
    return [
        {"trigger_run_id": f"for-contracts-{batch}-{place}", "conf": {"crm_ids": part}} for place, part in enumerate(parts, 1)
    ]


@task
def publish(counts: dict[str, int]) -> None:
    """Wake what follows, only when something was written."""
    if not counts["created"] + counts["updated"]:
        raise AirflowSkipException("nothing was written")
