"""What sales did with an account: notes, calls, e-mails, meetings, tasks."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

ACTIVITY_TYPES: Final = ("note", "call", "email", "meeting", "task")


class Owner(BaseModel):
    """Who in the company looks after a record; `former`: no longer a user of the CRM. An unknown one has no name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    former: bool = False


class Activity(BaseModel):
    """One activity. `time` is ISO 8601 UTC; `deal` is the CRM's id.

    subject and body are read at the prehistory's level `full` only. private: it never leaves the CRM.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = "note"
    time: str = ""
    direction: str = ""  # in | out | nothing
    owner: Owner = Owner()
    deal: str = ""
    private: bool = False
    subject: str = ""
    body: str = ""
