"""What telling bookings apart needs of this Tryton: accounts by role, journals, write-off methods, what the user may read."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from interlock.connectors.receivable_lines import Role
from interlock.connectors.tryton.api import Rpc

PAYMENT: Final = "account.payment"
STATEMENT: Final = "account.statement"
TYPES: Final = [f"type.{flag}" for flag in ("receivable", "payable", "revenue", "expense", "statement")]


class ReceivableCatalogue:
    """Read on first use and kept for the connector's life, which is one task."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    @property
    def company(self) -> int:
        """The company whose debtors these are."""
        return int(self._rpc.context["company"])

    @cached_property
    def currency(self) -> str:
        """The company's currency."""
        (row,) = self._rpc.search("company.company", [["id", "=", self.company]], ["currency.code"])
        return str(row["currency."]["code"])

    @cached_property
    def accounts(self) -> dict[int, tuple[Role, str]]:
        """Role and name of each account, by id; `tax` are those that a tax is booked on."""
        taxes = self._rpc.search("account.tax", [["company", "=", self.company]], ["invoice_account", "credit_note_account"])
        taxed = {row[name] for row in taxes for name in ("invoice_account", "credit_note_account")}
        found: dict[int, tuple[Role, str]] = {}
        for row in self._rpc.search("account.account", [["company", "=", self.company]], ["name", *TYPES]):
            kind = row["type."] or {}
            role: Role = "tax" if row["id"] in taxed else "balance"
            if kind.get("revenue") or kind.get("expense") or kind.get("statement") == "income":
                role = "result"
            role = "payable" if kind.get("payable") else "receivable" if kind.get("receivable") else role
            found[row["id"]] = (role, row["name"] or "")
        return found

    @cached_property
    def receivable(self) -> list[int]:
        """The accounts of what customers owe."""
        return [account for account, (role, _) in self.accounts.items() if role == "receivable"]

    @cached_property
    def journals(self) -> dict[int, tuple[str, str]]:
        """Type of each journal by id, and its names: its own and those of the write-off methods that use it."""
        names: dict[int, str] = {}
        for row in self._rpc.search("account.move.reconcile.write_off", [["company", "=", self.company]], ["name", "journal"]):
            names[row["journal"]] = f"{names.get(row['journal'], '')} {row['name']}"
        rows = self._rpc.search("account.journal", [], ["name", "type"])
        return {row["id"]: (row["type"], f"{row['name']}{names.get(row['id'], '')}") for row in rows}

    @cached_property
    def exchange_journal(self) -> int | None:
        """The journal of differences of exchange rates."""
        (row,) = self._rpc.read("model.account.configuration.read", [1], ["currency_exchange_journal"])
        journal: int | None = row["currency_exchange_journal"]
        return journal

    @cached_property
    def readable(self) -> dict[str, bool]:
        """Whether the user may read payments and bank statements, for each of the two that is there at all."""
        there = [row["name"] for row in self._rpc.search("ir.model", [["name", "in", [PAYMENT, STATEMENT]]], ["name"])]
        access = self._rpc.read("model.ir.model.access.get_access", there)
        return {model: bool(access[model]["read"]) for model in there}
