"""### Approve

A person answers what a process must not decide alone: a run beyond its limits, an invoice above its limit.

    question -> ask (waits for a person) -> record -> wake the process

- One run for each approval request, started by the process that asks; its id is `approval-NUMBER`.
  An open one blocks nothing else.
- **Answer** under *Required Actions* of the task `ask`, with why; or in *Interlock > Approvals*, or by `interlock approvals`.
  Who may: `approval.users`, `approval.four_eyes` in interlock.toml.
- The answer holds for exactly the changes that were asked about: if they changed since, it is void and asked anew.
- There is no default answer and no time-out.
"""

from __future__ import annotations

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag

from interlock.config import load
from interlock.pipeline import asking
from interlock.pipeline.defaults import integration

REQUEST = Param(type="integer", minimum=1, title="Approval request", description="Its number in Interlock > Approvals.")
WHY = Param(None, type=["null", "string"], maxLength=500, title="Why", description="Goes into the audit log with your name.")


@dag(
    schedule=None,
    tags=["approvals", "people"],
    doc_md=__doc__,
    params={"approval": REQUEST},
    is_paused_upon_creation=False,
    **(integration(owner="accounting", settings=load().airflow) | {"max_active_runs": 1000, "dagrun_timeout": None}),
)
def approve():
    ask = HITLOperator.partial(
        task_id="ask", options=[asking.APPROVE, asking.REJECT], params={"why": WHY}, execution_timeout=None
    ).expand_kwargs(asking.question())
    wake = TriggerDagRunOperator.partial(task_id="wake", logical_date=None, skip_when_already_exists=True)
    wake.expand_kwargs(asking.record(ask.output))


approve()
