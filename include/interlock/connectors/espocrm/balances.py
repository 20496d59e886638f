"""Facets in EspoCRM: an account's balance and a contract's payment, read and written apart from the account and contract.

A facet is the same object under a kind of its own, so that what is written into it is no news of the account or contract.
"""

from __future__ import annotations

from typing import Final

from interlock.config import CrmSettings
from interlock.config.balances import ACCOUNT_BALANCE, CONTRACT_PAYMENT
from interlock.config.contracts import SAID
from interlock.connectors.espocrm.objects import ACCOUNT, Kind, Row
from interlock.connectors.fields import texts
from interlock.domain.identity import Values
from interlock.domain.record import Problem

BALANCE_KIND: Final = "account_balance"
PAYMENT_KIND: Final = "contract_payment"
OF_CONTRACT: Final = ("number", "invoice_account")


class AccountBalances(Kind):
    """What an account owes; the account is its parent, under the same id."""

    kind, scope, parent = BALANCE_KIND, ACCOUNT, "id"

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes."""
        return [*settings.account_balance_properties.values()]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form, an empty one to an empty text."""
        return texts(row, settings.account_balance_properties, ACCOUNT_BALANCE), ()


class ContractPayments(Kind):
    """How a contract is paid, in the object of contracts."""

    kind, parent = PAYMENT_KIND, "accountId"

    def __init__(self, scope: str) -> None:
        self.scope = scope  # type: ignore[misc] # each installation has its own

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes, and for what names the contract."""
        return [*_of_contract(settings).values(), *settings.contract_payment_properties.values(), self.parent]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form, an empty one to an empty text."""
        said = texts(row, _of_contract(settings), {field: SAID[field] for field in OF_CONTRACT})
        paid = texts(row, settings.contract_payment_properties, CONTRACT_PAYMENT)
        return said | paid | {"account": self.account(row)}, ()


ACCOUNT_BALANCES: Final = AccountBalances()


def _of_contract(settings: CrmSettings) -> dict[str, str]:
    return {field: name for field, name in settings.contract_properties.items() if field in OF_CONTRACT}
