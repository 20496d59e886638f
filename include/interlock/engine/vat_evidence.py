"""Ask the VAT register before an untaxed EU supply is invoiced, and keep its answers as evidence."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Final

from interlock.domain.vat import Consultation, VatAnswer
from interlock.engine.context import Engine
from interlock.ports.register import VatRegister
from interlock.store import audit, vat_answers
from interlock.store.audit import Entry

log = logging.getLogger(__name__)
BATCH: Final = 10
"""Answers remembered at once: what a killed worker may have to ask again."""


def ask_register(
    engine: Engine, register: VatRegister | None, vat_ids: Iterable[str], as_of: date, *, dry_run: bool = False
) -> dict[str, VatAnswer]:
    """Return what holds of each VAT id now; the register is asked about those without a valid answer that is new enough.

    No transaction is open while it is asked. Each definite answer goes to the audit log with its consultation number; a dry
    run asks, and keeps nothing. Without a register or seller.vat_id nobody is asked, and old valid answers count as unknown.
    Raises ConfigurationError when the register does not accept seller.vat_id.
    """
    wanted, requester = list(dict.fromkeys(filter(None, vat_ids))), engine.settings.seller.vat_id
    with engine.database.begin() as tx:
        known = vat_answers.known(tx, wanted, requester)
        stale = vat_answers.stale(tx, wanted, requester, as_of, engine.settings.tax.vat_ask_again_days)
    answers = {vat_id: known.get(vat_id, VatAnswer(vat_id)) for vat_id in wanted}
    answers |= {vat_id: answers[vat_id].unconfirmed() for vat_id in stale}
    if register is None or not requester or not stale:
        return answers
    told: Counter[str] = Counter()
    for batch in _batches(register.ask(stale, requester)):
        answers |= _kept(engine, register, requester, batch, dry_run=dry_run)
        told.update(answer.fault or answer.status for answer in batch)
    log.info("%s was asked about %d VAT ids: %s", register.name, len(stale), dict(told))
    return answers


def _batches(answers: Iterator[Consultation]) -> Iterator[list[Consultation]]:
    while batch := list(islice(answers, BATCH)):
        yield batch


def _kept(
    engine: Engine, register: VatRegister, requester: str, batch: list[Consultation], *, dry_run: bool
) -> dict[str, VatAnswer]:
    with engine.database.begin() as tx, tx.transaction(force_rollback=dry_run):
        vat_answers.remember(tx, batch, requester, engine.now(), engine.settings.zone)
        audit.append(tx, [_entry(engine, register, requester, answer) for answer in batch if answer.status != "unknown"])
        return vat_answers.known(tx, [answer.vat_id for answer in batch], requester)


def _entry(engine: Engine, register: VatRegister, requester: str, answer: Consultation) -> Entry:
    """Say what the register told; the VAT ids, which may be a person's, lie with the values that can be erased."""
    values = {"vat_id": answer.vat_id, "requester": requester, "status": answer.status, "at": answer.at.isoformat()}
    return Entry(engine.owner, "ask VAT register", f"{register.name}/{answer.request_id or answer.fault}", answer.status, values)
