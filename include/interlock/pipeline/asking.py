"""Approval requests as tasks for people: asked in a run of their own, so that an open one blocks nothing else."""

from __future__ import annotations

import logging
from typing import Any, Literal
from uuid import UUID

from airflow.sdk import get_current_context, task

from interlock.pipeline.steps import assembled

log = logging.getLogger(__name__)
APPROVE, REJECT = "Approve", "Reject"
DAG = "approve"


@task
def open_requests(batch: str) -> list[dict[str, Any]]:
    """Return how to start one `approve` run for each open request of the process; one that was started already is skipped."""
    from interlock.store import approvals  # noqa: PLC0415 - DAG files parse often and must stay light

    with assembled() as engine, engine.database.begin() as tx:
        rows = approvals.open_requests(tx, engine.process)
    log.info("batch %s: %d approval requests are open", UUID(batch), len(rows))
    return [{"trigger_run_id": f"approval-{row['id']}", "conf": {"approval": row["id"]}} for row in rows]


@task
def question() -> list[dict[str, Any]]:
    """Return what to ask and whom, without any value of a record; nothing when the request was answered elsewhere."""
    from interlock.errors import ConfigurationError  # noqa: PLC0415
    from interlock.store import approvals  # noqa: PLC0415

    approval = get_current_context()["params"]["approval"]
    with assembled() as engine, engine.database.begin() as tx:
        row, rules = approvals.request(tx, approval), engine.settings.approval
    if row["state"] != "open":
        log.info("approval request %d was %s already", approval, row["state"])
        return []
    users = rules.others(row["asked_by"], row["excluded"])
    if rules.users and not users:
        barred = ", ".join(dict.fromkeys([row["asked_by"] or "nobody", *row["excluded"]]))
        raise ConfigurationError(
            f"nobody may answer approval request {approval}: name another person than {barred} in approval.users"
        )
    from airflow.sdk.configuration import conf  # noqa: PLC0415

    page = f"{conf.get('api', 'base_url', fallback='').rstrip('/')}/interlock/approvals/{approval}"
    body = (
        f"**{row['process']}**, run `{row['run_id']}`: {row['reason']}. {row['changes']} changes wait.\n\n"
        f"Each of them with its values: [Interlock > Approvals > {approval}]({page}). "
        "Approved, the next run writes them; rejected, they are dropped and the records held back."
    )
    return [{
        "subject": f"Approval request {approval}: {row['changes']} changes of {row['process']}", "body": body,
        "assigned_users": [{"id": user, "name": user} for user in users] or None,
    }]  # fmt: skip


@task
def record(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Record the answer under the name of who gave it; returns how to wake the process."""
    from interlock.errors import NotAllowed, NothingToDecide  # noqa: PLC0415
    from interlock.store import approvals  # noqa: PLC0415

    approval, (answer,) = get_current_context()["params"]["approval"], answers
    person = answer["responded_by_user"] or {}
    actor, why = person.get("name") or person.get("id") or "unknown", (answer["params_input"] or {}).get("why") or ""
    action: Literal["approve", "reject"] = "approve" if answer["chosen_options"] == [APPROVE] else "reject"
    with assembled() as engine, engine.database.begin() as tx:
        row = approvals.request(tx, approval)
        try:
            said = approvals.decide(tx, approval, action, actor, why, engine.settings.approval)
        except NotAllowed as error:
            raise NotAllowed(f"{error}; clear the task `ask` so that it is asked again") from None
        except NothingToDecide as error:
            log.info("%s", error)
        else:
            log.info("approval request %d: %s, %d changes", approval, said.state, said.changes)
    return [{"trigger_dag_id": row["process"], "trigger_run_id": f"after-approval-{approval}"}]
