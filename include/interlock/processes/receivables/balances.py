"""An account's balance, for each currency apart: amounts of two currencies are never summed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from interlock.domain.money import ZERO
from interlock.domain.payment import Debtor
from interlock.processes.receivables.known import Payment, Standing
from interlock.processes.receivables.overdue import open_parts
from interlock.processes.receivables.settlement import kept_payments, payments


@dataclass(frozen=True, slots=True)
class Balance:
    """One account in one currency.

    open: the residuals of all that was posted, lowered by overpaid invoices and by credit notes that are still to be settled;
    an invoice that was reversed counts too, against its credit note, until the ERP has reconciled the two.
    overdue: gross, lowered by nothing. oldest_due: of what is unpaid, as the ERP has it. last_payment: money received, with what
    is unallocated of it.
    """

    account: str
    currency: str
    open: Decimal = ZERO
    overdue: Decimal = ZERO
    oldest_due: date | None = None
    last_payment: Payment | None = None
    unallocated: Decimal = ZERO
    credit_hold: bool | None = None

    @property
    def balance(self) -> Decimal:
        """What the account owes in all: open less unallocated money."""
        return self.open - self.unallocated


def balances(standings: Iterable[Standing], debtors: Iterable[Debtor]) -> tuple[Balance, ...]:
    """Return the balances in the order of account and currency; an account with nothing but drafts has none."""
    accounts = {debtor.account: debtor for debtor in debtors}
    posted: defaultdict[tuple[str, str], list[Standing]] = defaultdict(list)
    for standing in standings:
        if standing.settlement != "draft":
            posted[standing.receivable.recipient, standing.receivable.currency].append(standing)
    keys = posted.keys() | {(debtor.account, money.currency) for debtor in accounts.values() for money in debtor.unallocated}
    return tuple(_balance(*key, posted[key], accounts.get(key[0], Debtor(account=key[0]))) for key in sorted(keys))


def _balance(account: str, currency: str, standings: list[Standing], debtor: Debtor) -> Balance:
    unallocated = [money for money in debtor.unallocated if money.currency == currency]
    received = [payment for standing in standings for payment in kept_payments(standing.receivable)]
    received += [Payment(money.day, money.id, money.amount) for money in unallocated]
    return Balance(
        account=account,
        currency=currency,
        open=sum((standing.receivable.open for standing in standings), ZERO),
        overdue=sum((standing.overdue.amount for standing in standings), ZERO),
        oldest_due=min((due for one in standings for due, _ in open_parts(one.receivable)), default=None),
        last_payment=max(payments((one.id, one.day, one.amount) for one in received).values(), default=None),
        unallocated=sum((money.amount for money in unallocated), ZERO),
        credit_hold=debtor.credit_hold,
    )
