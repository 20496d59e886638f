"""A register that knows which VAT ids are valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from interlock.domain.vat import Consultation
from interlock.ports.system import Check


class VatRegister(Protocol):
    """Asked on behalf of a requester, the seller's VAT id, so that its answers are evidence. It never stops a run by silence."""

    name: str
    """As people know it; it stands in the audit log."""

    def ask(self, vat_ids: Iterable[str], requester: str) -> Iterator[Consultation]:
        """Yield one answer for each VAT id, in their order, as it comes; silence, time-outs and limits are `unknown`.

        Raises ConfigurationError when the register does not accept the requester.
        """

    def checks(self, requester: str) -> Iterator[Check]:
        """Yield what `doctor` shows: whether it answers and accepts the requester."""
