"""The lines of the debtors' ledger as Tryton's rows, with what tells whose and of what kind they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from interlock.connectors.receivable_lines import Counterpart, Ledger, Line, Move
from interlock.connectors.receivable_records import parts
from interlock.connectors.tryton.api import Row, Rpc, moment
from interlock.connectors.tryton.reading import EPOCH
from interlock.connectors.tryton.receivable_catalogue import ReceivableCatalogue
from interlock.connectors.tryton.wire import read_amount, read_day
from interlock.domain.money import ZERO

MOVE: Final = "account.move"
INVOICE: Final = "account.invoice"
LINE: Final = "account.move.line"
FIELDS: Final = [
    "move", "account", "party", "debit", "credit", "amount_second_currency", "second_currency.code", "maturity_date",
    "reconciliation", "reconciliation.delegate_to", "reconciliations_delegated", "invoice_payments", "description",
    "create_date", "write_date",
    "move.date", "move.journal", "move.origin", "move.state", "move.description",
]  # fmt: skip
OTHER: Final = ["move", "account", "debit", "credit"]


class LedgerReader:
    """Reads lines of receivable accounts, many a call."""

    def __init__(self, rpc: Rpc, catalogue: ReceivableCatalogue) -> None:
        self._rpc, self.catalogue = rpc, catalogue

    def lines(self, name: str, values: Iterable[object], *domain: list[Any]) -> dict[int, Line]:
        """Return receivable lines by id whose field has one of the values."""
        own = [["account", "in", self.catalogue.receivable], ["state", "=", "valid"], *domain]
        rows = (row for part in parts(values) for row in self._rpc.search(LINE, [*own, [name, "in", part]], FIELDS))
        return {row["id"]: _line(row) for row in rows}

    def settled_with(self, lines: Iterable[Line]) -> dict[int, list[Line]]:
        """Return all lines of the lines' reconciliations, by reconciliation, with those that stand in for them."""
        found: dict[int, list[Line]] = {}
        for line in self.lines("reconciliation", {line.reconciliation for line in lines} - {None}).values():
            found.setdefault(line.reconciliation or 0, []).append(line)
        wanted = {line.delegate for group in found.values() for line in group} - {None}
        if wanted:
            standing_in = self.lines("id", wanted)
            further = self.settled_with(standing_in.values())
            for group in found.values():
                for line in [standing_in[name] for name in {line.delegate for line in group} if name in standing_in]:
                    group.extend(further[line.reconciliation] if line.reconciliation else [line])
        return found

    def ledger(self, lines: Collection[Line]) -> Ledger:
        """Read whose the lines are, and the rest of their moves."""
        moves = {line.move: line.journal for line in lines}
        owners: dict[tuple[int, int], int] = {}
        reversals: set[int] = set()
        for part in parts(moves):
            domain = ["OR", ["move", "in", part], ["additional_moves", "in", part], ["cancel_move", "in", part]]
            fields = ["account", "move", "additional_moves", "cancel_move"]
            for row in self._rpc.search(INVOICE, [["type", "=", "out"], domain], fields):
                owners |= {(move, row["account"]): row["id"] for move in (row["move"], *row["additional_moves"])}
                reversals.add(row["cancel_move"])
        owned = {move for move, _ in owners}
        groupings = {line.move for line in lines if line.stands_in} - owned
        return Ledger(owners, frozenset(reversals - {None} - owned), frozenset(groupings), self._moves(moves, owned))

    def _moves(self, journals: dict[int, int], owned: set[int]) -> dict[int, Move]:
        counterparts: dict[int, list[Counterpart]] = {}
        for part in parts(journals.keys() - owned):
            for row in self._rpc.search(LINE, [["move", "in", part]], OTHER):
                role, name = self.catalogue.accounts.get(row["account"], ("balance", ""))
                if role != "receivable":
                    amount = read_amount(row["debit"]) - read_amount(row["credit"])
                    counterparts.setdefault(row["move"], []).append(Counterpart(role, name, amount))
        return {move: self._move(journals[move], counterparts.get(move, [])) for move in journals.keys() - owned}

    def _move(self, journal: int, counterparts: Sequence[Counterpart]) -> Move:
        kind, names = self.catalogue.journals.get(journal, ("", ""))
        return Move(counterparts, kind == "write-off", journal == self.catalogue.exchange_journal, names)


def _line(row: Row) -> Line:
    move = row["move."]
    stamps = (moment(row["create_date"]), moment(row["write_date"]))
    return Line(
        id=row["id"], move=row["move"], account=row["account"], party=row["party"],
        amount=read_amount(row["debit"]) - read_amount(row["credit"]), currency=(row["second_currency."] or {}).get("code") or "",
        foreign=read_amount(row["amount_second_currency"]) if row["amount_second_currency"] else ZERO,
        day=read_day(move["date"]) or EPOCH.date(), due=read_day(row["maturity_date"]),
        at=max(filter(None, stamps), default=EPOCH), reconciliation=row["reconciliation"], links=tuple(row["invoice_payments"]),
        journal=move["journal"], made_for=_named(move["origin"], INVOICE), reverses=_named(move["origin"], MOVE),
        text=move["description"] or row["description"] or "",
        draft=move["state"] != "posted", delegate=(row["reconciliation."] or {}).get("delegate_to"),
        stands_in=bool(row["reconciliations_delegated"]),
    )  # fmt: skip


def _named(origin: str | None, model: str) -> str:
    named, _, record_id = (origin or "").partition(",")
    return record_id if named == model else ""
