"""What a process answers for one subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from interlock.domain.change import Change
from interlock.domain.record import Problem

Verdict = Literal["unchanged", "planned", "waiting", "rejected"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one subject; `reason` is a stable code.

    again: the next run asks anew, whatever changed. due_at: when time alone changes the answer. stands: nothing can be decided
    now, and what was decided before goes on.
    """

    verdict: Verdict
    changes: tuple[Change, ...] = ()
    reason: str = ""
    problems: tuple[Problem, ...] = field(default=())
    again: bool = False
    due_at: datetime | None = None
    stands: bool = False
