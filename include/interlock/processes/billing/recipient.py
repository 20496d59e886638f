"""Whom an invoice goes to, as far as taxes and the invoice's mandatory data ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from interlock.domain.party import Party
from interlock.domain.vat import VatAnswer

__all__ = ["Recipient", "VatAnswer"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """The legal recipient. id: the CRM's. blocked: the ERP's customer is blocked or archived.

    is_account: it is the contract's account itself, or of the same legal person. confirmed: a person confirmed that another
    one is invoiced. since: the first day on which seat, VAT id and kind are as they are now, None for ever: service that was over
    before was taxed as they were then. has_terms: the ERP knows its payment terms, so that a due date can be reckoned.
    """

    id: str
    party: Party
    blocked: bool = False
    is_account: bool = True
    confirmed: bool = False
    has_terms: bool = True
    vat: VatAnswer | None = None
    since: date | None = None
