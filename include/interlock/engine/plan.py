"""Check the work row by row and over the batch, then decide it (the pure part) and record the decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from interlock.domain.activity import Activity
from interlock.domain.change import Change
from interlock.domain.contact import Contact
from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer, Deal
from interlock.domain.record import Problem
from interlock.engine import checked
from interlock.engine.checked import Problems, Staged
from interlock.engine.context import Engine
from interlock.engine.histories import read_histories
from interlock.engine.match import Matches, question
from interlock.engine.recording import Decided, record
from interlock.processes import checks
from interlock.processes import lead_to_customer as process
from interlock.processes.view import Decision, View
from interlock.quality import suites
from interlock.store import batches, outbox, people, records, requests, work
from interlock.store import checked as store
from interlock.store.accounts import ACCOUNTS
from interlock.store.database import Transaction, refresh_statistics
from interlock.store.work import Subject

Row = dict[str, Any]


UNKNOWN = Problem("account_unknown", "", "the CRM has no such account; check the id, or run with `full` if it was deleted")


def check(engine: Engine, batch: UUID) -> int:
    """Quarantine records that cannot go on; raises TooManyRejected before any write when too many cannot."""
    with engine.timed(batch, "check"):
        with engine.database.begin() as tx:
            info = batches.batch(tx, batch)
            dry, found = bool(info["dry_run"]), _collect(engine, tx, batch, info)
            staged, exempt, untold = Staged(unknown=len(found)), dict[str, frozenset[str]](), dict[str, Ref]()
            for page in _pages(engine, tx, batch, batch if dry else None):
                rows = [(row, view) for row in page if process.concerns(view := _view(row), engine.settings)]
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
    _hold_back(engine, batch, found, dry=dry)
    checked.stop_if_too_many(staged.looked_at, findings, engine.settings.quality, batch)


def _collect(engine: Engine, tx: Transaction, batch: UUID, info: Row) -> dict[str, list[Problem]]:
    """List the run's subjects; returns the problems known by then."""
    scratch = batch if info["dry_run"] else None
    crm, config = engine.crm.instance().id, engine.settings.leads_hash
    work.collect(tx, batch, engine.process, ACCOUNTS, crm, config, batches.scope(tx, batch), scratch)
    _deals_without_account(engine, tx, batch, info)
    store.clear(tx, batch)
    return {ref: [UNKNOWN] for ref in work.unknown_names(tx, batch)}


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


def _hold_back(engine: Engine, batch: UUID, found: dict[str, list[Problem]], *, dry: bool) -> None:
    with engine.database.begin() as tx:
        rows = tx.execute(
            "SELECT ref, inputs FROM interlock.batch_subject WHERE batch_id = %s AND ref = ANY(%s)", [batch, list(found)]
        ).fetchall()
        held = [Subject(row["ref"], row["inputs"], "rejected", ", ".join(p.code for p in found[row["ref"]])) for row in rows]
        work.set_outcomes(tx, batch, held)
        if dry:
            return
        for subject in held:
            people.quarantine(tx, engine.process, batch, subject.ref, found[subject.ref])
        work.decided(tx, engine.process, engine.settings.leads_hash, held)
        work.redecide(tx, engine.process, [ref for ref, problems in found.items() if checks.CIRCLE in problems])


def decide(engine: Engine, batch: UUID) -> list[Row]:
    """Decide every accepted subject; in a dry run return the planned changes instead of recording them.

    All of it is one commit, brake included: no other worker sees a change that the brake would hold. Decisions of one
    process queue behind each other.
    """
    planned, count = list[Row](), 0
    with engine.timed(batch, "decide"), engine.database.begin() as tx:
        dry = bool(batches.batch(tx, batch)["dry_run"])
        if not dry:
            outbox.queue_up(tx, engine.process)
        scratch = batch if dry else None
        found = Matches(engine, tx, _new(engine, tx, batch, scratch), scratch)
        unfit = checked.unfit(store.findings(tx, batch))
        for page in _pages(engine, tx, batch, scratch):
            decided = [_decided(engine, row, found, unfit) for row in page if row["outcome"] != "rejected"]
            count += len(decided)
            work.set_outcomes(tx, batch, [one.subject for one in decided])
            if dry:
                planned += [_shown(change) for one in decided for change in one.decision.changes]
            else:
                record(engine, tx, batch, decided)
        if not dry:
            _brake(engine, tx, batch)
            refresh_statistics(tx, count, "change", "subject")
    return planned


