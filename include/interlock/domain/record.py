"""A record as read from a system: its identity, when it changed, what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from interlock.domain.identity import Ref, Values, canonical, hash_of


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record cannot go on: a stable code, the field, and a plain sentence without values."""

    code: str
    field: str
    message: str
    detail: str = ""


@dataclass(frozen=True)
class Record:
    """One record in Interlock's own field names.

    `modified_at` is the source's timestamp in UTC; `values` hold only JSON types; `parent` is the record whose change
    this one counts as (a deal's account); `merged_from` are ids that now lead here.
    """

    ref: Ref
    modified_at: datetime
    values: Values
    parent: Ref | None = None
    problems: tuple[Problem, ...] = ()
    archived: bool = False
    merged_from: tuple[str, ...] = ()

    @cached_property
    def revision(self) -> str:
        """Hash of the values, never of a timestamp (invariant 7); of two unusable values each is a version of its own."""
        state = '{"archived":true' if self.archived else '{"archived":false'
        if self.problems:
            state = canonical({"archived": self.archived, "problems": [[p.code, p.field, p.detail] for p in self.problems]})[:-1]
        return hash_of(f'{state},"values":{self.text}}}')

    @cached_property
    def text(self) -> str:
        """The canonical JSON text of the values."""
        return canonical(self.values)


@dataclass(frozen=True)
class Page:
    """Some records and the timestamp up to which reading is complete once they are stored.

    `watermark` is None while that is not known, as within an unsorted listing.
    """

    records: Sequence[Record]
    watermark: datetime | None = None
