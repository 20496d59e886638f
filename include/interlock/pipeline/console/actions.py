"""What an operator can decide. A decision is recorded under the Airflow user's name; the next run acts on it."""

from __future__ import annotations

from typing import Annotated, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, StringConstraints

from interlock.config import load
from interlock.pipeline.console.access import APPROVE, DECIDE, SWITCH, TEXT, Id, opened
from interlock.store import approvals, decisions

router = APIRouter()
Answer = dict[str, str]


class Decision(BaseModel):
    """Why somebody decides, and the revision of the record that was on the screen."""

    model_config = ConfigDict(extra="forbid")

    why: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=TEXT)] = ""
    revision: Annotated[str, StringConstraints(max_length=64, pattern=TEXT)] | None = None


@router.post("/held/{number}/match/{answer:path}", dependencies=DECIDE)
def decide_match(number: Id, answer: str, decision: Decision, user: GetUserDep) -> Answer:
    """Say which customer an account is: `is/NUMBER`, or `new`."""
    kind, _, customer = answer.partition("/")
    if answer != "new" and (kind != "is" or not customer):
        raise HTTPException(404, "The answer is `new`, or `is/` and a customer's number.")
    with opened() as tx:
        decisions.decide_match(tx, number, customer or None, user.get_name(), decision.why)
    return {"message": f"Recorded: it is {f'customer {customer}' if customer else 'a new customer'}. The next run acts on it."}


@router.post("/held/{number}/{action}", dependencies=DECIDE)
def decide_entry(number: Id, action: Literal["release", "ignore"], decision: Decision, user: GetUserDep) -> Answer:
    """Release a held-back record for the next run, or ignore it until it changes."""
    with opened() as tx:
        newer = decisions.decide_entry(tx, number, action, user.get_name(), decision.why, decision.revision)
    if newer:
        return {"message": "Recorded. The record has changed since: the next run judges the newer version."}
    if action == "release":
        return {"message": "Released: the next run judges the record again."}
    return {"message": "Ignored: the record is left out until it changes."}


@router.post("/approvals/{number}/{action}", dependencies=APPROVE)
def decide_approval(number: Id, action: Literal["approve", "reject"], decision: Decision, user: GetUserDep) -> Answer:
    """Let a held run go, or drop its changes."""
    with opened() as tx:
        answer = approvals.decide(tx, number, action, user.get_name(), decision.why, load().approval)
    if answer.state == "void":
        return {"message": "Its content changed since it was asked, so nothing was approved. The next run asks anew."}
    if answer.state == "approved":
        return {"message": f"Approved. Changes that the next run writes: {answer.changes}."}
    return {"message": f"Rejected. Changes dropped: {answer.changes}."}


@router.post("/paused/{name}/{action}", dependencies=SWITCH)
def switch(name: str, action: Literal["pause", "resume"], decision: Decision, user: GetUserDep) -> Answer:
    """Stop a process or system before its next write, or let it go on."""
    with opened() as tx:
        if action == "pause":
            fresh = decisions.pause(tx, name, user.get_name(), decision.why)
            return {"message": f"{name} is paused." if fresh else f"{name} was paused before."}
        found = decisions.resume(tx, name, user.get_name(), decision.why)
    return {"message": f"{name} goes on." if found else f"{name} was not paused."}
