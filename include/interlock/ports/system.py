"""A system that is read and written: what every connector offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from interlock.domain.change import Outcome, Write
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record


@dataclass(frozen=True, slots=True)
class Instance:
    """Which installation a connection leads to. `id` is stable over restarts and differs between test and production.

    `now` is the system's clock in UTC at the moment of asking.
    """

    id: str
    product: str
    version: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Traits:
    """How a kind of record behaves in this system; the engine's caution depends on it.

    enforces_key: the target itself refuses a second record under our key, so that a repeated create is harmless.
    settle_seconds: after an unanswered write, how long until "absent" may be believed.
    overlap_seconds: how far before the watermark reading starts again (late index, truncated or transaction-start timestamps).
    batch: most records one write call takes.
    """

    batch: int
    enforces_key: bool
    settle_seconds: float
    overlap_seconds: float


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `interlock doctor`: what was looked at, whether it is well, and the cure if not."""

    name: str
    level: Literal["ok", "warning", "error"]
    message: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """A period of the books, both days counted; nothing can be posted into one that is not open."""

    first_day: date
    last_day: date
    open: bool


@runtime_checkable
class Invoicing(Protocol):
    """A system that invoices. Steps are writes of the kinds `invoice`, `invoice_confirmation`, `invoice_posting`."""

    def invoices_of(self, contracts: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """Return every invoice of some contracts by their number, reversed and hand-made ones too, oldest first."""

    def periods(self) -> Sequence[Period]:
        """Return the periods of the books, oldest first."""

    def invoice_checks(self, tax_codes: Sequence[str]) -> Iterator[Check]:
        """Yield what `doctor` shows of invoicing; `tax_codes` are the names that the tax table gives."""


NeedState = Literal["there", "missing", "differs", "unseen", "made", "refused"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that the processes need in a system: on which object, what, under which name, and how it stands with it.

    `differs` is there, but cannot hold what it should; `unseen` could not be looked at, `refused` not be made. The message
    says why, and the cure.
    """

    place: str
    what: Literal["object", "association", "group", "property"]
    name: str
    state: NeedState
    message: str = ""

    def now(self, state: NeedState, message: str = "") -> Need:
        """Return the same need as it stands now."""
        return replace(self, state=state, message=message)


@runtime_checkable
class Preparable(Protocol):
    """A system that can be prepared for the processes; what is there is never changed."""

    def survey(self) -> Sequence[Need]:
        """Say of everything that is needed how it stands with it."""

    def make_missing(self) -> Sequence[Need]:
        """Make what is missing, and say what became of each; to make twice is to make once."""


class System(Protocol):
    """One connected system. All records speak Interlock's field names; every method may raise Retry or Stop errors.

    Reads are retried inside on passing faults. Writes never are: `write` reports instead.
    """

    def instance(self) -> Instance:
        """Ask which installation this is; used to pin it (invariant 14)."""

    def ref(self, kind: str, record_id: str) -> Ref:
        """Name a record of this instance."""

    def traits(self, kind: str) -> Traits:
        """Say how this kind behaves here."""

    def changed(self, kind: str, since: datetime | None) -> Iterator[Page]:
        """Yield every live record changed at or after `since`, oldest first by (timestamp, id); None lists them all.

        A change of a child record that is part of the record's values (an address) counts. More records under one
        timestamp than the system can page raise ContractBroken: nothing vanishes silently.
        """

    def read(self, kind: str, ids: Sequence[str]) -> Mapping[str, Record]:
        """Read by id, seeing own writes; absent ids are absent, an id merged into another maps to the survivor's record."""

    def children(self, kind: str, parents: Sequence[Ref]) -> Iterator[Record]:
        """Yield the records of `kind` whose parent is one of `parents` (the deals of some accounts)."""

    def find(self, writes: Sequence[Write]) -> Mapping[str, Sequence[Record]]:
        """Look creates up by our own reference, by a read that sees its own writes; write key -> records, oldest first.

        Each record's values hold the results that dependants need. Keys with nothing found may be left out.
        """

    def write(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Send one call's worth of writes of one kind and operation; exactly one outcome for each, in any order.

        Never repeats a request whose fate is unknown. Raises Stop errors only when certain that nothing was written.
        """

    def remove(self, ref: Ref) -> bool:
        """Remove a late double that nothing uses; False when the system refuses because it is in use."""

    def checks(self) -> Iterator[Check]:
        """Yield what `doctor` shows: reachability, login, rights, version, clock, fields and defaults needed."""
