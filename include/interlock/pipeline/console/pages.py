"""What an operator can read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse, HTMLResponse

from interlock.pipeline.console.access import READ, TEXT, Id, opened
from interlock.pipeline.console.render import HERE, Pages, page
from interlock.processes.billing.money import RunMoney
from interlock.store import asked, matches, overview
from interlock.store.database import Transaction
from interlock.store.decisions import MATCH

router = APIRouter(dependencies=READ)
SIZE: Final = 100
FEW: Final = 3
FILES: Final = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
Number = Annotated[int, Query(ge=1, le=1_000_000)]
Find = Annotated[str, Query(max_length=200, pattern=TEXT)]
Name = Annotated[str, Path(max_length=500, pattern=TEXT)]


@router.get("/", response_class=HTMLResponse)
def start(request: Request) -> HTMLResponse:
    """What needs a person now, and the last runs."""
    with opened() as tx:
        tally, runs = overview.tally(tx), overview.runs(tx, 10)
        _, held = overview.held(tx, "", 5)
    return page(request, "start.html", tally=tally, runs=runs, held=held)


@router.get("/runs", response_class=HTMLResponse)
def runs(request: Request, at: Number = 1) -> HTMLResponse:
    """All runs, newest first."""
    with opened() as tx:
        tally = overview.tally(tx)
        pages = Pages(at, SIZE, tally["runs"])
        rows = overview.runs(tx, SIZE, pages.first - 1)
    return page(request, "runs.html", tally=tally, runs=rows, pages=pages)


@router.get("/runs/{process}/{name}", response_class=HTMLResponse)
def run(request: Request, process: Name, name: Name, at: Number = 1, find: Find = "") -> HTMLResponse:
    """One run: its counts, what it held back, each change with before and after."""
    with opened() as tx:
        tally, row = overview.tally(tx), overview.run(tx, process, name)
        if row is None:
            return page(request, "no_run.html", tally=tally, process=process, name=name)
        total, changes = _changes(tx, row, find.strip(), at)
        held = overview.named(tx, (row["report"] or {}).get("held_back", [])[:SIZE])
    pages, money = Pages(at, SIZE, total), RunMoney.model_validate((row["report"] or {}).get("money") or {})
    shown = {"run": row, "held": held, "money": money, "changes": changes, "pages": pages, "find": find.strip()}
    return page(request, "run.html", tally=tally, **shown)


def _changes(tx: Transaction, row: overview.Row, find: str, at: int) -> tuple[int, list[overview.Row]]:
    total, rows = overview.changes(tx, row["id"], find, SIZE, (at - 1) * SIZE)
    if rows or at == 1:
        return total, rows
    total, _ = overview.changes(tx, row["id"], find, 1)
    return total, overview.changes(tx, row["id"], find, SIZE, Pages(at, SIZE, total).first - 1)[1]


@router.get("/held", response_class=HTMLResponse)
def held(request: Request, at: Number = 1, find: Find = "") -> HTMLResponse:
    """Everything that is held back, with the reason and what to do."""
    find = find.strip()
    with opened() as tx:
        tally = overview.tally(tx)
        total, rows = overview.held(tx, find, SIZE, (at - 1) * SIZE)
        if not rows and at > 1:
            total, _ = overview.held(tx, find, 1)
            rows = overview.held(tx, find, SIZE, Pages(at, SIZE, total).first - 1)[1]
    return page(request, "held.html", tally=tally, held=rows, pages=Pages(at, SIZE, total), find=find)


@router.get("/held/{number}", response_class=HTMLResponse)
def entry(request: Request, number: Id) -> HTMLResponse:
    """One held-back record: the reason, the record as last read, what happened to it before."""
    with opened() as tx:
        tally, row = overview.tally(tx), overview.entry(tx, number)
        if row is None:
            raise HTTPException(404, f"There is no held-back entry {number}; the list shows the open ones.")
        entries, changes = overview.past(tx, row["process"], row["ref"])
        asked = row["state"] == "open" and row["code"].startswith(MATCH)
        found = matches.candidates(tx, row["ref"]) if asked else []
    return page(request, "entry.html", tally=tally, entry=row, entries=entries, changes=changes, asked=asked, candidates=found)


@router.get("/approvals", response_class=HTMLResponse)
def approvals(request: Request) -> HTMLResponse:
    """What waits until a person answers, and the latest answers."""
    with opened() as tx:
        tally, rows = overview.tally(tx), overview.approvals(tx, SIZE)
        invoices = asked.invoices(tx, [row["id"] for row in rows], FEW)
    return page(request, "approvals.html", tally=tally, approvals=rows, invoices=invoices)


@router.get("/approvals/{number}", response_class=HTMLResponse)
def approval(request: Request, number: Id, at: Number = 1) -> HTMLResponse:
    """One request with every change it is about."""
    with opened() as tx:
        tally, row = overview.tally(tx), overview.approval(tx, number)
        if row is None:
            raise HTTPException(404, f"There is no approval request {number}; the list shows the open ones.")
        pages = Pages(at, SIZE, row["changes"])
        changes = asked.changes(tx, row["id"], SIZE, pages.first - 1)
    invoices = asked.invoices_of(changes)
    return page(request, "approval.html", tally=tally, approval=row, changes=changes, invoices=invoices, pages=pages)


@router.get("/paused", response_class=HTMLResponse)
def paused(request: Request) -> HTMLResponse:
    """What can be stopped before its next write, and what is stopped."""
    with opened() as tx:
        return page(request, "paused.html", tally=overview.tally(tx))


@router.get("/static/{name}")
def static(name: str) -> FileResponse:
    """Style, script and icon, behind the same login."""
    if name not in FILES:
        raise HTTPException(404, f"There is no file {name}.")
    return FileResponse(HERE / "static" / name, media_type=FILES[name], headers={"Cache-Control": "private, max-age=300"})
