"""What matching would do with all accounts: for a person to read before the first load."""

from __future__ import annotations

import uuid

from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer, Deal
from interlock.engine.context import Engine, Scope
from interlock.engine.gather import gather
from interlock.engine.leads.match import accounts_of, customers_of, settled
from interlock.processes import lead_to_customer as process
from interlock.processes.matching import Preview
from interlock.processes.matching import preview as summed_up
from interlock.store import accounts, batches, matches


def preview(engine: Engine, *, everybody: bool) -> tuple[Preview, dict[str, str]]:
    """Read both systems into a scratch batch, match, and forget it; returns the preview and the names behind its references.

    Only accounts that are to become customers, or `everybody`: every live account that is none yet.
    """
    batch = engine.open(Scope(f"match-preview-{uuid.uuid4().hex[:12]}", actor="preview", dry_run=True, full=True))
    try:
        gather(engine, batch)
        with engine.database.begin() as tx:
            rows = accounts.live(tx, batch, engine.crm.instance().id)
            customers = {Ref.parse(row["ref"]): Customer.model_validate(row["body"]) for row in
                         matches.customers(tx, engine.erp.instance().id, batch)}  # fmt: skip
            linked, said = settled(tx)
    finally:
        with engine.database.begin() as tx:
            batches.forget(tx, batch)
    concerned = {
        Ref.parse(row["ref"]): Account.model_validate(row["body"])
        for row in rows
        if everybody or any(process.is_won(Deal.model_validate(deal), engine.settings) for deal in row["deals"])
    }
    names = {str(ref): party.legal_name for ref, party in (*concerned.items(), *customers.items())}
    maps = engine.settings.maps
    above = [(ref, account, Ref.parse(account.parent) if account.parent else None) for ref, account in concerned.items()]
    found = summed_up(accounts_of(above, maps), customers_of(customers.items(), maps), linked, engine.settings.matching, said)
    return found, names
