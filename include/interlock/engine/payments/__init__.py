"""The process `payment_to_crm_status` as the engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from interlock.config import Settings
from interlock.domain.finding import Finding
from interlock.domain.identity import Ref
from interlock.engine.context import Engine, Scope
from interlock.engine.doubles import remove_doubles
from interlock.engine.flow import Decided, Flow
from interlock.engine.payments import checking, comparing, deciding, gathering
from interlock.processes.payment_to_crm_status import PROCESS
from interlock.store.database import Transaction
from interlock.store.receivables import ACCOUNTS

Row = dict[str, Any]


class Payments(Flow):
    """What the ERP's customers owe and pay becomes what the CRM shows of accounts and contracts."""

    name = PROCESS
    subjects = ACCOUNTS
    waits: ClassVar = {}
    created = "task"
    written: ClassVar = {"erp": (), "crm": ("account_balance", "contract_payment", "task", "note")}
    read_back = (("crm", "account_balance"), ("crm", "contract_payment"), ("crm", "task"))
    kept = frozenset({"account_balance", "contract_payment"})
    acknowledges = True
    looks_back = True

    def config(self, settings: Settings) -> str:
        """Return the hash of what decides about payments."""
        return settings.receivables_hash

    def named(self, engine: Engine, scope: Scope) -> list[Ref]:
        """Name accounts, and invoices by their numbers."""
        accounts = [engine.crm.ref("account", crm_id) for crm_id in scope.crm_ids]
        return accounts + [engine.erp.ref(gathering.NUMBER, number) for number in scope.invoice_numbers]

    def gather(self, engine: Engine, batch: UUID, info: Row) -> None:
        """Read the debtors' ledger, accounts, contracts and our open tasks."""
        gathering.gather(engine, batch, info)

    def check(self, engine: Engine, batch: UUID) -> int:
        """Check the documents over the batch."""
        return checking.check(engine, batch)

    def learn(self, engine: Engine, batch: UUID, info: Row) -> date | None:  # noqa: ARG002
        """Ask until when the bank's statements are booked."""
        return gathering.ledger(engine).bank_booked_on()

    def decide(self, engine: Engine, tx: Transaction, batch: UUID, learned: date | None) -> Iterator[list[Decided]]:
        """Reckon what each account owes."""
        return deciding.decide(engine, tx, batch, learned)

    def keep(self, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:  # noqa: ARG002
        """Keep how invoices stand."""
        deciding.keep(tx, decided)

    def brake(self, engine: Engine, tx: Transaction, batch: UUID) -> None:
        """Hold a run that would change more accounts than its limits allow."""
        deciding.brake(engine, tx, batch)

    def sweep(self, engine: Engine, batch: UUID) -> None:  # noqa: ARG002
        """Look for notes and tasks that are there twice."""
        remove_doubles(engine, (("note", "crm"), ("task", "crm")))

    def notices(self, engine: Engine, tx: Transaction, batch: UUID, findings: Sequence[Finding], *, dry: bool) -> list[Row]:  # noqa: ARG002
        """Name what was edited by hand, and say when the bank's statements are too old to know who paid."""
        return comparing.notices(engine, tx, batch, dry=dry)

    def more(self, engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> Row:
        """Return whether the CRM's balances equal the ERP's open items."""
        return {"balances": comparing.compare(engine, tx, batch, dry=dry)}


PAYMENTS: Final = Payments()
