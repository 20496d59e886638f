"""What becomes of the tasks for an account's owner, as changes in the CRM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from interlock.domain.change import Change
from interlock.domain.identity import Json, Ref
from interlock.processes.payment_view import PaymentView
from interlock.processes.payment_words import task_text, task_title
from interlock.processes.receivables import DunningPlan, DunningTask, Standing, TaskKey

PREFIX: Final = "task"
URGENT: Final = 2
"""From this level on, and for a return, a task is urgent."""
CLOSED: Final = {
    "paid": "the invoice is paid", "overpaid": "the invoice is paid", "credited": "the invoice is credited",
    "cancelled": "the invoice is reversed", "superseded": "a task of another level took its place",
    "not_reached": "the invoice is not overdue for so long any more", "below_min_amount": "so little is not asked for",
}  # fmt: skip


def key_of(task: TaskKey, account: Ref) -> str:
    """Name the once-only effect: one task of an account for each invoice, cycle and level, for ever."""
    return f"{PREFIX}/{account.id}/{task.invoice}/{task.cycle}/{task.level}"


def parse_key(key: str) -> TaskKey:
    """Read what `key_of` wrote; raises ValueError for anything else."""
    prefix, _, rest = key.partition("/")
    invoice, cycle, level = rest.partition("/")[2].rsplit("/", 2)
    if prefix != PREFIX or not invoice:
        raise ValueError(f"not a task's key: {key!r}")
    return TaskKey(invoice, int(cycle), int(level))


def task_changes(view: PaymentView, standings: Sequence[Standing], plan: DunningPlan, process: str) -> Iterator[Change]:
    """Yield new tasks, and what closes and reopens those there are."""
    by_invoice = {standing.receivable.id: standing for standing in standings}
    for task in plan.create:
        yield _create(view, task, by_invoice[task.key.invoice], process)
    for key in plan.reopen:
        yield _turn(view, key, "open", "it is owed again", process)
    left = [key for key, task in view.tasks.items() if task.state == "open" and key.invoice not in by_invoice]
    for key in left:
        yield _turn(view, key, "closed", "the invoice is not this account's any more", process)
    for key, reason in plan.close:
        yield _turn(view, key, "closed", CLOSED.get(reason, f"the ERP says {reason.replace('_', ' ')}"), process)


def _create(view: PaymentView, task: DunningTask, standing: Standing, process: str) -> Change:
    values: dict[str, Json] = {
        "title": task_title(task), "text": task_text(task, standing), "due": view.as_of.isoformat(), "owner": view.owner,
        "state": "open", "priority": "MEDIUM" if 0 < task.key.level < URGENT else "HIGH",
    }  # fmt: skip
    return Change.create(
        key_of(task.key, view.ref), process=process, system="crm", kind="task", subject=view.ref, parent=view.ref, values=values,
        why="somebody should call the customer",
    )  # fmt: skip


def _turn(view: PaymentView, key: TaskKey, state: str, why: str, process: str) -> Change:
    before = "open" if state == "closed" else "closed"
    return Change.update(
        view.tasks[key].ref, process=process, system="crm", subject=view.ref, values={"state": state}, seen={"state": before},
        why=why,
    )  # fmt: skip
