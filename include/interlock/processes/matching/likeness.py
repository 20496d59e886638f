"""How alike two names are, word by word: typing slips, abbreviations and compounds count, other words do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Final

from rapidfuzz.distance import OSA

from interlock.domain.legal_forms import SOLE_TRADERS
from interlock.processes.matching.names import Name, bare

GENERIC: Final = frozenset(
    {
        "holding", "gruppe", "group", "deutschland", "germany", "austria", "oesterreich", "schweiz", "suisse", "france",
        "international", "europe", "service", "handel", "gesellschaft", "co", "verwaltung", "beteiligung", "vertrieb", "soehne",
        "sohn", "partner", "bau", "technik", "systeme", "consulting", "management", "immobilien", "gebrueder", "associates",
        "brothers",
    }
)  # fmt: skip
GENERIC_WEIGHT: Final = 0.5
SLIP_LENGTH: Final = 5  # one slip in a word of so many letters
TWO_SLIPS_LENGTH: Final = 10
ABBREVIATED: Final = 0.95
SHORTEST_ABBREVIATION: Final = 3
ACRONYM: Final = range(2, 6)
ACRONYM_LIKENESS: Final = 0.8
NUMBERS_DIFFER: Final = 0.5
NUMBER_MISSING: Final = 0.9


@dataclass(frozen=True, slots=True)
class Likeness:
    """value: 0 to 1. whole: every word of either name has its counterpart, with at most typing slips. exact: without any."""

    value: float
    whole: bool
    exact: bool


NOTHING: Final = Likeness(0.0, whole=False, exact=False)


def likeness(a: Name, b: Name) -> Likeness:
    """Compare two names without their legal forms; the order of the two does not matter."""
    if not a.core or not b.core:
        return NOTHING
    exact = a.key == b.key or (a.joined == b.joined and a.numbers == b.numbers)
    if exact:
        return Likeness(1.0, whole=True, exact=True)
    value, whole = _words(*sorted((a, b), key=lambda name: name.core))
    if is_acronym(a, b) or is_acronym(b, a):
        value = max(value, ACRONYM_LIKENESS)
    if a.numbers != b.numbers:
        value *= NUMBERS_DIFFER if a.numbers and b.numbers else NUMBER_MISSING
    return Likeness(value, whole=whole and a.numbers == b.numbers, exact=False)


def is_person(name: Name) -> bool:
    """Tell whether a name may be a sole trader's, where a slip of one letter is another person."""
    return not name.form or name.form in SOLE_TRADERS or bool(name.owner)


def is_acronym(a: Name, b: Name) -> bool:
    """Tell whether `a` is made of the initials of `b`: BMW, Bayerische Motoren Werke."""
    return len(a.core) == 1 and len(a.core[0]) in ACRONYM and a.core[0] == "".join(word[0] for word in b.core)


def _words(a: Name, b: Name) -> tuple[float, bool]:
    left, right = list(a.core), list(b.core)
    gained, slips = 0.0, 0
    for word in set(left) & set(right):
        for _ in range(min(left.count(word), right.count(word))):
            left.remove(word)
            right.remove(word)
            gained += 2 * _weight(word)
    # the best pair first, ties by the words themselves: independent of which name comes first
    pairs = sorted(
        ((s, x, y) for x in set(left) for y in set(right) if (s := _word(x, y, a.short, b.short))),
        key=lambda pair: (-pair[0], min(pair[1:]), max(pair[1:])),
    )
    for similarity, x, y in pairs:
        if x in left and y in right:
            left.remove(x)
            right.remove(y)
            gained += similarity * (_weight(x) + _weight(y))
            slips += similarity < 1
    gained += _compounds(left, right) + _compounds(right, left)
    total = sum(map(_weight, a.core)) + sum(map(_weight, b.core))
    return min(1.0, gained / total), not left and not right and slips <= 1


def _word(x: str, y: str, short_x: frozenset[str], short_y: frozenset[str]) -> float:
    """Return how alike two different words are, 0 when they are two words."""
    if _abbreviates(x, y, short_x) or _abbreviates(y, x, short_y):
        return ABBREVIATED
    if bare(x) == bare(y):
        return 1.0
    length = min(len(x), len(y))
    if length < SLIP_LENGTH or any(c.isdigit() for c in x + y) or _inflected(x, y):
        return 0.0
    allowed = 2 if length >= TWO_SLIPS_LENGTH else 1
    distance = OSA.distance(x, y, score_cutoff=allowed)
    if distance > allowed or (length == SLIP_LENGTH and x[0] != y[0]):
        return 0.0
    return 1 - distance / max(len(x), len(y))


def _abbreviates(x: str, y: str, short: frozenset[str]) -> bool:
    return x in short and len(x) >= SHORTEST_ABBREVIATION and len(y) > len(x) and y.startswith(x)


def _inflected(x: str, y: str) -> bool:
    """Martin and Martina, Bauer and Bauers: more often two names than a slip."""
    return abs(len(x) - len(y)) == 1 and (x.startswith(y) or y.startswith(x))


def _compounds(parts: list[str], wholes: list[str]) -> float:
    """Take two words out that the other name writes as one; returns the weight found."""
    gained = 0.0
    for whole in list(wholes):
        for x, y in _neighbours(parts):
            if x + y == whole:
                parts.remove(x)
                parts.remove(y)
                wholes.remove(whole)
                gained += _weight(x) + _weight(y) + _weight(whole)
                break
    return gained


def _neighbours(words: list[str]) -> Iterator[tuple[str, str]]:
    return zip(list(words), list(words)[1:], strict=False)


def _weight(word: str) -> float:
    return sqrt(len(word)) * (GENERIC_WEIGHT if word in GENERIC else 1.0)
