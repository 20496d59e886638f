"""What this Odoo offers, asked once: countries, languages, the configured payment term, the sequence of customer numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from interlock.config import CustomerSettings
from interlock.connectors.odoo.api import Rpc
from interlock.errors import ConfigurationError

SEQUENCE: Final = "res.partner"
"""The code of the sequence that numbers customers; Odoo ships none, and modules that number partners use the same."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """Ids of countries by code, languages in use by their two letters, the term of new customers."""

    countries: dict[str, int]
    languages: dict[str, str]
    term: int | None


class Catalogue:
    """Read on first use and kept for the connector's life, which is one task."""

    def __init__(self, rpc: Rpc, customers: CustomerSettings) -> None:
        self._rpc, self._customers = rpc, customers

    @cached_property
    def lookups(self) -> Lookups:
        """Everything that writing needs; raises ConfigurationError when the payment term is not there."""
        return Lookups(self.countries, self.languages, self.term)

    @cached_property
    def countries(self) -> dict[str, int]:
        """Ids by ISO code."""
        return {row["code"]: row["id"] for row in self._rpc.search("res.country", [["code", "!=", False]], ["code"])}

    @cached_property
    def codes(self) -> dict[int, str]:
        """ISO codes by id."""
        return {number: code for code, number in self.countries.items()}

    @cached_property
    def languages(self) -> dict[str, str]:
        """Odoo's codes by ISO code: of the languages that are switched on, the plain one rather than one of a country."""
        rows = self._rpc.search("res.lang", [["active", "=", True]], ["code", "iso_code"])
        ordered = sorted(rows, key=lambda row: (-len(row["iso_code"] or row["code"]), -row["id"]))
        return {row["code"][:2]: row["code"] for row in ordered}

    @cached_property
    def term(self) -> int | None:
        """The payment term of new customers, or None for the ERP's own default."""
        name = self._customers.payment_term
        if not name:
            return None
        mine = ["|", ["company_id", "=", False], ["company_id", "=", self._rpc.company]]
        rows = self._rpc.search("account.payment.term", [["name", "=", name], ["active", "=", True], *mine], ["id"])
        if not rows:
            raise ConfigurationError(f"customers.payment_term: Odoo has no payment term {name!r} in its user's language")
        return int(rows[0]["id"])

    @cached_property
    def note(self) -> int:
        """The subtype of notes, which only people of the company see."""
        found = self._rpc.read("ir.model.data", "check_object_reference", module="mail", xml_id="mt_note")
        return int(found[1])

    @cached_property
    def has_sequence(self) -> bool:
        """Whether there is a sequence that numbers customers of this company."""
        mine = ["|", ["company_id", "=", False], ["company_id", "=", self._rpc.company]]
        return bool(self._rpc.search("ir.sequence", [["code", "=", SEQUENCE], ["active", "=", True], *mine], ["id"], limit=1))
