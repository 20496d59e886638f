"""Whether an invoice in the ERP is still the one that was planned, and what somebody did to it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeVar

from pydantic import ValidationError

from interlock.domain.change import Rejected, Write
from interlock.domain.identity import Json
from interlock.domain.invoice import Invoice, InvoiceLine, InvoiceState
from interlock.domain.readback import deviations

UNFIT: Final = {
    "no_record": "the step names neither customer nor invoice",
    "invoice_unfit": "the write holds no invoice",
    "unknown_write": "an invoice is drafted, confirmed and posted, and nothing else",
    "service_day_invoiced": "another live invoice of the contract covers some of these service days",
    "draft_deleted": "somebody deleted the draft, or gave it up, in the ERP",
    "draft_reopened": "somebody took the confirmed draft back in the ERP",
    "invoice_reversed": "somebody reversed the invoice in the ERP",
    "invoice_twice": "several live invoices bear the reference; leave one of them",
    "invoice_edited": "the draft in the ERP no longer holds the figures that were planned",
    "invoice_by_hand": "somebody made an invoice with the reference by hand, and it holds other figures",
    "posted_otherwise": "the invoice was posted in the ERP with other figures than planned",
}
RESULTS: Final = {
    "state", "number", "invoice_date", "due_date", "net", "tax", "gross", "taxes", "service_from", "service_to", "currency",
}  # fmt: skip


class Found(Protocol):
    """One invoice as the ERP has it."""

    @property
    def party(self) -> str:
        """The customer's id."""

    @property
    def made_for(self) -> set[str]:
        """The customers that our lines in it were made for."""

    @property
    def dated(self) -> bool:
        """Whether it has a date, for the invoice or for the books."""

    @property
    def ours(self) -> bool:
        """Whether we made it."""

    @property
    def invoice(self) -> Invoice:
        """What it says."""


F = TypeVar("F", bound=Found)


def planned(write: Write) -> Invoice | None:
    """Return the invoice that a step is about."""
    try:
        return Invoice.model_validate(write.values)
    except ValidationError:
        return None


def results(invoice: Invoice) -> Mapping[str, Json]:
    """Return what later changes need of an invoice as the ERP has it."""
    return invoice.model_dump(mode="json", include=RESULTS)


def refused(write: Write, code: str, detail: str = "") -> Rejected:
    """Refuse a step."""
    return Rejected(write.key, code, UNFIT[code], detail)


def chosen(there: Sequence[F]) -> F | None:
    """Return the invoice under a reference that counts: the oldest live one, else the latest that is not any more."""
    return next(iter([one for one in there if one.invoice.state.live] or reversed(there)), None)


def wrong(invoice: Invoice, there: Sequence[Found]) -> str:
    """Tell what is wrong with the invoices that bear its reference, or return an empty string: exactly one, as planned."""
    one = chosen(there)
    if one is None or one.invoice.state is InvoiceState.DELETED:
        return "draft_deleted"
    if not one.invoice.state.live:
        return "invoice_reversed"
    if sum(other.invoice.state.live for other in there) > 1:
        return "invoice_twice"
    if not differences(invoice, one):
        return ""
    if not one.ours:
        return "invoice_by_hand"
    return "posted_otherwise" if one.invoice.state.posted else "invoice_edited"


def differences(invoice: Invoice, one: Found) -> list[str]:
    """Name what differs: the customer, a date that people gave it before it was posted, and the figures.

    Of one made by hand the customer is the planned one unless it bears another account's reference, and any date is people's.
    """
    found = one.invoice
    strange = one.made_for != {one.party} if one.ours else "" != found.recipient != invoice.recipient != ""
    dated = one.ours and one.dated and not found.state.posted
    return [*(["customer"] if strange else []), *(["date"] if dated else []), *deviations(invoice, found)]


def overlap(invoice: Invoice, other: Invoice) -> bool:
    """Tell whether a live regular invoice under another reference covers a service day of one of our lines."""
    if other.reference == invoice.reference or other.key.kind != "regular" or not other.state.live:
        return False
    return any(_meets(line, other) for line in invoice.lines)


def _meets(line: InvoiceLine, other: Invoice) -> bool:
    """One made by hand does not say which days of which line it covers: it counts when its period begins within ours."""
    if not line.service_from or not line.service_to:
        return False
    if not any(theirs.line for theirs in other.lines):
        return line.service_from <= other.key.period_start <= line.service_to
    return any(
        theirs.service_from <= line.service_to and line.service_from <= theirs.service_to
        for theirs in other.lines
        if theirs.line == line.line and theirs.service_from and theirs.service_to
    )
