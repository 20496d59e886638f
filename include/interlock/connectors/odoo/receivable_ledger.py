"""The lines of the debtors' ledger as Odoo's rows, which of them settled which, and what tells of what kind they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from interlock.connectors.odoo.api import READ, Domain, Row, Rpc, moment
from interlock.connectors.odoo.invoice_rows import amount
from interlock.connectors.odoo.receivable_catalogue import DOCUMENTS, LINE, MODEL, PARTIAL, PARTNER, ReceivableCatalogue
from interlock.connectors.receivable_lines import Counterpart, Ledger, Line, Move
from interlock.connectors.receivable_records import EPOCH, parts
from interlock.domain.money import ZERO

FIELDS: Final = [
    "move_id", "account_id", "partner_id", "balance", "amount_currency", "currency_id", "date", "date_maturity", "journal_id",
    "amount_residual", "amount_residual_currency", "payment_id", "move_type", "name", "parent_state", "write_date",
]  # fmt: skip
BLOCKS_INVOICES: Final = 18
NO_FOLLOW_UP: Final = "blocked"  # of a line, up to 17; from 18 on the invoice itself is blocked
OTHER: Final = ["move_id", "account_id", "account_type", "tax_line_id", "balance", "name"]
PAIRED: Final = ["debit_move_id", "credit_move_id", "amount", "debit_amount_currency", "credit_amount_currency"]


@dataclass(frozen=True, slots=True)
class Booked(Line):
    """A line with what Odoo itself says is left of it, in its own currency; payment: the record it was booked by."""

    left: Decimal = ZERO
    payment: int | None = None
    document: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """Part of a debit that part of a credit settled: in the company's currency, and in those of either line."""

    debit: int
    credit: int
    amount: Decimal
    debited: Decimal
    credited: Decimal


