"""What the checks of a batch found, together, and what it means for the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from interlock.config.processes import QualitySettings
from interlock.domain.finding import Finding, flawed
from interlock.domain.record import Problem
from interlock.errors import TooManyRejected

Problems: TypeAlias = dict[str, list[Problem]]
REASONS_SHOWN = 3


def add(found: Problems, ref: str, problem: Problem) -> None:
    """Add a problem to those of a subject, once for each code and field."""
    known = found.setdefault(ref, [])
    if (problem.code, problem.field) not in {(other.code, other.field) for other in known}:
        known.append(problem)


def joined(single: Iterable[Finding], batch: Iterable[Finding]) -> list[Finding]:
    """Join what single records' checks say with what those over the batch found; the former come first for a field."""
    known = {(finding.kind, finding.field, finding.code): finding for finding in single}
    for finding in batch:
        place = (finding.kind, finding.field, finding.code)
        before = known[place].keys if place in known else ()
        known[place] = replace(finding, keys=tuple(sorted({*before, *finding.keys})))
    return list(known.values())


def stop_if_too_many(rows: Mapping[str, int], findings: Sequence[Finding], quality: QualitySettings, batch: UUID) -> None:
    """Raise TooManyRejected, before any write, when too many records of a kind cannot be used; small batches never stop."""
    for kind, number in rows.items():
        bad = len(flawed(kind, findings))
        if number >= quality.minimum and bad > quality.stop_share * number:
            found = sorted((f for f in findings if f.kind == kind and f.keys), key=lambda f: -len(f.keys))
            reasons = "; ".join(f.words for f in found[:REASONS_SHOWN])
            raise TooManyRejected(
                f"{bad} of {number} {kind}s fail their checks, more than quality.stop_share allows; nothing was written."
                f" {reasons}. `interlock report {batch}` names them"
            )
