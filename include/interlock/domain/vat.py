"""What a register says of a VAT id, and what of it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

Standing = Literal["valid", "invalid", "unknown"]


@dataclass(frozen=True, slots=True)
class Consultation:
    """One question to the register and its answer; `unknown`: none could be had, `fault` says why.

    at: when, by the register's clock, with a time zone. request_id: the consultation number by which the register itself can
    tell later that it was asked; every valid answer has one.
    """

    vat_id: str
    status: Standing
    at: datetime
    request_id: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """What the VAT register said of a VAT id last, and when it last said valid; `unknown`: no answer could be had.

    request_id is the evidence of the valid answer; it belongs to the invoice's accounting proof.
    """

    vat_id: str
    status: Standing = "unknown"
    last_valid_on: date | None = None
    request_id: str = ""

    def is_fresh(self, as_of: date, days: int) -> bool:
        """Say whether it is valid and need not be asked for again; the day of the answer is the first of `days`."""
        return self.status == "valid" and self.last_valid_on is not None and self.last_valid_on > as_of - timedelta(days=days)

    def unconfirmed(self) -> VatAnswer:
        """Return what is left of it when no new answer came: valid becomes unknown, invalid stays."""
        return replace(self, status="unknown") if self.status == "valid" else self
