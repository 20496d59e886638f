"""### Payment to CRM status

What the ERP's customers pay, part-pay, take back or forget becomes what the CRM shows of contracts and accounts.

    gather -> check -> decide -> CRM -> settle

- **Which**: every account that is a customer, and every contract with invoices. The rules: docs/receivables.md.
- **Per account**: what is open and overdue, since when, the last payment, unallocated money, a credit hold.
- **Per contract**: its status, and how each of its invoices stands.
- **A note** for each payment, return and invoice that becomes overdue; **a task** for the owner at each level of `[dunning]`.
- **When**: nightly, and whenever `renewal_to_invoice` wrote invoices. Missed nights are caught up with one task.
- **What happened**: `interlock report RUN` shows every change, and whether the CRM's balances equal the ERP's open items.
- **As of** another day shows what is or will be overdue by then, as a dry run.
- Re-running or killing any task is safe: the CRM shows how things stand, and each note and task has a key and is made once.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from interlock.config import load
from interlock.pipeline import asking, steps
from interlock.pipeline.defaults import integration, payment_parameters, run_parameters

settings = load()
nightly = CronTriggerTimetable(
    settings.payment_to_crm_status.schedule, timezone=settings.company.timezone, run_immediately=timedelta(0)
)


@dag(
    schedule=AssetOrTimeSchedule(timetable=nightly, assets=[steps.INVOICES]) if settings.crm.balances else None,
    tags=["erp-to-crm", "payments"],
    doc_md=__doc__,
    params=payment_parameters() | run_parameters(),
    **integration(owner="accounting", settings=settings.airflow),
)
def payment_to_crm_status():
    batch = steps.decide(steps.check(steps.gather()))
    ask = TriggerDagRunOperator.partial(
        task_id="ask_for_approval", trigger_dag_id=asking.DAG, logical_date=None, skip_when_already_exists=True
    )
    ask.expand_kwargs(asking.open_requests(batch))
    in_crm = steps.apply.override(task_id="apply_to_crm")(batch, "crm")
    steps.publish.override(outlets=[steps.RECEIVABLES])(steps.settle(in_crm))


payment_to_crm_status()
