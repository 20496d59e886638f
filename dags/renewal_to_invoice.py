"""### Renewal to invoice

A service contract that was renewed in the CRM is invoiced in the ERP, each service day once; the CRM learns number and amounts.

    gather -> check -> decide -> ERP (draft, confirm, post) -> CRM -> settle

- **Which**: every contract with a period that is due since `billing.go_live`. The rules: docs/billing.md.
- **Held back**: `interlock quarantine list` says which contract and period, why, and the amounts at stake.
- **Above a limit** (`[approval]`) an invoice waits: the DAG `approve` asks a person; the others go on.
- **When**: nightly, and whenever `lead_to_customer` wrote customers.
- **No customer yet**: the contract waits, and `lead_to_customer` is started for its account.
- **What happened**: `interlock report RUN` shows the money by currency and tax category, and every change.
- **As of** a later day shows what will be due by then, as a dry run.
- Re-running or killing any task is safe: an invoice has a key and is made once.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from interlock.config import load
from interlock.pipeline import asking, steps
from interlock.pipeline.defaults import contract_parameters, integration, run_parameters

settings = load()
nightly = CronTriggerTimetable(
    settings.renewal_to_invoice.schedule, timezone=settings.company.timezone, run_immediately=timedelta(0)
)


@dag(
    schedule=AssetOrTimeSchedule(timetable=nightly, assets=[steps.CUSTOMERS]) if settings.billing else None,
    tags=["crm-to-erp", "invoices"],
    doc_md=__doc__,
    params=contract_parameters() | run_parameters(),
    **integration(owner="accounting", settings=settings.airflow),
)
def renewal_to_invoice():
    batch = steps.decide(steps.check(steps.gather()))
    trigger = {"logical_date": None, "skip_when_already_exists": True}
    ask = TriggerDagRunOperator.partial(task_id="ask_for_approval", trigger_dag_id=asking.DAG, **trigger)
    ask.expand_kwargs(asking.open_requests(batch))
    wake = TriggerDagRunOperator.partial(task_id="make_customers", trigger_dag_id="lead_to_customer", **trigger)
    wake.expand_kwargs(steps.accounts_to_wake(batch))
    in_erp = steps.apply.override(task_id="apply_to_erp")(batch, "erp")
    in_crm = steps.apply.override(task_id="apply_to_crm")(in_erp, "crm")
    steps.publish.override(outlets=[steps.INVOICES])(steps.settle(in_crm))


renewal_to_invoice()
