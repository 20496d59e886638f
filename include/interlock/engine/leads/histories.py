"""The prehistory's data: read only where it is still to be written, forgotten once it is, erased when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.record import Page
from interlock.engine.context import Engine
from interlock.errors import NothingToDecide, Paused, Refused
from interlock.processes.prehistory import KIND
from interlock.store import audit, effects, people, records
from interlock.store.database import require_schema

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
        rows = effects.standing(tx, engine.process, KIND, months=engine.settings.prehistory.keep_months)
        if people.paused_by(tx, [engine.process, "erp"]):
            return
    for row in rows:
        _erase(engine, row["subject"], row["result_ref"], engine.owner, "prehistory.keep_months is over")


def erase_prehistory(engine: Engine, crm_id: str, actor: str, why: str) -> None:
    """Erase an account's prehistory at a person's word; it is not written again.

    Raises NothingToDecide when there is none, Refused when the ERP keeps it, Paused, InstanceMismatch.
    """
    account = engine.crm.ref("account", crm_id)
    with engine.database.begin() as tx:
        require_schema(tx)
        people.pin(tx, "erp", engine.erp.instance())
        if pause := people.paused_by(tx, [engine.process, "erp"]):
            raise Paused(f"{pause['name']} is paused by {pause['actor']}; `interlock resume {pause['name']}` lets it go on")
        rows = effects.standing(tx, engine.process, KIND, account=str(account))
    if not rows:
        raise NothingToDecide(f"account {crm_id} has no prehistory in the ERP, or it was erased already")
    for row in rows:
        if not _erase(engine, row["subject"], row["result_ref"], actor, why):
            raise Refused("refused_by_erp")


def _erase(engine: Engine, account: str, note: str, actor: str, why: str) -> bool:
    """Remove the note from the ERP and its text from the store; that it was written stays on record. False if refused."""
    if not engine.erp.remove(Ref.parse(note)):
        return False
    with engine.database.begin() as tx:
        effects.erase(tx, engine.process, KIND, account)
        audit.erase_values(tx, note)
        audit.append(tx, [audit.Entry(actor, f"erase {KIND}", note, why)])
    return True
