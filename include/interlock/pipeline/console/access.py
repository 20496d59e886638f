"""Who may do what, and the way to the integration database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Final

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag, requires_access_view
from fastapi import Depends, Header, HTTPException, Path

from interlock.config import load
from interlock.pipeline.connections import look_up
from interlock.store import database
from interlock.store.database import Transaction

PROCESS: Final = "lead_to_customer"
TEXT: Final = r"^[^\x00]*$"  # what PostgreSQL can hold
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


def own_header(x_interlock: Annotated[str, Header()] = "") -> None:
    """Refuse a write that did not come from a page of ours: other sites cannot send this header (no CSRF)."""
    if x_interlock != "1":
        raise HTTPException(403, "send the header X-Interlock: 1")


READ: Final = [
    Depends(requires_access_view(AccessView.PLUGINS)),
    Depends(requires_access_dag("GET", param_dag_id=PROCESS)),
]
WRITE: Final = [*READ, Depends(requires_access_dag("PUT", DagAccessEntity.RUN, PROCESS)), Depends(own_header)]
APPROVE: Final = [*READ, Depends(requires_access_dag("PUT", DagAccessEntity.HITL_DETAIL, PROCESS)), Depends(own_header)]


def opened() -> AbstractContextManager[Transaction]:
    """Open a transaction on the integration database; raises ConfigurationError or SystemUnavailable with the cure."""
    return database.opened(look_up(load().database).url)