def _new(engine: Engine, tx: Transaction, batch: UUID, scratch: UUID | None) -> Iterator[View]:
    """Yield the accounts that are to become customers, unless they already are."""
    for page in _pages(engine, tx, batch, scratch):
        accepted = (_view(row) for row in page if row["outcome"] != "rejected" and not row["rejected_by_approver"])
        yield from (v for v in accepted if v.customer_ref is None and not v.merging and process.concerns(v, engine.settings))


def _decided(engine: Engine, row: Row, found: Matches, unfit: checked.Unfit) -> Decided:
    view = checked.fit(found.linked(_view(row)), unfit)
    decision = process.decide(view, engine.settings, engine.now())
    if problem := question(found.of(view)):
        decision = Decision("rejected", problems=(problem,))
    if row["rejected_by_approver"]:
        decision = Decision("rejected", reason=people.REJECTED_BY_APPROVER)
    return Decided(row, view, found.of(view), decision)


def _brake(engine: Engine, tx: Transaction, batch: UUID) -> None:
    """Beyond a limit all of the run's changes wait for approval (invariant 14)."""
    limits = engine.settings.limits
    requests.renew(tx, engine.process, batch)
    row = tx.execute(
        "SELECT count(*) FILTER (WHERE operation = 'create' AND system = 'erp' AND kind = 'customer') AS creates,"  # noqa: S608
        " count(*) FILTER (WHERE operation = 'update' AND system = 'erp') AS updates, array_agg(id) AS ids"
        f" FROM interlock.change c WHERE batch_id = %s AND attempt = 0 AND {requests.UNAPPROVED}",
        [batch],
    ).fetchone()
    if row and (row["creates"] > limits.max_creates or row["updates"] > limits.max_updates):
        reason = f"{row['creates']} creates and {row['updates']} updates exceed the limits"
        requests.hold(tx, engine.process, batch, row["ids"], reason)


def _pages(engine: Engine, tx: Transaction, batch: UUID, scratch: UUID | None) -> Iterator[list[Row]]:
    return work.views(tx, batch, engine.process, ACCOUNTS, scratch, engine.settings.engine.page)


def _view(row: Row) -> View:
    children: dict[str, list[Row]] = {"deal": [], "contact": [], "activity": []}
    for child in row["children"]:
        children.get(child["kind"], []).append(child | {"body": child["body"] | {"id": Ref.parse(child["ref"]).id}})
    return View(
        ref=Ref.parse(row["ref"]),
        account=Account.model_validate(row["body"]),
        revision=row["revision"],
        archived=row["archived"],
        problems=tuple(Problem(*problem) for problem in row["problems"]),
        deals=tuple(Deal.model_validate(child["body"]) for child in children["deal"]),
        customer_ref=Ref.parse(row["customer"]) if row["customer"] else None,
        customer=Customer.model_validate(row["customer_body"]) if row["customer_body"] and not row["customer_archived"] else None,
        number=row["number"] or "",
        noted=row["noted"],
        other_customers=tuple(row["other_customers"]),
        merging=row["merging"],
        released=frozenset((code, detail) for code, detail in row["released"]),
        contacts=tuple(Contact.model_validate(child["body"]) for child in children["contact"]),
        activities=tuple(Activity.model_validate(child["body"]) for child in children["activity"]),
        told=row["told"],
        further=row["further"],
        circular=row["cyclic"],
        above=Ref.parse(row["above"]["ref"]) if row["above"] else None,
        above_standing=row["above"]["standing"] if row["above"] else "",
    )


def _shown(change: Change) -> Row:
    return {
        "subject": str(change.subject), "system": change.system, "operation": change.operation, "kind": change.kind,
        "before": dict(change.seen), "after": dict(change.values), "why": change.why, "state": "planned",
    }  # fmt: skip
