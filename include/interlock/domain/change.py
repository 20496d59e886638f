"""Changes that a process wants, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from interlock.domain.identity import Json, Ref, Values, content_hash
from interlock.domain.record import Record

Role = Literal["crm", "erp"]
Operation = Literal["create", "update"]

RESULT = "$result"
PLACE = re.compile(r"{(\w*)(?::(\d))?}")


class State(StrEnum):
    """Where a change stands; the open ones are still work."""

    PENDING = "pending"
    HELD = "held"  # a brake: waits for a person's approval
    SENDING = "sending"
    UNKNOWN = "unknown"  # sent, outcome not seen
    DONE = "done"
    UNCHANGED = "unchanged"  # the target already said so
    REJECTED = "rejected"
    STALE = "stale"  # the target changed since it was decided; decide again
    CANCELLED = "cancelled"


OPEN = (State.PENDING, State.HELD, State.SENDING, State.UNKNOWN)


def result_of(change_key: str, name: str, text: str = "{}") -> dict[str, Json]:
    """Stand in for a value that another change will bring, such as a new customer's number.

    In `text`, `{}` is its place, `{name}` the place of any other result of that change, and `{name:2}` that of an amount with so
    many decimals.
    """
    return {RESULT: {"change": change_key, "name": name, "text": text}}


def filled(text: str, results: Values, usual: str = "") -> str:
    """Put results into the places of a text, `{}` being that of `usual`; one that the target left empty is an empty text."""

    def place(found: re.Match[str]) -> str:
        result = results[found[1] or usual]
        value = "" if result is None else str(result)
        return f"{Decimal(value):.{found[2]}f}" if found[2] and value else value

    return PLACE.sub(place, text)


@dataclass(frozen=True)
class Change:
    """One intended effect on one record.

    `key` names the effect. A once-only effect (`once`: create, note) has a business key, unique for ever; an update's
    key is made of its target and the hashes of the touched fields as seen and as wanted. `target` is what is locked:
    the record, or the business key while there is none. `values` are absolute, in Interlock's field names.
    """

    key: str
    process: str
    system: Role
    operation: Operation
    kind: str
    target: str
    subject: Ref
    values: Values
    once: bool
    ref: Ref | None = None
    parent: Ref | None = None
    seen: Values = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    why: str = ""

    @classmethod
    def create(
        cls,
        key: str,
        *,
        process: str,
        system: Role,
        kind: str,
        subject: Ref,
        values: Values,
        parent: Ref | None = None,
        depends_on: tuple[str, ...] = (),
        why: str = "",
    ) -> Change:
        """Build a once-only effect under its business key."""
        return cls(
            key=key, process=process, system=system, operation="create", kind=kind, target=f"new:{key}", subject=subject,
            values=values, once=True, parent=parent, depends_on=depends_on, why=why,
        )  # fmt: skip

    @classmethod
    def update(
        cls,
        ref: Ref,
        *,
        process: str,
        system: Role,
        subject: Ref,
        values: Values,
        seen: Values,
        depends_on: tuple[str, ...] = (),
        why: str = "",
    ) -> Change:
        """Build an update of the touched fields only; `seen` are these fields as last read."""
        touched = {name: seen.get(name) for name in values}
        key = f"{ref}:{content_hash(touched)}:{content_hash(values)}"
        return cls(
            key=key, process=process, system=system, operation="update", kind=ref.kind, target=str(ref), subject=subject,
            values=values, once=False, ref=ref, seen=touched, depends_on=depends_on, why=why,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Write:
    """What a connector is asked to write: a change with every reference resolved."""

    key: str
    operation: Operation
    kind: str
    values: Values
    ref: Ref | None = None
    parent: Ref | None = None
    subject: Ref | None = None
    seen: Record | None = None  # the record as re-read right before, with the target's own lock value if it has one


@dataclass(frozen=True, slots=True)
class Done:
    """The write is in the target, seen there. `results` feed dependent changes (a new customer's number)."""

    key: str
    ref: Ref
    results: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A definite no, nothing written. `message` is our plain sentence, `detail` the target's own text."""

    key: str
    code: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not be in the target."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not in the target; try again after `retry_after` seconds."""

    key: str
    reason: str
    retry_after: float = 1.0


@dataclass(frozen=True, slots=True)
class Conflict:
    """The target's optimistic lock said the record changed meanwhile; nothing written."""

    key: str


Outcome = Done | Rejected | Unknown | NotSent | Conflict