class LedgerReader:
    """Reads lines of receivable accounts, many a call."""

    def __init__(self, rpc: Rpc, catalogue: ReceivableCatalogue) -> None:
        self._rpc, self.catalogue = rpc, catalogue
        self._owners: dict[int, int] = {}

    def lines(self, *domain: Any, posted: bool = True) -> dict[int, Booked]:  # noqa: ANN401 - Odoo's domains are lists and texts
        """Return the receivable lines that a domain tells, by id; each bears the party that owes it."""
        state = [["parent_state", "=", "posted"]] if posted else []
        fields = [*FIELDS, *([NO_FOLLOW_UP] if self._rpc.major < BLOCKS_INVOICES else ())]
        rows = list(self._rpc.every(LINE, [*self.catalogue.lines, *state, *domain], fields, 10 * READ))
        parties = self._parties({row["partner_id"][0] for row in rows if row["partner_id"]})
        return {row["id"]: _line(row, self.catalogue.currency, parties) for row in rows}

    def settled(self, lines: Iterable[Booked]) -> tuple[dict[int, Booked], list[Settled]]:
        """Return lines with all that they were settled with, and with all that such money was settled with besides.

        From 19 on a payment that was set back to draft stays settled with its invoice, and Odoo counts it.
        """
        known = {line.id: line for line in lines}
        found: dict[int, Settled] = {}
        fresh: Collection[int] = known.keys()
        for _ in range(2):
            pairs = self._pairs(fresh)
            found |= pairs
            others = {name for pair in pairs.values() for name in (pair.debit, pair.credit)} - known.keys()
            read = {name: line for part in parts(others) for name, line in self.lines(["id", "in", part], posted=False).items()}
            known |= read
            fresh = [name for name, line in read.items() if not line.document]
        return known, [pair for pair in found.values() if {pair.debit, pair.credit} <= known.keys()]

    def ledger(self, lines: Collection[Booked]) -> Ledger:
        """Say whose the lines are, and read the rest of their moves."""
        owners = {(line.move, line.account): line.move for line in lines if line.document}
        journals = {line.move: line.journal for line in lines if not line.document}
        counterparts: dict[int, list[Counterpart]] = {}
        for part in parts(journals):
            beside = [["move_id", "in", part], ["account_type", "!=", "asset_receivable"], ["balance", "!=", 0]]
            for row in self._rpc.every(LINE, beside, OTHER, 10 * READ):
                counterparts.setdefault(row["move_id"][0], []).append(self._counterpart(row))
        exchange = self.catalogue.exchange_journal
        moves = {move: Move(counterparts.get(move, []), exchange=on == exchange) for move, on in journals.items()}
        return Ledger(owners, moves=moves)

    def _counterpart(self, row: Row) -> Counterpart:
        account, name = row["account_id"] or (0, "")
        value = amount(row["balance"], self.catalogue.currency)
        return Counterpart(self.catalogue.role(row), f"{name} {row['name'] or ''}", value, account in self.catalogue.discounts)

    def reversals(self, lines: dict[int, Booked], ledger: Ledger) -> dict[int, Booked]:
        """Return the lines that give money back with the move that they reverse, and with the reason that was given."""
        back = {line.move for line in lines.values() if ledger.raising(line)}
        found: dict[int, Row] = {}
        for part in parts(back):
            found |= self._rpc.of_ids(MODEL, part, ["reversed_entry_id", "ref"])
        return {
            name: _reversal(line, found[line.move]) if line.move in found else line
            for name, line in lines.items()
        }  # fmt: skip

    def _pairs(self, lines: Collection[int]) -> dict[int, Settled]:
        home = self.catalogue.currency
        found: dict[int, Settled] = {}
        for part in parts(lines):
            domain: Domain = ["|", ["debit_move_id", "in", part], ["credit_move_id", "in", part]]
            for row in self._rpc.every(PARTIAL, domain, [*PAIRED, "debit_currency_id", "credit_currency_id"], 10 * READ):
                found[row["id"]] = Settled(
                    row["debit_move_id"][0], row["credit_move_id"][0], amount(row["amount"], home),
                    amount(row["debit_amount_currency"], row["debit_currency_id"][1]),
                    amount(row["credit_amount_currency"], row["credit_currency_id"][1]),
                )  # fmt: skip
        return found

    def _parties(self, partners: set[int]) -> dict[int, int]:
        """Return the customer that each partner belongs to: a payment may bear a contact's name."""
        for part in parts(partners - self._owners.keys()):
            for partner, row in self._rpc.of_ids(PARTNER, part, ["commercial_partner_id"]).items():
                self._owners[partner] = row["commercial_partner_id"][0] if row["commercial_partner_id"] else partner
        return {partner: self._owners.get(partner, partner) for partner in partners}


def _line(row: Row, home: str, parties: dict[int, int]) -> Booked:
    currency = row["currency_id"][1]
    foreign = currency != home
    left = amount(row["amount_residual_currency"], currency) if foreign else amount(row["amount_residual"], home)
    due = row["date_maturity"]
    return Booked(
        id=row["id"], move=row["move_id"][0], account=row["account_id"][0],
        party=parties[row["partner_id"][0]] if row["partner_id"] else None, amount=amount(row["balance"], home),
        currency=currency if foreign else "", foreign=amount(row["amount_currency"], currency) if foreign else ZERO,
        day=date.fromisoformat(row["date"]), due=date.fromisoformat(due) if due else None,
        at=moment(row["write_date"]) or EPOCH, journal=row["journal_id"][0], text=row["name"] or "", left=left,
        payment=row["payment_id"][0] if row["payment_id"] else None, document=row["move_type"] in DOCUMENTS,
        draft=row["parent_state"] != "posted", blocked=bool(row.get(NO_FOLLOW_UP)),
    )  # fmt: skip


def _reversal(line: Booked, move: Row) -> Booked:
    """Odoo writes the reason behind the reversed move's name, as in `Reversal of: PBNK1/2026/00001, the reason`."""
    if not move["reversed_entry_id"]:
        return line
    reversed_id, shown = move["reversed_entry_id"]
    name = str(shown).partition(" (")[0]
    reason = str(move["ref"] or "").partition(f"{name}, ")[2]
    return replace(line, reverses=str(reversed_id), text=reason)
