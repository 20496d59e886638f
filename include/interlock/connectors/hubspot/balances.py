"""Facets in HubSpot: an account's balance and a contract's payment, read and written apart from the account and contract.

A facet is the same object under a kind of its own, so that what is written into it is no news of the account or contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from interlock.config import CrmSettings
from interlock.config.balances import ACCOUNT_BALANCE, CONTRACT_PAYMENT
from interlock.config.contracts import SAID
from interlock.connectors.fields import texts
from interlock.connectors.hubspot.objects import COMPANY, Body, Kind
from interlock.domain.identity import Ref, Values
from interlock.domain.record import Problem, Record

BALANCE_KIND: Final = "account_balance"
PAYMENT_KIND: Final = "contract_payment"
OF_CONTRACT: Final = ("number", "invoice_account")


class AccountBalances(Kind):
    """What a company owes; its account is its parent, under the same id."""

    kind, path, scope, is_company = BALANCE_KIND, COMPANY.path, COMPANY.scope, True

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties."""
        return [*settings.account_balance_properties.values(), self.modified, "hs_merged_object_ids"]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form, an empty one to an empty text."""
        return texts(row, settings.account_balance_properties, ACCOUNT_BALANCE), ()

    def record(self, ref: Callable[[str, str], Ref], row: Body, settings: CrmSettings, parent: str | None) -> Record:  # noqa: ARG002
        """Build the record; the parent is the same company."""
        return super().record(ref, row, settings, str(row["id"]))


class ContractPayments(Kind):
    """How a contract is paid, in the custom object under the type id that it has in this account."""

    kind, scope, has_parent = PAYMENT_KIND, "custom", True

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:  # type: ignore[override] # each account has its own
        """Where it lives in this account."""
        return self._path

    def properties(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped properties, and for what names the contract."""
        names = [*_of_contract(settings).values(), *settings.contract_payment_properties.values()]
        return [*names, self.modified, "hs_merged_object_ids"]

    def values(self, row: Body, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form, an empty one to an empty text."""
        said = texts(row, _of_contract(settings), {field: SAID[field] for field in OF_CONTRACT})
        return said | texts(row, settings.contract_payment_properties, CONTRACT_PAYMENT), ()

    def record(self, ref: Callable[[str, str], Ref], row: Body, settings: CrmSettings, parent: str | None) -> Record:
        """Build the record; the parent is the company that the contract serves, as the contract itself has it."""
        found = super().record(ref, row, settings, parent)
        return replace(found, values={**found.values, "account": parent or ""})


ACCOUNT_BALANCES: Final = AccountBalances()


def _of_contract(settings: CrmSettings) -> dict[str, str]:
    return {field: name for field, name in settings.contract_properties.items() if field in OF_CONTRACT}
