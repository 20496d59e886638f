"""Check receivables: an account of which one document cannot be used is held back, for its sums would be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from interlock.domain.finding import grouped
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.engine.findings import Problems, joined, stop_if_too_many
from interlock.engine.holding import hold_back
from interlock.engine.payments.gathering import NUMBER
from interlock.quality import suites
from interlock.store import batches, work
from interlock.store import checked as store
from interlock.store.database import Transaction

Row = dict[str, Any]
UNKNOWN = Problem("account_unknown", "", "the CRM has no such account; check the id, or run with `full` if it was deleted")
NO_INVOICE = Problem(
    "invoice_unknown", "", "the ERP has no posted invoice of this number, or its customer is no account of the CRM"
)


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine accounts that cannot be reckoned with; raises TooManyRejected before any write when too many cannot."""
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
        dry = bool(info["dry_run"])
        found = _collect(engine, tx, batch, info)
        staged, unknown = Counter[str](), Counter(account=len(found))
        looked_at = Counter[str](account=len(found))
        scratch, flow = batch if dry else None, engine.flow
        for page in work.views(tx, batch, engine.process, flow.subjects, scratch, engine.settings.engine.page):
            looked_at["account"] += len(page)
            found |= {row["ref"]: problems for row in page if (problems := list(_unusable(row)))}
            staged["receivable"] += store.fill(tx, batch, "receivable", _documents(page))
    fresh = suites.findings(engine.database.dsn, batch, staged, engine.now())
    with engine.database.begin() as tx:
        findings = joined(grouped("account", looked_at["account"], found), fresh)
        store.keep(tx, batch, findings)
        owners = store.accounts_of(tx, batch, "receivable", [key for finding in fresh for key in finding.keys])
    for finding in fresh:
        for key in finding.keys:
            _add(found, owners[key], Problem(finding.code, finding.field, finding.message))
    hold_back(engine, batch, found, dry=dry)
    stop_if_too_many(staged + looked_at + unknown, findings, engine.settings.quality, batch)
    return len(found)


def _add(found: Problems, ref: str, problem: Problem) -> None:
    known = found.setdefault(ref, [])
    if (problem.code, problem.field) not in {(other.code, other.field) for other in known}:
        known.append(problem)


def _collect(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> Problems:
    """List the run's accounts; returns the problems known by then."""
    crm, config = engine.crm.instance().id, engine.flow.config(engine.settings)
    scratch = batch if info["dry_run"] else None
    work.collect(tx, batch, engine.process, engine.flow.subjects, crm, config, batches.scope(tx, batch), scratch)
    store.clear(tx, batch)
    unknown = work.unknown_names(tx, batch, UNKNOWN.code)
    return {ref: [NO_INVOICE if f"/{NUMBER}/" in ref else UNKNOWN] for ref in unknown}


def _unusable(row: Row) -> Iterator[Problem]:
    """Yield what keeps an account's documents, or what the CRM shows, from being read; each document is named."""
    for document in row["documents"] + [document for contract in row["contracts"] for document in contract["receivables"]]:
        for code, _, message, detail in document["problems"]:
            yield Problem(code, document["ref"].rsplit("/", 1)[1], message, detail)
    for problems in (row["balance_problems"] or [], *(contract["problems"] for contract in row["contracts"])):
        yield from (Problem(*problem) for problem in problems)


def _documents(page: list[Row]) -> Iterator[tuple[str, Row]]:
    """Yield each customer's own documents once; what has no number yet is known by its reference."""
    for row in page:
        for document in row["documents"]:
            body = document["body"]
            if document["problems"]:
                continue
            posted = body.get("state") in {"posted", "paid"} and body.get("kind") != "item"
            name = body.get("number") if posted else document["ref"]
            yield document["ref"], {"account": row["ref"], "number": name, "currency": body.get("currency")}
