"""What one process adds to the engine: what it reads, checks and decides, and what it looks at when a run ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from interlock.config import Settings
from interlock.domain.change import Role, Write
from interlock.domain.finding import Finding
from interlock.domain.identity import Ref
from interlock.processes.decision import Decision
from interlock.store.database import Transaction
from interlock.store.work import Subject, Subjects

if TYPE_CHECKING:
    from interlock.engine.context import Engine, Scope

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """One subject as it was looked at, and what was decided; `found` is what its process keeps beside the changes."""

    ref: str
    inputs: str
    decision: Decision
    found: Any = None

    @property
    def subject(self) -> Subject:
        """What is remembered of it."""
        problems = self.decision.problems
        state, reason = ("rejected", problems[0].code) if problems else (self.decision.verdict, self.decision.reason)
        return Subject(self.ref, self.inputs, state, reason, self.decision.due_at)


class Flow(ABC):
    """A process as the engine runs it.

    waits: what each reason to wait means. created: the kind whose create counts as created. written: kinds of writes by
    system. results: what later changes need of a record that was found, by its kind. read_back: kinds to read again after a run,
    by system. kept: of these, the kinds that must then hold what was written. acknowledges: whether subjects whose records
    hold just what was written need not be decided again. links: the kind whose create changes by itself
    what its subject was decided on. looks_back: whether a run as of an earlier day only looks too, since what it would write
    is told as of now.
    """

    name: ClassVar[str]
    subjects: ClassVar[Subjects]
    waits: ClassVar[Mapping[str, str]]
    created: ClassVar[str]
    written: ClassVar[Mapping[Role, tuple[str, ...]]]
    results: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    read_back: ClassVar[tuple[tuple[Role, str], ...]]
    kept: ClassVar[frozenset[str]] = frozenset()
    acknowledges: ClassVar[bool] = False
    links: ClassVar[str] = ""
    looks_back: ClassVar[bool] = False

    @abstractmethod
    def config(self, settings: Settings) -> str:
        """Return what changes when a setting changes that this process decides by."""

    @abstractmethod
    def named(self, engine: Engine, scope: Scope) -> list[Ref]:
        """Return the records that a run is limited to, none for all."""

    @abstractmethod
    def gather(self, engine: Engine, batch: UUID, info: Row) -> None:
        """Read what changed, or the named records, into snapshots."""

    @abstractmethod
    def check(self, engine: Engine, batch: UUID) -> int:
        """List the work, and hold back what cannot go on; returns how many. Raises TooManyRejected."""

    def learn(self, engine: Engine, batch: UUID, info: Row) -> Any:  # noqa: ANN401, ARG002 - its own to know
        """Ask elsewhere, before any transaction, for what decisions need beside the two systems."""
        return None

    @abstractmethod
    def decide(self, engine: Engine, tx: Transaction, batch: UUID, learned: Any) -> Iterator[list[Decided]]:  # noqa: ANN401
        """Decide the accepted subjects, a page at a time, with what was learned."""

    @abstractmethod
    def keep(self, tx: Transaction, batch: UUID, decided: Sequence[Decided]) -> None:
        """Record what a page's decisions brought beside changes."""

    @abstractmethod
    def brake(self, engine: Engine, tx: Transaction, batch: UUID) -> None:
        """Hold changes that need a person's approval first."""

    @abstractmethod
    def sweep(self, engine: Engine, batch: UUID) -> None:
        """Look for what only a look at everything finds, such as late doubles."""

    @abstractmethod
    def notices(self, engine: Engine, tx: Transaction, batch: UUID, findings: Sequence[Finding], *, dry: bool) -> list[Row]:
        """Return what should be known of subjects that are not held back."""

    def place(self, write: Write) -> str:  # noqa: ARG002
        """Say what of its subject a refused write is about, where a subject has several of its kind."""
        return ""

    def more(self, engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> Row:  # noqa: ARG002
        """Return what the report says beside what every process's says."""
        return {}
