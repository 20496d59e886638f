"""What a debtor's account holds beside its invoices: money that nobody allocated, less what of it went back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from interlock.connectors.odoo.api import Rpc, moment, numbers
from interlock.connectors.odoo.receivable_catalogue import PARTNER
from interlock.connectors.odoo.receivable_ledger import Booked, LedgerReader
from interlock.connectors.receivable_debtors import debtor, left_of
from interlock.connectors.receivable_records import EPOCH, parts
from interlock.domain.identity import Ref
from interlock.domain.record import Record
from interlock.ports.receivables import DEBTOR


class DebtorReader:
    """Turns lines without a document into debtors; `ref` names a record of this company.

    A record's timestamp is the partner's own: that of the lines falls back once money is allocated.
    """

    def __init__(self, rpc: Rpc, lines: LedgerReader, ref: Callable[[str, str], Ref]) -> None:
        self._rpc, self._lines, self._ref = rpc, lines, ref

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read by the customer's id, many a call."""
        found: dict[str, Record] = {}
        for part in parts(numbers(ids)):
            rows = self._rpc.of_ids(PARTNER, part, ["write_date"])
            lines, left = unallocated(self._lines, sorted(rows))
            for partner, row in rows.items():
                own, account = [line for line in lines if line.party == partner], str(partner)
                values = debtor(account, own, left, self._lines.catalogue.currency).model_dump(mode="json")
                at = moment(row["write_date"]) or EPOCH
                found[account] = Record(self._ref(DEBTOR, account), at, values, self._ref("customer", account))
        return found


def unallocated(reader: LedgerReader, partners: Sequence[int]) -> tuple[list[Booked], dict[int, Decimal]]:
    """Return the partners' unsettled lines without a document, and what is left of each once refunds are set off."""
    theirs = ["partner_id.commercial_partner_id", "in", list(partners)]
    lines = reader.lines(["reconciled", "=", False], theirs, ["move_id.move_type", "=", "entry"]) if partners else {}
    ledger = reader.ledger(lines.values())
    loose = [_rest(line) for line in lines.values()]
    return loose, left_of(loose, ledger)


def _rest(line: Booked) -> Booked:
    return replace(line, foreign=line.left) if line.currency else replace(line, amount=line.left)
