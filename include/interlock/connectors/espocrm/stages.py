"""Since when a deal is in a stage: EspoCRM keeps no date of it, but the stream tells when each was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

DEAL: Final = "Opportunity"
UNSEEN: Final = "unseen"  # in the place of a time that a hidden stream would tell


def entered(stream: Sequence[Mapping[str, Any]], won: Sequence[str]) -> str:
    """Return when a deal came into one of some stages and stayed, by its stream, the newest first; "" where it does not say.

    The stream shows notes of what hangs on the deal too.
    """
    since = ""
    for note in stream:
        stage = _stage(note.get("data") or {}) if note.get("parentType", DEAL) == DEAL else None
        if stage is None:
            continue
        if stage not in won:
            break
        since = str(note.get("createdAt") or "")
    return since


def _stage(data: Mapping[str, Any]) -> str | None:
    """Return the stage that a note of the stream tells of: on creation, on a change of it, among other changes.

    On a change EspoCRM 9 gives the value of the status field without naming the field, version 8 names it.
    """
    became = (data.get("attributes") or {}).get("became") or {}
    if "stage" in became:
        return str(became["stage"])
    if data.get("statusField") == "stage":
        return str(data.get("statusValue"))
    if "value" in data and data.get("field", "stage") == "stage":
        return str(data["value"])
    return None
