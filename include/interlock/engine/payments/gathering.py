"""Read the debtors' ledger, and what the CRM shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Engine
from interlock.engine.linking import link, read_customers
from interlock.engine.reading import bury, feed, read, read_again, store
from interlock.errors import ConfigurationError
from interlock.ports.receivables import Receivables
from interlock.store import batches, crosswalk, receivables, records
from interlock.store.database import Transaction

Row = dict[str, Any]
CRM = ("account", "account_balance", "contract_payment")
ERP = ("customer", "debtor", "receivable")
NUMBER = "invoice_number"


def gather(engine: Engine, batch: UUID, info: Row) -> None:
    """Read what changed since the watermark, all of it (`full`), or what belongs to the named; then what leaves no trace."""
    dry = bool(info["dry_run"])
    if info["named"]:
        _named(engine, batch, [Ref.parse(name) for name in info["named"]], dry=dry)
    else:
        for kind in (*CRM, *ERP):
            feed(engine, batch, engine.crm if kind in CRM else engine.erp, kind, full=info["full_read"], dry=dry)
        _again(engine, batch, dry=dry)
    if not dry:
        link(engine, batch)
    _tasks(engine, batch, dry=dry)


def _again(engine: Engine, batch: UUID, customers: Sequence[Ref] | None = None, *, dry: bool) -> None:
    """Read what may have changed without a trace: polling does not see all that is done to payments."""
    since = engine.today - timedelta(days=engine.settings.payments.reopen_days)
    with engine.database.begin() as tx:
        records.refresh_statistics(tx, batch, "snapshot")
        of = [str(customer) for customer in customers] if customers is not None else None
        open_ones = [Ref.parse(ref) for ref in receivables.to_read_again(tx, batch, engine.erp.instance().id, since, of)]
    read_again(engine, batch, engine.erp, open_ones, dry=dry)


def _tasks(engine: Engine, batch: UUID, *, dry: bool) -> None:
    """Read our open tasks: somebody may have done or deleted them."""
    with engine.database.begin() as tx:
        tasks = [Ref.parse(ref) for ref in receivables.open_tasks(tx, engine.process, batches.scope(tx, batch))]
    read_again(engine, batch, engine.crm, tasks, dry=dry)


def _named(engine: Engine, batch: UUID, named: list[Ref], *, dry: bool) -> None:
    """Read some accounts, and those that invoices of some numbers concern, with their ledgers; no watermark moves."""
    numbers = [ref for ref in named if ref.kind == NUMBER]
    concerned, unknown = _numbered(engine, batch, numbers, dry=dry)
    accounts = list(dict.fromkeys([ref for ref in named if ref.kind == "account"] + concerned))
    gone = read(engine, batch, engine.crm, accounts, dry=dry)
    if not dry:
        bury(engine, gone)
    with engine.database.begin() as tx:
        batches.name(tx, batch, [str(ref) for ref in (*accounts, *unknown)])
    read(engine, batch, engine.crm, [engine.crm.ref("account_balance", ref.id) for ref in accounts], dry=dry)
    store(engine, batch, Page(list(engine.crm.children("contract_payment", accounts)) if accounts else []), dry=dry)
    read_customers(engine, batch, accounts, dry=dry)
    _ledgers(engine, batch, accounts, dry=dry)


def _numbered(engine: Engine, batch: UUID, numbers: Sequence[Ref], *, dry: bool) -> tuple[list[Ref], list[Ref]]:
    """Read invoices by number; returns the accounts concerned, and the numbers that the ERP does not know."""
    found = ledger(engine).numbered([ref.id for ref in numbers]) if numbers else {}
    documents = [record for several in found.values() for record in several]
    store(engine, batch, Page(documents), dry=dry)
    read(engine, batch, engine.erp, sorted({record.parent for record in documents if record.parent}), dry=dry)
    if documents and not dry:
        link(engine, batch)
    with engine.database.begin() as tx:
        names = {number: _accounts(tx, several) for number, several in found.items()}
    concerned = sorted({name for several in names.values() for name in several})
    return [Ref.parse(name) for name in concerned], [ref for ref in numbers if not names.get(ref.id)]


def _accounts(tx: Transaction, documents: Sequence[Record]) -> list[str]:
    contracts = [str(record.values.get("contract") or "") for record in documents]
    return receivables.accounts_of(tx, [str(record.parent) for record in documents], [number for number in contracts if number])


def _ledgers(engine: Engine, batch: UUID, accounts: Sequence[Ref], *, dry: bool) -> None:
    with engine.database.begin() as tx:
        customers = [Ref.parse(ref) for ref in dict.fromkeys(crosswalk.customers_of(tx, [str(ref) for ref in accounts]))]
    if customers:
        store(engine, batch, Page(list(engine.erp.children("receivable", customers))), dry=dry)
        read(engine, batch, engine.erp, [engine.erp.ref("debtor", ref.id) for ref in customers], dry=dry)
        _again(engine, batch, customers, dry=dry)


def ledger(engine: Engine) -> Receivables:
    """Return the ERP as one that keeps the debtors' ledger; raises ConfigurationError when its connector does not read it."""
    if not isinstance(engine.erp, Receivables):
        raise ConfigurationError(f"the connector {engine.settings.erp.system} reads no payments; name another as erp.system")
    return engine.erp
