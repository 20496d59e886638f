"""What invoices are made of in this Odoo: products, taxes, currencies, the journal, customers with their terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from interlock.connectors.odoo.api import Domain, Row, Rpc, words
from interlock.errors import ConfigurationError

LEGAL: Final = "invoice_legal_notes"  # of a tax, printed on the invoice; not in 17
BLOCK: Final = "invoice_warn"  # of a customer, `block` forbids invoices; not in 19
HOME: Final = "is_current_company_currency"  # of a currency
PLACES: Final = ("quantity", "price_unit", "discount")


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom an invoice is addressed to: the partner, or its address for invoices where it has one."""

    id: int
    active: bool
    language: str
    term: int | None
    address: int
    seller: int | None


class InvoiceCatalogue:
    """Read on first use and kept for the connector's life, which is one task; customers are read for each batch."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._products: dict[str, int | None] = {}
        self._rated: dict[str, bool] = {}

    @property
    def company(self) -> int:
        """The company that invoices."""
        return self._rpc.company

    @property
    def own(self) -> Domain:
        """What tells customer invoices of this company from all other bookings."""
        return [["company_id", "=", self.company], ["move_type", "=", "out_invoice"]]

    def has(self, model: str, field: str) -> bool:
        """Tell whether a model of this version has a field."""
        return field in self._rpc.read(model, "fields_get", allfields=[field], attributes=["type"])

    @cached_property
    def tax_rates(self) -> dict[int, Row]:
        """Name, rate in percent and what it prints of every tax on sales, those out of use too, by id."""
        legal = [LEGAL] if self.has("account.tax", LEGAL) else []
        domain = [["company_id", "=", self.company], ["type_tax_use", "=", "sale"]]
        rows = self._rpc.search("account.tax", domain, ["name", "amount", "amount_type", "active", "price_include", *legal])
        return {
            row["id"]: {
                "name": row["name"], "rate": Decimal(str(row["amount"])), "notice": words(row.get(LEGAL)),
                "usable": row["active"] and row["amount_type"] == "percent" and not row["price_include"],
            }
            for row in rows
        }  # fmt: skip

    @cached_property
    def taxes(self) -> dict[str, int]:
        """Ids of usable taxes by name: of a percentage, on the net price; a name that two bear is none, for it says nothing."""
        usable = {tax: row["name"] for tax, row in self.tax_rates.items() if row["usable"]}
        names = list(usable.values())
        return {name: tax for tax, name in usable.items() if names.count(name) == 1}

    @cached_property
    def currencies(self) -> dict[str, int]:
        """Ids of the currencies in use by ISO code."""
        rows = self._rpc.search("res.currency", [["active", "=", True]], ["name", HOME])
        self._rated |= {row["name"]: True for row in rows if row[HOME]}
        return {row["name"]: row["id"] for row in rows}

    def books(self, currency: str) -> bool:
        """Tell whether a currency is in use and has a rate: without one Odoo books it one for one, and says nothing."""
        if currency in self.currencies and currency not in self._rated:
            whose = ["|", ["company_id", "=", False], ["company_id", "parent_of", [self.company]]]
            rates = self._rpc.search(
                "res.currency.rate", [["currency_id", "=", self.currencies[currency]], *whose], ["id"], limit=1
            )
            self._rated[currency] = bool(rates)
        return self._rated.get(currency, False)

    @cached_property
    def journals(self) -> list[Row]:
        """The journals of sales in use, the one that Odoo itself would take first."""
        domain = [["company_id", "=", self.company], ["type", "=", "sale"], ["active", "=", True]]
        return self._rpc.search("account.journal", domain, ["name", "code"], order="sequence, type, code")

    @property
    def journal(self) -> int:
        """The journal that invoices go into; raises ConfigurationError when there is none."""
        if not self.journals:
            raise ConfigurationError("Odoo has no journal of sales for invoices to go into; make one there")
        return int(self.journals[0]["id"])

    @cached_property
    def places(self) -> dict[str, int]:
        """How many decimals a line's figures have here."""
        found = self._rpc.read("account.move.line", "fields_get", allfields=list(PLACES), attributes=["digits"])
        return {name: int((found[name].get("digits") or [16, 2])[1]) for name in PLACES}

    def products(self, codes: Sequence[str]) -> dict[str, int | None]:
        """Return ids of products by code, None for a code that no product in use has, or several; each is asked for once."""
        fresh = [code for code in dict.fromkeys(codes) if code not in self._products]
        domain = [["default_code", "in", fresh], ["active", "=", True], ["company_id", "in", [False, self.company]]]
        rows = self._rpc.search("product.product", domain, ["default_code"]) if fresh else []
        for code in fresh:
            found = [row["id"] for row in rows if row["default_code"] == code]
            self._products[code] = found[0] if code and len(found) == 1 else None
        return {code: self._products[code] for code in codes}

    def customers(self, ids: Sequence[int]) -> dict[int, Customer]:
        """Read customers with what the ERP would fill in for them: term, address for invoices, salesperson."""
        warn = [BLOCK] if self.has("res.partner", BLOCK) else []
        fields = ["active", "lang", "property_payment_term_id", "user_id", *warn]
        rows = self._rpc.of_ids("res.partner", list(ids), fields)
        domain: Domain = [["parent_id", "in", list(rows)], ["type", "=", "invoice"], ["active", "=", True]]
        domain.append(["is_company", "=", False])  # a company below another is a customer of its own
        addresses: dict[int, int] = {}
        for child in self._rpc.search("res.partner", domain, ["parent_id"]) if rows else ():
            addresses.setdefault(child["parent_id"][0], child["id"])
        return {partner: _customer(row, addresses.get(partner, partner)) for partner, row in rows.items()}


def _customer(row: Row, address: int) -> Customer:
    active = bool(row["active"]) and row.get(BLOCK) != "block"
    return Customer(row["id"], active, words(row["lang"]), _one(row["property_payment_term_id"]), address, _one(row["user_id"]))


def _one(value: Sequence[object] | bool) -> int | None:  # noqa: FBT001 - false is Odoo's null
    return int(str(value[0])) if isinstance(value, list) else None
