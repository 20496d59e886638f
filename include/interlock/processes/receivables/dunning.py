"""Dunning tasks in the CRM, for the owner of the account: what each invoice wants now, against the tasks there are.

Only the present counts, never how often it was run: after missed nights the highest level gets one task, and a second run on the
same state changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from interlock.processes.receivables.known import DunningPlan, DunningTask, Rules, Standing, TaskKey, TaskState


def plan_tasks(
    standings: Iterable[Standing],
    tasks: Mapping[TaskKey, TaskState],
    rules: Rules,
    as_of: date,
    bank_booked_on: date | None,
    today: date | None = None,
) -> DunningPlan:
    """Plan the tasks of these invoices on a local date; those of other invoices are left alone.

    bank_booked_on: the day of the latest bank statement that is booked. While that is too old nothing is created, reopened or
    raised to a higher level, but what is paid or may not be dunned is closed. today: where a later day is looked at, since the
    bank cannot be ahead of it.
    """
    outdated = bank_booked_on is None or (min(as_of, today or as_of) - bank_booked_on).days > rules.bank.max_age_days
    by_invoice: defaultdict[str, list[TaskKey]] = defaultdict(list)
    for key, state in tasks.items():
        if state == "open":
            by_invoice[key.invoice].append(key)
    create, reopen, close = [], [], []
    for standing in standings:
        wanted = wanted_key(standing, rules, as_of)
        if not (outdated and isinstance(wanted, TaskKey)):
            why = "superseded" if isinstance(wanted, TaskKey) else wanted
            close += [(key, why) for key in sorted(by_invoice[standing.receivable.id]) if key != wanted]
        if not outdated and isinstance(wanted, TaskKey):
            if wanted not in tasks:
                create.append(_task(wanted, standing))
            elif tasks[wanted] == "closed":
                reopen.append(wanted)
    return DunningPlan(tuple(create), tuple(reopen), tuple(close), outdated)


def wanted_key(standing: Standing, rules: Rules, as_of: date) -> TaskKey | str:
    """Return which task an invoice wants, or why it wants none."""
    if obstacle := _obstacle(standing, rules):
        return obstacle
    level = _level(standing, rules, as_of)
    if not level and not standing.returned_unpaid:
        return "not_reached"
    return TaskKey(standing.receivable.id, standing.returns, level)


def _obstacle(standing: Standing, rules: Rules) -> str:
    receivable = standing.receivable
    obstacles = (
        (not standing.unpaid, standing.settlement),
        (receivable.kind != "invoice", receivable.kind),
        (not receivable.sent, "unsent"),
        (receivable.dunning_block, "dunning_block"),
        (receivable.dispute, "dispute"),
        (receivable.deferral, "deferral"),
        (receivable.insolvency, "insolvency"),
        (receivable.debit_pending, "debit_pending"),
        (_task_amount(standing) < rules.dunning.min_amount, "below_min_amount"),
    )
    return next((reason for holds, reason in obstacles if holds), "")


def _level(standing: Standing, rules: Rules, as_of: date) -> int:
    """Return the highest level reached; after a return, days count from it anew, and so does the ERP's own dunning."""
    receivable, since = standing.receivable, standing.returned_on
    if rules.dunning.source == "erp":
        anew = since is None or (receivable.dunned_on is not None and receivable.dunned_on > since)
        return receivable.dunning_level if anew else 0
    days = standing.overdue.days if since is None else min(standing.overdue.days, (as_of - since).days)
    return sum(days >= threshold for threshold in rules.dunning.days)


def _task(key: TaskKey, standing: Standing) -> DunningTask:
    one = standing.receivable
    return DunningTask(key, one.recipient, one.contract, one.number, one.currency, _task_amount(standing))


def _task_amount(standing: Standing) -> Decimal:
    return standing.overdue.amount or standing.receivable.open
