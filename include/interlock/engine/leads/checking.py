"""Check accounts row by row and over the batch: quarantine what cannot go on, leave out what need not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from interlock.domain.identity import Ref
from interlock.domain.party import Deal
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.engine.findings import Problems, stop_if_too_many
from interlock.engine.holding import hold_back
from interlock.engine.leads import checked
from interlock.engine.leads.checked import Staged
from interlock.engine.leads.histories import read_histories
from interlock.engine.leads.viewing import pages, view_of
from interlock.engine.listing import list_work
from interlock.processes import checks
from interlock.processes import lead_to_customer as process
from interlock.quality import suites
from interlock.store import batches, people, records, work
from interlock.store import checked as store
from interlock.store.database import Transaction

Row = dict[str, Any]
UNKNOWN = Problem("account_unknown", "", "the CRM has no such account; check the id, or run with `full` if it was deleted")


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine records that cannot go on; raises TooManyRejected before any write when too many cannot."""
    with engine.database.begin() as tx:
        info = batches.batch(tx, batch)
        dry, found = bool(info["dry_run"]), _collect(engine, tx, batch, info)
        staged, exempt, untold = Staged(unknown=len(found)), dict[str, frozenset[str]](), dict[str, Ref]()
        for page in pages(engine, tx, batch, batch if dry else None):
            rows = [(row, view) for row in page if process.concerns(view := view_of(row), engine.settings)]
            concerned = {row["ref"]: view for row, view in rows}
            findings = {ref: checks.findings(view, engine.settings) for ref, view in concerned.items() if not view.archived}
            found |= {ref: list(f.holding) for ref, f in findings.items() if f.holding}
            exempt |= {ref: f.exempt for ref, f in findings.items() if f.exempt}
            untold |= {ref: view.ref for ref, view in concerned.items() if process.wants_history(view, engine.settings)}
            work.leave_out(tx, batch, {ref: f.left_out for ref, f in findings.items() if f.left_out and not f.holding})
            checked.stage(tx, batch, staged, rows, engine.settings)
    _over_the_batch(engine, batch, staged, found, exempt, dry=dry)
    read_histories(engine, batch, [ref for name, ref in untold.items() if name not in found], dry=dry)
    return len(found)


def _over_the_batch(
    engine: Engine, batch: UUID, staged: Staged, found: Problems, exempt: dict[str, frozenset[str]], *, dry: bool
) -> None:
    """Check each kind as a whole, keep what was found, hold accounts back, stop when it is too much."""
    known = {ref: exempt.get(ref, frozenset()) | {problem.field for problem in found.get(ref, ())} for ref in {*found, *exempt}}
    late = engine.now() + process.SKEW
    fresh = checked.without(suites.findings(engine.database.dsn, batch, staged.rows, late), "account", known)
    findings = checked.joined(staged, found, fresh)
    for finding in fresh:
        if finding.kind == "account":
            for ref in finding.keys:
                found.setdefault(ref, []).append(Problem(finding.code, finding.field, finding.message))
    with engine.database.begin() as tx:
        store.keep(tx, batch, findings)
    hold_back(engine, batch, found, dry=dry, again=_circular(found))
    stop_if_too_many(staged.looked_at, findings, engine.settings.quality, batch)


def _collect(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> dict[str, list[Problem]]:
    """List the run's subjects; returns the problems known by then."""
    list_work(engine, tx, batch, info)
    _deals_without_account(engine, tx, batch, info)
    store.clear(tx, batch)
    return {ref: [UNKNOWN] for ref in work.unknown_names(tx, batch, UNKNOWN.code)}


def _deals_without_account(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> None:
    """Show deals won since go-live that nobody's account can be found for; they count as looked at and held back."""
    if info["named"]:
        return
    dry, crm = bool(info["dry_run"]), engine.crm.instance().id
    rows = records.without_account(tx, crm, batch if dry else None, process.LOST.code)
    refs = [row["ref"] for row in rows if process.is_won(Deal(won_at=row["won_at"]), engine.settings)]
    work.hold_others(tx, batch, refs, process.LOST.code)
    if not dry:
        people.no_longer(tx, engine.process, process.LOST.code, refs)
        for ref in refs:
            people.quarantine(tx, engine.process, batch, ref, [process.LOST])


def _circular(found: Problems) -> list[str]:
    """Return the accounts to look at again each time: what closes the circle may be another account's change."""
    return [ref for ref, problems in found.items() if checks.CIRCLE in problems]
