"""Who may do what, and the way to the integration database."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Annotated, Final, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag, requires_access_view
from fastapi import Depends, Header, HTTPException, Path, Request

from interlock.config import load
from interlock.domain.process import PROCESSES
from interlock.pipeline.connections import look_up
from interlock.store import database, overview
from interlock.store.database import Transaction

TEXT: Final = r"^[^\x00]*$"  # what PostgreSQL can hold
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


def own_header(x_interlock: Annotated[str, Header()] = "") -> None:
    """Refuse a write that did not come from a page of ours: other sites cannot send this header (no CSRF)."""
    if x_interlock != "1":
        raise HTTPException(403, "send the header X-Interlock: 1")


def reads_a_process(request: Request, user: GetUserDep) -> None:
    """Let in whoever may read the DAG of a process, any of them."""
    refusals = []
    for name in PROCESSES:
        try:
            requires_access_dag("GET", param_dag_id=name)(request, user)
        except HTTPException as refused:
            refusals.append(refused)
    if len(refusals) == len(PROCESSES):
        raise refusals[0]


def decides_entry(request: Request, user: GetUserDep, number: Id) -> None:
    """Demand the right to edit runs of the process that holds the record back."""
    _demand(request, user, DagAccessEntity.RUN, _process("quarantine", number))


def answers_request(request: Request, user: GetUserDep, number: Id) -> None:
    """Demand the right to answer for the process that asks."""
    _demand(request, user, DagAccessEntity.HITL_DETAIL, _process("approval", number))


def switches(request: Request, user: GetUserDep, name: str) -> None:
    """Demand the right to edit runs of the process; a system is every process's."""
    _demand(request, user, DagAccessEntity.RUN, (name,) if name in PROCESSES else PROCESSES)


def _process(table: Literal["quarantine", "approval"], number: int) -> Collection[str]:
    """Return the process that an entry or a request is about; all of them for one that is not there."""
    with opened() as tx:
        found = overview.process_of(tx, table, number)
    return (found,) if found else PROCESSES


def _demand(request: Request, user: GetUserDep, entity: DagAccessEntity, processes: Collection[str]) -> None:
    for name in processes:
        requires_access_dag("PUT", entity, name)(request, user)


READ: Final = [Depends(requires_access_view(AccessView.PLUGINS)), Depends(reads_a_process)]
DECIDE: Final = [*READ, Depends(own_header), Depends(decides_entry)]
APPROVE: Final = [*READ, Depends(own_header), Depends(answers_request)]
SWITCH: Final = [*READ, Depends(own_header), Depends(switches)]


def opened() -> AbstractContextManager[Transaction]:
    """Open a transaction on the integration database; raises ConfigurationError or SystemUnavailable with the cure."""
    return database.opened(look_up(load().database).url)
