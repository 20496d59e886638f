"""### Lead to customer

A company that sales won in the CRM becomes exactly one ERP customer; its number goes back to the CRM.

    gather -> check -> decide -> ERP -> CRM -> settle

- **Who**: accounts with a deal won since go-live, and accounts that already are customers.
- **Held back**: `interlock quarantine list` says who and why. Repair the record in the CRM; the next run takes it along.
- **Beyond a limit** (`[limits]`) nothing is written: the DAG `approve` asks a person.
- **What happened**: `interlock report RUN` shows every change with before and after.
- Re-running or killing any task is safe: an effect has a key and happens once.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import CronTriggerTimetable, dag

from interlock.config import load
from interlock.pipeline import asking, steps
from interlock.pipeline.defaults import integration, run_parameters

settings = load()
nightly = CronTriggerTimetable(
    settings.lead_to_customer.schedule, timezone=settings.company.timezone, run_immediately=timedelta(0)
)


@dag(
    schedule=nightly,
    tags=["crm-to-erp", "customers"],
    doc_md=__doc__,
    params=run_parameters(),
    **integration(owner="sales-operations", settings=settings.airflow),
)
def lead_to_customer():
    batch = steps.decide(steps.check(steps.gather()))
    ask = TriggerDagRunOperator.partial(
        task_id="ask_for_approval", trigger_dag_id=asking.DAG, logical_date=None, skip_when_already_exists=True
    )
    ask.expand_kwargs(asking.open_requests(batch))
    in_erp = steps.apply.override(task_id="apply_to_erp")(batch, "erp")
    in_crm = steps.apply.override(task_id="apply_to_crm")(in_erp, "crm")
    steps.publish.override(outlets=[steps.CUSTOMERS])(steps.settle(in_crm))


lead_to_customer()
