"""A ledger reckoned slowly, event by event and day by day, in whole cents: shares no code with `processes.receivables`.

`Ledger.told` is what an ERP would say on a day; all else says, from the events alone, what is true on that day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from interlock.domain.payment import Receivable

ONE = timedelta(days=1)
FLAGS = ("dispute", "deferral", "dunning_block", "insolvency", "debit_pending")


def euros(cents):
    return Decimal(cents).scaleb(-2)


@dataclass
class Event:
    """cents lower what is open; back: for a return, the event that it takes back; named: whether the ERP says so."""

    day: date
    kind: str
    cents: int = 0
    back: Event | None = None
    named: bool = True


@dataclass
class Invoice:
    """parts: [due, cents] of each instalment; apart: none, or the ERP keeps them apart and settles the latest first."""

    id: str
    account: str
    contract: str
    currency: str
    posted: date
    sent: date
    parts: list
    kind: str = "invoice"
    apart: bool = False
    events: list[Event] = field(default_factory=list)

    @property
    def gross(self):
        return sum(cents for _, cents in self.parts)

    def until(self, today):
        return [event for event in self.events if event.day <= today]

    def open(self, today):
        rest = self.gross
        for event in self.until(today):
            rest -= event.cents
        return rest

    def kept(self, today):
        """Return the payments that came in by then and were not taken back by then."""
        back = [event.back for event in self.until(today) if event.kind == "returned"]
        return [event for event in self.until(today) if event.kind == "money" and not any(event is one for one in back)]

    def returns(self, today):
        return [event for event in self.until(today) if event.kind == "returned"]

    def flags(self, today):
        on = set()
        for event in self.until(today):
            if event.kind in FLAGS:
                on ^= {event.kind}
        return on

    def settlement(self, today):
        if today < self.posted:
            return "draft"
        if any(event.kind == "reversal" for event in self.until(today)):
            return "cancelled"
        if self.kind == "credit_note":
            return "credited"
        rest = self.open(today)
        if rest < 0:
            return "overpaid"
        corrected = sum(event.cents for event in self.until(today) if event.kind == "correction")
        if rest == 0:
            return "credited" if corrected and corrected >= self.gross else "paid"
        paid = sum(event.cents for event in self.kept(today))
        paid += sum(event.cents for event in self.until(today) if event.kind in {"netting", "refund"})
        return "partly_paid" if paid > 0 else "open"

    def unpaid(self, today):
        return self.settlement(today) in {"open", "partly_paid"}

    def unpaid_parts(self, today):
        """Return [due, cents] of what is still to be paid, taking what was settled off one instalment after the other."""
        if not self.unpaid(today):
            return []
        rest, settled = [list(part) for part in sorted(self.parts)], self.gross - self.open(today)
        for part in reversed(rest) if self.apart else rest:
            off = min(part[1], settled)
            part[1] -= off
            settled -= off
        return [part for part in rest if part[1]]

    def late(self, today, working):
        """Return [days, cents] of what is overdue: walk from each due date to today."""
        most, amount = 0, 0
        for due, cents in self.unpaid_parts(today):
            days, at = 0, due
            while working and not working(at):
                at += ONE
            while at < today:
                at, days = at + ONE, days + 1
            most, amount = max(most, days), amount + (cents if days else 0)
        return most, amount

    def wanted(self, today, thresholds, least, working):
        """Return (cycle, level) of the task that it wants, or None."""
        if not self.unpaid(today) or self.kind != "invoice" or self.flags(today) or today < self.sent:
            return None
        days, amount = self.late(today, working)
        if (amount or self.open(today)) < least:
            return None
        returned = self.returns(today)
        if returned:
            since, at = 0, returned[-1].day
            while at < today:
                at, since = at + ONE, since + 1
            days = min(days, since)
        level = 0
        for number, threshold in enumerate(thresholds, 1):
            if days >= threshold:
                level = number
        return (len(returned), level) if level or returned else None

    def told(self, today, random):
        """Say what the ERP would say, the rows in any order."""
        rest = self.open(today)
        rows = [
            {
                "id": self.name(event), "day": event.day, "amount": euros(event.cents),
                "kind": "correction" if event.kind == "reversal" else event.kind, "reason": event.kind,
                "of": self.name(event.back) if event.back and event.named else "",
            }
            for event in self.until(today)
            if event.cents
        ]  # fmt: skip
        random.shuffle(rows)
        several = len(self.parts) > 1
        opened = dict.fromkeys(range(len(self.parts)))
        if self.apart and today >= self.posted:
            left = dict(self.unpaid_parts(today))
            opened = {n: left.get(due, 0) if rest >= 0 else (0 if n else rest) for n, (due, _) in enumerate(self.parts)}
        state = {"draft": "draft", "cancelled": "cancelled", "paid": "paid"}.get(self.settlement(today), "posted")
        return Receivable(
            id=self.id, kind=self.kind, recipient=self.account, contract=self.contract, currency=self.currency, state=state,
            gross=euros(self.gross), open=euros(rest), due=None if several else self.parts[0][0], sent=today >= self.sent,
            maturities=tuple(
                {"due": due, "amount": euros(cents), "open": None if opened[n] is None else euros(opened[n])}
                for n, (due, cents) in enumerate(self.parts)
            ) if several else (), reconciliations=tuple(rows), **dict.fromkeys(self.flags(today), True),
        )  # fmt: skip

    def name(self, event):
        """One payment on one day covers all invoices of an account; anything else is of its invoice."""
        return f"{self.account}/{event.day}" if event.kind == "money" else f"{self.id}/{event.kind}/{event.day}"


def status(invoices, today, working):
    """Return a contract's status by asking one question after the other."""
    posted = [one for one in invoices if today >= one.posted]
    if any(one.unpaid(today) and one.returns(today) for one in posted):
        return "returned"
    if any(one.late(today, working)[0] for one in posted):
        return "overdue"
    for word in ("partly_paid", "open", "overpaid", "paid"):
        if any(one.settlement(today) == word for one in posted):
            return word
    return "credited" if posted else "none"


def balance(invoices, unallocated, today, working):
    """Return open, overdue, oldest due date, last payment's day and amount, unallocated of one account in one currency."""
    counting = [one for one in invoices if today >= one.posted]
    money = [(event.day, event.cents) for one in invoices for event in one.kept(today)] + unallocated
    last = max((when for when, _ in money), default=None)
    dues = [due for one in counting for due, _ in one.unpaid_parts(today)]
    return (
        euros(sum(one.open(today) for one in counting)),
        euros(sum(one.late(today, working)[1] for one in counting)),
        min(dues, default=None),
        (last, euros(sum(cents for when, cents in money if when == last))) if last else None,
        euros(sum(cents for _, cents in unallocated)),
    )


class Tasks:
    """Keeps tasks as the rules say, run after run."""

    def __init__(self):
        self.states = {}

    def run(self, invoices, today, bank_fresh, thresholds, least, working):
        for one in invoices:
            wanted = one.wanted(today, thresholds, least, working)
            if wanted and not bank_fresh:
                continue
            for key in [key for key, state in self.states.items() if key[0] == one.id and state == "open"]:
                if key[1:] != wanted:
                    self.states[key] = "closed"
            if wanted and self.states.get((one.id, *wanted)) != "done":
                self.states[one.id, *wanted] = "open"
