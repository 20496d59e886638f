"""What a line of the debtors' ledger is: a document's own, an item, or something that was booked against them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from interlock.domain.money import ZERO, half_up
from interlock.domain.payment import ReconciliationKind

ITEM: Final = "line-"
Role = Literal["receivable", "payable", "result", "tax", "balance"]
SKONTO: Final = re.compile(r"skont[oi]|cash discount|early payment|escompte|betalingskorting|kredietbeperking", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a receivable account; amount: debit less credit in the company's currency, foreign: the same in `currency`.

    links: the invoices that the ERP counts it as a payment of. made_for: the invoice that its move was made for. reverses: the
    move that its own one reverses. delegate: the line that says whether this one is settled after all; stands_in: whether it is
    such a line.
    """

    id: int
    move: int
    account: int
    party: int | None
    amount: Decimal
    currency: str
    foreign: Decimal
    day: date
    due: date | None
    at: datetime
    reconciliation: int | None = None
    links: tuple[int, ...] = ()
    journal: int = 0
    made_for: str = ""
    reverses: str = ""
    text: str = ""
    draft: bool = False
    delegate: int | None = None
    stands_in: bool = False

    def in_currency(self, currency: str) -> Decimal:
        """Return the amount in a currency; an empty one is the company's."""
        if not currency:
            return self.amount
        return self.foreign if currency == self.currency else ZERO


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A line of the same move on another account: the account's role and name, debit less credit in the company's currency."""

    role: Role
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """What tells the kind of a move: its counterparts, the type and the names of its journal and write-off method, its text.

    exchange: whether it lies in the journal of differences of exchange rates.
    """

    counterparts: Sequence[Counterpart] = ()
    write_off: bool = False
    exchange: bool = False
    names: str = ""

    @property
    def shares(self) -> dict[ReconciliationKind, Decimal]:
        """Say of what kinds it is and in what proportion; between receivable accounts alone it is netting.

        Tax goes with the result that it corrects. A kind that runs against the others, such as a fee kept back, is left out.
        """
        if self.exchange:
            return {"exchange": Decimal(1)}
        sums: dict[ReconciliationKind, Decimal] = {}
        for one in self.counterparts:
            kind = self._kind(one)
            sums[kind] = sums.get(kind, ZERO) + one.amount
        if "skonto" in sums and not self.write_off:
            sums["skonto"] += sums.pop("write_off", ZERO)
        total = sum(sums.values(), ZERO)
        return {kind: abs(amount) for kind, amount in sums.items() if amount * total > 0} or {"netting": Decimal(1)}

    def _kind(self, one: Counterpart) -> ReconciliationKind:
        if one.role == "payable":
            return "netting"
        if self.write_off or one.role in {"result", "tax"}:
            return "skonto" if SKONTO.search(f"{one.name} {self.names}") else "write_off"
        return "money"

    @property
    def money(self) -> bool:
        """Whether money moved, more of it than anything else."""
        shares = self.shares
        return max(shares, key=lambda kind: shares[kind]) == "money"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of the lines at hand: whose they are and what their moves are.

    owners: the invoice that each (move, account) is part of. reversals: moves that reverse an invoice without a credit note.
    groupings: moves that replace lines of several documents by one that stands in for them.
    """

    owners: Mapping[tuple[int, int], int] = field(default_factory=dict)
    reversals: frozenset[int] = frozenset()
    groupings: frozenset[int] = frozenset()
    moves: Mapping[int, Move] = field(default_factory=dict)

    def owner(self, line: Line) -> str:
        """Name the document that a line belongs to: an invoice, an open item, or none for what is booked against those.

        Lines of a grouping belong together, so that they settle each other and leave the documents that they stand in for.
        """
        if invoice := self.owners.get((line.move, line.account)):
            return str(invoice)
        if line.move in self.groupings:
            return f"move-{line.move}"
        return item_id(line.id) if line.amount > 0 and self.item(line) else ""

    def item(self, line: Line) -> bool:
        """Tell whether a debit asks for something of its own, rather than giving back money or balancing a booking."""
        move = self.moves.get(line.move, Move())
        return not (move.exchange or move.write_off or move.money)

    def raising(self, line: Line) -> bool:
        """Tell whether a debit is money that went back to the customer."""
        return line.amount > 0 and not self.owner(line) and self.moves.get(line.move, Move()).money

    def kinds(self, line: Line, amount: Decimal, currency: str) -> dict[ReconciliationKind, Decimal]:
        """Part what a line settles among the kinds of its move."""
        if (line.move, line.account) in self.owners or line.move in self.reversals:
            return {"correction": amount}
        return parted(amount, self.moves.get(line.move, Move()).shares, currency)


def item_id(line: int) -> str:
    """Name the open item that a line is."""
    return f"{ITEM}{line}"


def parted(amount: Decimal, shares: Mapping[ReconciliationKind, Decimal], currency: str) -> dict[ReconciliationKind, Decimal]:
    """Part an amount in proportion; the largest share bears what rounding leaves."""
    total = sum(shares.values(), ZERO)
    largest = max(shares, key=lambda kind: shares[kind])
    found = {kind: half_up(amount * share / total, currency) for kind, share in shares.items() if kind != largest}
    return {largest: amount - sum(found.values(), ZERO), **found}
