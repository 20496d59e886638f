"""The process `lead_to_customer` as the engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from interlock.config import Settings
from interlock.domain.finding import Finding
from interlock.domain.identity import Ref
from interlock.engine.context import Engine, Scope
from interlock.engine.flow import Decided, Flow
from interlock.engine.leads import checking, deciding, gathering, match, notices, sweeping
from interlock.processes.lead_to_customer import PROCESS
from interlock.processes.view import WAITS
from interlock.store.accounts import ACCOUNTS
from interlock.store.database import Transaction

Row = dict[str, Any]


class Leads(Flow):
    """Accounts of the CRM become customers of the ERP."""

    name = PROCESS
    subjects = ACCOUNTS
    waits = WAITS
    created = "customer"
    written: ClassVar = {"erp": ("customer", "prehistory"), "crm": ("account", "note")}
    results: ClassVar = {"customer": ("number",)}
    read_back = (("erp", "customer"), ("crm", "account"))
    kept = frozenset({"customer", "account"})
    acknowledges = True
    links = "customer"

    def config(self, settings: Settings) -> str:
        """Return the hash of what decides about customers."""
        return settings.leads_hash

    def named(self, engine: Engine, scope: Scope) -> list[Ref]:
        """Name the accounts."""
        return [engine.crm.ref("account", crm_id) for crm_id in scope.crm_ids]

    def gather(self, engine: Engine, batch: UUID, info: Row) -> None:
        """Read accounts, deals, contacts, customers."""
        gathering.gather(engine, batch, info)

    def check(self, engine: Engine, batch: UUID) -> int:
        """Check them row by row and over the batch."""
        return checking.check(engine, batch)

    def decide(self, engine: Engine, tx: Transaction, batch: UUID, learned: Any) -> Iterator[list[Decided]]:  # noqa: ANN401, ARG002
        """Match and decide."""
        return deciding.decide(engine, tx, batch)

    def keep(self, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:  # noqa: ARG002
        """Keep links, and the candidates of questions."""
        match.record(tx, [one.found for one in decided if one.found[1] is not None])

    def brake(self, engine: Engine, tx: Transaction, batch: UUID) -> None:
        """Hold a run that would make or change more customers than its limits allow."""
        deciding.brake(engine, tx, batch)

    def sweep(self, engine: Engine, batch: UUID) -> None:
        """Look for late doubles."""
        sweeping.sweep(engine, batch)

    def notices(self, engine: Engine, tx: Transaction, batch: UUID, findings: Sequence[Finding], *, dry: bool) -> list[Row]:  # noqa: ARG002
        """Name parts that were left out."""
        return notices.notices(tx, batch, findings, dry=dry)


LEADS: Final = Leads()
