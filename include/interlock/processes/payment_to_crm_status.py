"""What the ERP says of an account's invoices and payments becomes its figures, its contracts' status, notes and tasks in the CRM.

The rules are the pure package `receivables`'; here their answer becomes changes. All of it follows from how things stand, so that
missed nights and second runs change nothing; only notes tell of a change, and each has a key made of what happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Final

from interlock.config import Settings
from interlock.domain.change import Change
from interlock.domain.identity import Json
from interlock.domain.money import ZERO, plain
from interlock.domain.normalise import lines
from interlock.domain.process import PAYMENT_TO_CRM_STATUS
from interlock.processes.decision import Decision, Verdict
from interlock.processes.payment_events import events
from interlock.processes.payment_tasks import task_changes
from interlock.processes.payment_view import BALANCE, STATUS, PaymentView, Seen, Shown
from interlock.processes.payment_words import currencies_text, invoices_text
from interlock.processes.receivables import Balance, Rules, Standing
from interlock.processes.receivables.assess import stand
from interlock.processes.receivables.balances import balances
from interlock.processes.receivables.dunning import plan_tasks
from interlock.processes.receivables.overdue import effective_due, open_parts
from interlock.processes.receivables.status import contract_status

PROCESS: Final = PAYMENT_TO_CRM_STATUS
WHY: Final = "sales reads what is paid and what is owed"
EDITED: Final = "somebody changed in the CRM what the ERP says; it is put right"


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """The decision, and how each invoice of the account's customer stands by now; told: of that customer all is told by now."""

    decision: Decision
    seen: Mapping[str, Seen] = field(default_factory=dict)
    told: bool = False


def decide(view: PaymentView, rules: Rules, settings: Settings, now: datetime) -> PaymentAnswer:
    """Answer with what the CRM should show and be told; nothing where it does."""
    if view.archived:
        return PaymentAnswer(Decision("unchanged", reason="account_gone"))
    standings = [stand(one, rules, view.as_of) for one in view.documents]
    tasks = {key: task.state for key, task in view.tasks.items()}
    plan = plan_tasks(standings, tasks, rules, view.as_of, view.bank_booked_on, view.today)
    stood = {standing.receivable.id: standing for standing in standings}
    billed = [[stood.get(one.id) or stand(one, rules, view.as_of) for one in contract.receivables] for contract in view.contracts]
    found = [*_figures(view, standings), *_statuses(view, billed), *_notes(view, standings, now)]
    found += task_changes(view, standings, plan, PROCESS)
    seen = {name: Seen.of(standing) for name, standing in stood.items()}
    every = chain(standings, *billed)
    looks = [day for standing in every for day in _turns(standing, rules) if day > view.as_of]
    due_at = datetime.combine(min(looks), time(), settings.zone) if looks else None
    late = any(standing.overdue.days or standing.returned_unpaid for standing in standings)
    verdict: Verdict = "planned" if found else "unchanged"
    return PaymentAnswer(Decision(verdict, tuple(found), due_at=due_at, again=plan.bank_outdated and late), seen, view.customer)


def _figures(view: PaymentView, standings: Sequence[Standing]) -> Iterator[Change]:
    """Yield the update of the account's own figures, in the currency of the books, others as text.

    One whose ledger is another account's by now, after a merge in the ERP, shows none any more.
    """
    if view.balance is None or not (view.customer or view.balance.written):
        return
    if not view.customer:
        yield from _update(view, view.balance, dict.fromkeys(BALANCE, ""), BALANCE)
        return
    owed = {b.currency: b for b in balances(standings, [view.debtor] if view.debtor else [])}
    own = owed.pop(view.currency, Balance(view.ref.id, view.currency))
    held = view.debtor.credit_hold if view.debtor else None
    wanted: dict[str, Json] = {
        "open": plain(own.open), "overdue": plain(own.overdue), "oldest_due": _text(own.oldest_due),
        "last_payment_on": _text(own.last_payment.day if own.last_payment else None),
        "last_payment": plain(own.last_payment.amount) if own.last_payment else "",
        "unallocated": plain(own.unallocated), "credit_hold": "" if held is None else str(held).lower(),
        "other_currencies": currencies_text([*owed.values()]),
    }  # fmt: skip
    yield from _update(view, view.balance, wanted, BALANCE)


def _statuses(view: PaymentView, billed: Sequence[Sequence[Standing]]) -> Iterator[Change]:
    """Yield the updates of the account's contracts, with what each billed; one that was never invoiced is left alone."""
    for contract, standings in zip(view.contracts, billed, strict=True):
        if standings or contract.shown.values.get("payment_status"):
            yield from _update(view, contract.shown, _status(standings), STATUS)


def _status(standings: Sequence[Standing]) -> dict[str, Json]:
    counted = [standing for standing in standings if standing.settlement != "draft"]
    single = len({standing.receivable.currency for standing in counted}) <= 1
    dues = [due for standing in counted for due, _ in open_parts(standing.receivable)]
    returned = max((s for s in counted if s.returned_unpaid), key=lambda s: s.returned_on or date.min, default=None)
    return {
        "payment_status": contract_status(standings),
        "open": plain(sum((s.receivable.open for s in counted), ZERO)) if single else "",
        "overdue": plain(sum((s.overdue.amount for s in counted), ZERO)) if single else "",
        "oldest_due": _text(min(dues, default=None)),
        "returned_on": _text(returned.returned_on if returned else None),
        "return_reason": returned.reason if returned else "",
        "invoices": lines(invoices_text(standings)),
    }


def _update(view: PaymentView, shown: Shown, wanted: dict[str, Json], names: tuple[str, ...]) -> Iterator[Change]:
    if any(shown.values.get(name, "") != value for name, value in wanted.items()):
        why = EDITED if shown.edited(names) else WHY
        yield Change.update(shown.ref, process=PROCESS, system="crm", subject=view.ref, values=wanted, seen=shown.values, why=why)


def _notes(view: PaymentView, standings: Sequence[Standing], now: datetime) -> Iterator[Change]:
    """Yield a note for each event since the account was last decided about, and those decided then that were not sent."""
    yield from view.unsent
    if view.told_on is None:
        return
    known = {change.key for change in view.unsent}
    for standing in standings:
        for key, words in events(standing, view.before.get(standing.receivable.id), view.told_on):
            if key not in known:
                values: dict[str, Json] = {"body": words, "time": now.isoformat(timespec="seconds")}
                yield Change.create(
                    key, process=PROCESS, system="crm", kind="note", subject=view.ref, parent=view.ref, values=values, why=WHY
                )


def _turns(standing: Standing, rules: Rules) -> Iterator[date]:
    """Yield the days on which time alone makes another answer: a due date is over, a level of dunning is reached."""
    for due, _ in open_parts(standing.receivable):
        yield from _after(effective_due(due, rules), (1, *rules.dunning.days))
    if standing.returned_on:
        yield from _after(standing.returned_on, rules.dunning.days)


def _after(day: date, numbers: Sequence[int]) -> Iterator[date]:
    """Yield the days so many days later, as far as the calendar goes: some write 31 December 9999 for never."""
    yield from (day + timedelta(days=number) for number in numbers if (date.max - day).days >= number)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
