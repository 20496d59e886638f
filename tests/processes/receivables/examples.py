"""Invoices as an ERP tells of them, and a CRM that keeps tasks, for the tests of receivables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from interlock.domain.payment import Receivable
from interlock.domain.receivable_rules import BankRules, DueRules, DunningRules
from interlock.processes.receivables import Known, Rules, assess
from interlock.processes.receivables.assess import stand

HOLIDAYS = {date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)}
"""Of Lower Saxony, up to Whitsun."""


def day(text):
    return date.fromisoformat(text) if isinstance(text, str) else text


def working(when):
    return when.weekday() < 5 and when not in HOLIDAYS


def rules(*, business_day="keep", days=(7, 21, 45), min_amount="0", source="interlock", max_age_days=5):
    due = DueRules(business_day=business_day, region="DE-NI")
    dunning = DunningRules(days=days, min_amount=Decimal(min_amount), source=source)
    return Rules(due, dunning, BankRules(max_age_days=max_age_days), working)


def row(kind, amount, on="2026-02-01", **fields):
    return {"id": f"{kind}-{on}", "kind": kind, "amount": amount, "day": on} | fields


def invoice(*rows, open_amount=None, **fields):
    """One over 119.00 EUR, due on 31 January; what is open is the rest unless it is given."""
    usual = {
        "id": "1", "number": "R-1", "contract": "SC-7", "recipient": "12", "currency": "EUR", "state": "posted", "gross": "119",
        "due": "2026-01-31", "sent": True,
    }  # fmt: skip
    rest = Decimal(usual["gross"]) - sum((Decimal(one["amount"]) for one in rows), Decimal(0))
    return Receivable.model_validate(
        usual | {"reconciliations": rows, "open": rest if open_amount is None else open_amount} | fields
    )


def standing(one, as_of="2026-02-01", using=None):
    return stand(one, using or rules(), day(as_of))


class Crm:
    """Keeps the tasks, and refuses what cannot be done to them."""

    def __init__(self):
        self.tasks, self.made = {}, []

    def run(self, receivables, as_of, using=None, *, bank="today", debtors=()):
        booked = day(as_of) if bank == "today" else day(bank)
        known = Known(day(as_of), tuple(receivables), tuple(debtors), dict(self.tasks), booked)
        found = assess(known, using or rules())
        for task in found.tasks.create:
            assert task.key not in self.tasks
            self.tasks[task.key] = "open"
            self.made.append(task)
        for key in found.tasks.reopen:
            assert self.tasks[key] == "closed"
            self.tasks[key] = "open"
        for key, _ in found.tasks.close:
            assert self.tasks[key] == "open"
            self.tasks[key] = "closed"
        return found

    @property
    def open(self):
        return sorted(tuple(key) for key, state in self.tasks.items() if state == "open")
