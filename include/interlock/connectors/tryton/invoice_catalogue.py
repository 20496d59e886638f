"""What invoices are made of in this Tryton: products with their accounts, taxes, currencies, units, customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from interlock.connectors.tryton.api import Row, Rpc
from interlock.connectors.tryton.wire import read_amount
from interlock.errors import ConfigurationError, Refused

EMPTY_LINE: Final[Row] = {
    "invoice": None, "invoice_type": "out", "type": "line", "party": None, "unit": None, "account": None, "currency": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its revenue account and usual taxes as the ERP finds them, its unit with so many decimal places."""

    id: int
    account: int
    unit: int
    digits: int
    taxes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom an invoice is addressed to; `address` is None where there is none."""

    id: int
    active: bool
    language: str
    account: int | None
    term: int | None
    tax_identifier: int | None
    address: int | None


class InvoiceCatalogue:
    """Read on first use and kept for the connector's life, which is one task; customers are read for each batch."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._products: dict[str, Product | None] = {}

    @property
    def company(self) -> int:
        """The company that invoices."""
        return int(self._rpc.context["company"])

    @cached_property
    def taxes(self) -> dict[str, int]:
        """Ids of taxes in use by name; a name that two bear is none, for it says nothing."""
        rows = self._rpc.search("account.tax", [["company", "=", self.company], ["active", "=", True]], ["name"])
        names = [row["name"] for row in rows]
        return {row["name"]: row["id"] for row in rows if names.count(row["name"]) == 1}

    @cached_property
    def tax_rates(self) -> dict[int, Row]:
        """Name, rate in percent and what it prints of every tax, those out of use too, by id."""
        rows = self._rpc.search("account.tax", [["company", "=", self.company]], ["name", "rate", "legal_notice"])
        return {
            row["id"]: {"name": row["name"], "rate": read_amount(row["rate"]) * 100, "notice": row["legal_notice"] or ""}
            for row in rows
        }

    @cached_property
    def currencies(self) -> dict[str, int]:
        """Ids by ISO code."""
        return {row["code"]: row["id"] for row in self._rpc.search("currency.currency", [], ["code"])}

    @cached_property
    def journal(self) -> int:
        """The journal of revenue; raises ConfigurationError when there is none, or several."""
        rows = self._rpc.search("account.journal", [["type", "=", "revenue"], ["active", "=", True]], ["id"])
        if len(rows) != 1:
            raise ConfigurationError(f"Tryton has {len(rows)} journals of type revenue; leave one active for invoices to go into")
        return int(rows[0]["id"])

    @cached_property
    def _receivable(self) -> int | None:
        (row,) = self._rpc.read("model.account.configuration.read", [1], ["default_account_receivable"])
        account: int | None = row["default_account_receivable"]
        return account

    def products(self, codes: Sequence[str]) -> dict[str, Product | None]:
        """Return products by code, None for a code that no active product has, or several; each is asked for once."""
        fresh = [code for code in dict.fromkeys(codes) if code not in self._products]
        fields = ["code", "default_uom", "default_uom.digits"]
        rows = self._rpc.search("product.product", [["code", "in", fresh], ["active", "=", True]], fields) if fresh else []
        for code in fresh:
            found = [row for row in rows if row["code"] == code]
            self._products[code] = self._product(found[0]) if len(found) == 1 else None
        return {code: self._products[code] for code in codes}

    def _product(self, row: Row) -> Product | None:
        asked = {**EMPTY_LINE, "product": row["id"], "company": self.company, "taxes": []}
        try:
            found = self._rpc.call("model.account.invoice.line.on_change_product", asked, safe=True)
        except Refused:
            return None
        if not (account := found.get("account")):
            return None
        taxes = frozenset(tax["id"] for _, tax in (found.get("taxes") or {}).get("add", ()))
        return Product(row["id"], account, row["default_uom"], row["default_uom."]["digits"], taxes)

    def customers(self, ids: Sequence[int]) -> dict[int, Customer]:
        """Read customers with what the ERP would fill in for them: account, term, VAT id, the address for invoices."""
        fields = ["active", "lang.code", "account_receivable", "customer_payment_term", "tax_identifier"]
        rows = self._rpc.search("party.party", [["id", "in", list(ids)]], fields)
        domain = [["party", "in", list(ids)], ["active", "=", True]]
        addresses: dict[int, Row] = {}
        for address in self._rpc.search("party.address", domain, ["party", "invoice"]) if rows else ():
            known = addresses.get(address["party"])
            if known is None or (address["invoice"] and not known["invoice"]):
                addresses[address["party"]] = address
        return {row["id"]: self._customer(row, addresses.get(row["id"])) for row in rows}

    def _customer(self, row: Row, address: Row | None) -> Customer:
        return Customer(
            row["id"], row["active"], (row["lang."] or {}).get("code") or "", row["account_receivable"] or self._receivable,
            row["customer_payment_term"], row["tax_identifier"], address["id"] if address else None,
        )  # fmt: skip
