"""What this Tryton offers, asked once: countries, languages, types of identifiers, the configured payment term."""

from __future__ import annotations

from functools import cached_property

from interlock.config import CustomerSettings
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.objects import Lookups
from interlock.errors import ConfigurationError


class Catalogue:
    """Read on first use and kept for the connector's life, which is one task."""

    def __init__(self, rpc: Rpc, customers: CustomerSettings) -> None:
        self._rpc, self._customers = rpc, customers

    @cached_property
    def lookups(self) -> Lookups:
        """Everything that writing needs; raises ConfigurationError when the payment term is not there."""
        return Lookups(self.countries, self.languages, self.identifier_types, self.term)

    @cached_property
    def countries(self) -> dict[str, int]:
        """Ids by ISO code."""
        return {row["code"]: row["id"] for row in self._rpc.search("country.country", [], ["code"])}

    @cached_property
    def languages(self) -> dict[str, int]:
        """Ids by ISO code, a plain language rather than one of a country."""
        rows = self._rpc.search("ir.lang", [], ["code"])
        return {row["code"][:2]: row["id"] for row in sorted(rows, key=lambda row: -len(row["code"]))}

    @cached_property
    def identifier_types(self) -> frozenset[str]:
        """Types that an identifier may have; the party configuration can limit them."""
        return frozenset(name for name, _ in self._rpc.read("model.party.identifier.get_types") if name)

    @cached_property
    def term(self) -> int | None:
        """The payment term of new customers, or None for the ERP's own default."""
        name = self._customers.payment_term
        if not name:
            return None
        rows = self._rpc.search("account.invoice.payment_term", [["name", "=", name]], ["id"])
        if not rows:
            raise ConfigurationError(f"customers.payment_term: Tryton has no payment term {name!r}")
        return int(rows[0]["id"])
