"""What matching would do with all accounts, for a person to read before the first load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from interlock.domain.identity import Ref
from interlock.domain.matching import Rules
from interlock.processes.matching.matcher import NOTHING, match
from interlock.processes.matching.model import REASONS, REMARKS, Candidate, Match, Subject

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """rows: one an account, what needs a person first. totals: verdict/reason -> accounts; adds up to the rows."""

    rows: tuple[Row, ...]
    totals: Mapping[str, int]


ORDER = {"ask": 0, "create": 1, "linked": 2}


def preview(
    accounts: Iterable[Subject],
    customers: Iterable[Subject],
    linked: Mapping[Ref, Ref] = NOTHING,
    rules: Rules | None = None,
    decisions: Mapping[Ref, Ref | None] = NOTHING,
) -> Preview:
    """Sum up what would be linked, asked and created; changes nothing. Rows hold references, codes and scores, no names."""
    matches = sorted(match(accounts, customers, linked, rules, decisions), key=lambda m: (ORDER[m.verdict], m.account))
    totals = Counter(f"{found.verdict}/{found.reason}" for found in matches)
    return Preview(tuple(map(row, matches)), dict(sorted(totals.items())))


def row(found: Match) -> Row:
    """Return a verdict as a plain row, its reason in words."""
    return {
        "account": str(found.account),
        "verdict": found.verdict,
        "tier": found.tier or None,
        "customer": str(found.customer) if found.customer else None,
        "reason": found.reason,
        "why": REASONS[found.reason],
        "candidates": [_candidate(candidate) for candidate in found.candidates],
    }


def _candidate(candidate: Candidate) -> Row:
    return {
        "ref": str(candidate.ref),
        "score": candidate.score,
        "agrees": list(candidate.evidence),
        "against": [REMARKS[code] for code in candidate.against],
        "active": candidate.active,
        "taken_by": str(candidate.taken_by) if candidate.taken_by else None,
    }
