"""The prehistory's data: read only where it is still to be written, forgotten once it is, erased when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page
from interlock.engine.context import Engine
from interlock.processes.prehistory import KIND
from interlock.store import audit, outbox, records

PART = 100  # accounts asked for at once


def read_histories(engine: Engine, batch: UUID, accounts: Sequence[Ref], *, dry: bool) -> None:
    """Stage the activities of these accounts for the decision; with their texts only where the configuration says so."""
    kind = "activity_text" if engine.settings.prehistory.level == "full" else "activity"
    for start in range(0, len(accounts), PART):
        part = accounts[start : start + PART]
        page = Page(list(engine.crm.children(kind, part)))
        with engine.database.begin() as tx:
            records.stage(tx, batch, page.records)
            if not dry:
                records.drop_activities(tx, list(map(str, part)))
                records.merge(tx, batch, [str(record.ref) for record in page.records])


def clear_histories(engine: Engine) -> None:
    """Forget activities whose prehistory stands in the ERP, and erase prehistories older than `prehistory.keep_months`."""
    with engine.database.begin() as tx:
        records.forget_told(tx)
        rows = outbox.expired(tx, engine.process, KIND, engine.settings.prehistory.keep_months)
    for row in rows:
        erase(engine, row["subject"], row["result_ref"], "prehistory.keep_months is over")


def erase(engine: Engine, account: str, note: str, why: str) -> bool:
    """Remove an account's prehistory from the ERP and its text from the store; it is not written again. False if refused."""
    if not engine.erp.remove(Ref.parse(note)):
        return False
    with engine.database.begin() as tx:
        outbox.erase(tx, engine.process, KIND, account)
        audit.erase_values(tx, note)
        audit.append(tx, [audit.Entry(engine.owner, f"erase {KIND}", note, why)])
    return True
