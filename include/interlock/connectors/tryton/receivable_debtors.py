"""What a debtor's account holds beside its invoices: money that nobody allocated, less what of it went back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from interlock.connectors.receivable_debtors import debtor, left_of
from interlock.connectors.receivable_lines import Ledger, Line
from interlock.connectors.receivable_records import parts
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.reading import STAMPS, numbers, stamp
from interlock.connectors.tryton.receivable_ledger import LedgerReader
from interlock.domain.identity import Ref
from interlock.domain.record import Record

PARTY = "party.party"


class DebtorReader:
    """Turns lines without a document into debtors; `ref` names a record of this company.

    A record's timestamp is the party's own: that of the lines falls back once money is allocated.
    """

    def __init__(self, rpc: Rpc, lines: LedgerReader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._lines, self._ref = rpc, lines, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read by the party's id, many a call."""
        found: dict[str, Record] = {}
        for part in parts(numbers(ids)):
            rows = self._rpc.search(PARTY, [["id", "in", part]], STAMPS)
            lines, left = unallocated(self._lines, [row["id"] for row in rows])
            for row in rows:
                own = [line for line in lines if line.party == row["id"]]
                account = str(row["id"])
                values = debtor(account, own, left, self._lines.catalogue.currency).model_dump(mode="json")
                found[account] = Record(self._ref("debtor", account), stamp(row), values, self._ref("customer", account))
        return found


def unallocated(reader: LedgerReader, parties: Iterable[int]) -> tuple[list[Line], dict[int, Decimal]]:
    """Return the parties' unsettled lines without a document, and what is left of each once refunds are set off."""
    lines = reader.lines("party", parties, ["reconciliation", "=", None], ["invoice_payments", "=", None])
    ledger = reader.ledger(lines.values())
    loose = [line for line in lines.values() if _loose(line, ledger)]
    return loose, left_of(loose, ledger)


def _loose(line: Line, ledger: Ledger) -> bool:
    documents = (line.move, line.account) in ledger.owners or line.move in ledger.reversals
    return not documents and line.move not in ledger.groupings
