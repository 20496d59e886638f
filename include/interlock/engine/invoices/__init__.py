"""The process `renewal_to_invoice` as the engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from interlock.config import Settings
from interlock.domain.change import Role, Write
from interlock.domain.finding import Finding
from interlock.domain.identity import Ref
from interlock.domain.invoice import STEPS, InvoiceKey
from interlock.domain.vat import VatAnswer
from interlock.engine.context import Engine, Scope
from interlock.engine.doubles import remove_doubles
from interlock.engine.flow import Decided, Flow
from interlock.engine.invoices import approving, checking, deciding, gathering, money
from interlock.processes.contract_view import WAITS
from interlock.processes.renewal_to_invoice import PROCESS
from interlock.store.contracts import CONTRACTS
from interlock.store.database import Transaction

Row = dict[str, Any]
DRAFTS: Final[tuple[tuple[str, Role], ...]] = ((STEPS[0], "erp"),)


class Invoices(Flow):
    """Contracts of the CRM become invoices of the ERP."""

    name = PROCESS
    subjects = CONTRACTS
    waits = WAITS
    created = "invoice"
    written: ClassVar = {"erp": STEPS, "crm": ("contract", "note")}
    results: ClassVar = {
        "invoice": (
            "state", "number", "invoice_date", "due_date", "net", "tax", "gross", "taxes", "service_from", "service_to",
            "currency",
        ),
    }  # fmt: skip
    read_back = (("erp", "invoice"), ("crm", "contract"))
    kept = frozenset({"contract"})

    def config(self, settings: Settings) -> str:
        """Return the hash of what decides about invoices."""
        return settings.invoices_hash

    def named(self, engine: Engine, scope: Scope) -> list[Ref]:
        """Name contracts, and accounts whose contracts are meant."""
        contracts = [engine.crm.ref("contract", contract) for contract in scope.contract_ids]
        return contracts + [engine.crm.ref("account", account) for account in scope.crm_ids]

    def gather(self, engine: Engine, batch: UUID, info: Row) -> None:
        """Read accounts, contracts, customers, invoices; late doubles of drafts go first, so that nothing is decided by them."""
        if not info["dry_run"]:
            remove_doubles(engine, DRAFTS)
        gathering.gather(engine, batch, info)

    def check(self, engine: Engine, batch: UUID) -> int:
        """Check contracts and their lines over the batch."""
        return checking.check(engine, batch)

    def learn(self, engine: Engine, batch: UUID, info: Row) -> Mapping[str, VatAnswer]:
        """Ask the VAT register."""
        return deciding.learn(engine, batch, info)

    def decide(self, engine: Engine, tx: Transaction, batch: UUID, learned: Mapping[str, VatAnswer]) -> Iterator[list[Decided]]:
        """Reckon what each contract owes."""
        return deciding.decide(engine, tx, batch, learned)

    def keep(self, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:
        """Keep terms, how recipients are taxed, and which accounts have to become customers."""
        deciding.keep(tx, batch, decided)

    def brake(self, engine: Engine, tx: Transaction, batch: UUID) -> None:
        """Hold invoices that a person has to approve."""
        approving.brake(engine, tx, batch)

    def sweep(self, engine: Engine, batch: UUID) -> None:  # noqa: ARG002
        """Look for notes and drafts that are there twice."""
        remove_doubles(engine, (("note", "crm"), *DRAFTS))

    def notices(self, engine: Engine, tx: Transaction, batch: UUID, findings: Sequence[Finding], *, dry: bool) -> list[Row]:  # noqa: ARG002
        """Nothing goes over without a part of it."""
        return []

    def place(self, write: Write) -> str:
        """Name the invoice of a step by its reference, as decisions name what they hold."""
        return InvoiceKey.model_validate(write.values["key"]).reference if write.kind in STEPS else ""

    def more(self, engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> Row:
        """Return the run's money."""
        return {"money": money.of_run(engine, tx, batch, dry=dry)}


INVOICES: Final = Invoices()
