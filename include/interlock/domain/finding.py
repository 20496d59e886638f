"""What one check over a whole batch found: keys and counts, never values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interlock.domain.record import Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason on one field of one kind, over `checked` records; `keys` are the references of those it is true of.

    message: what is wrong and what to do, in plain words and without values.
    """

    kind: str
    field: str
    code: str
    message: str
    checked: int
    keys: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say how many of how many, what is wrong, what to do."""
        return f"{len(self.keys)} of {self.checked} {self.kind}s: {self.message}"


def grouped(kind: str, checked: int, problems: Mapping[str, Sequence[Problem]]) -> list[Finding]:
    """Return one finding a reason for problems by record."""
    keys: dict[tuple[str, str], list[str]] = {}
    messages: dict[tuple[str, str], str] = {}
    for ref, found in problems.items():
        for problem in found:
            place = (problem.field, problem.code)
            keys.setdefault(place, []).append(ref)
            messages.setdefault(place, problem.message)
    return [Finding(kind, *place, messages[place], checked, tuple(sorted(set(refs)))) for place, refs in keys.items()]


def flawed(kind: str, findings: Iterable[Finding]) -> set[str]:
    """Return the records of a kind that anything was found in."""
    return {key for finding in findings if finding.kind == kind for key in finding.keys}
