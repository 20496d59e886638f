"""Invoices in three recorded steps: draft, confirm, post; each a write of its own that may be asked for again.

All three carry the planned invoice as values; the first hangs on its customer, the others on the invoice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.connectors.batches import Sending
from interlock.connectors.invoice_judging import planned, refused, wrong
from interlock.domain.change import Outcome, Write
from interlock.domain.invoice import STEPS, Invoice
from interlock.domain.record import Record

DRAFT, CONFIRMATION, POSTING = KINDS = STEPS


class RecordedSteps:
    """Finds the steps' effects and takes steps; an ERP's own class brings how invoices are read and what each step does."""

    reader: Any
    _steps: Any

    def _reached(self, kind: str, one: Any) -> bool:  # noqa: ANN401 - an invoice as the ERP has it
        """Tell whether an invoice is as far as a confirmation or posting brings it."""
        raise NotImplementedError

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look for each step's effect by our reference: an invoice; the one confirmed, or posted, that holds our figures."""
        wanted = {write.key: invoice for write in writes if (invoice := planned(write))}
        by = self.reader.by_reference([invoice.reference for invoice in wanted.values()]) if wanted else {}
        found: dict[str, list[Record]] = {}
        for write in writes:
            invoice = wanted.get(write.key)
            there = by.get(invoice.reference, []) if invoice else []
            if invoice and write.kind != DRAFT:
                there = [] if wrong(invoice, there) else [one for one in there if self._reached(write.kind, one)]
            if there:
                found[write.key] = [one.record for one in there]
        return found

    def write(self, writes: Sequence[Write], seconds: float) -> Sequence[Outcome]:
        """Take one step for each; all of one kind."""
        sending = Sending(seconds)
        outcomes: list[Outcome] = []
        fit: dict[str, Invoice] = {}
        for write in writes:
            invoice, code = planned(write), _unfit(write)
            if invoice and not code:
                fit[write.key] = invoice
            else:
                outcomes.append(refused(write, code or "invoice_unfit"))
        rest = [write for write in writes if write.key in fit]
        if not rest:
            return outcomes
        step = {DRAFT: self._steps.draft, CONFIRMATION: self._steps.confirm, POSTING: self._steps.post}[rest[0].kind]
        return [*outcomes, *step(rest, fit, sending)]


def _unfit(write: Write) -> str:
    if write.operation != "create" or write.kind not in KINDS:
        return "unknown_write"
    return "" if write.parent and write.parent.id.isdecimal() else "no_record"


def literally(text: str) -> str:
    """Return a text as a pattern of SQL's LIKE that means just that text."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text
