"""Where a company is, coarse enough that two spellings of one address agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from sys import intern
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from interlock.processes.matching.names import fold

STREET_LIKE: Final = 88  # of 100
CITY_LIKE: Final = 88
KINDS: Final = (
    (r"(strasse|street|stra|str)\b\.?", "str"), (r"\b(platz|place)\b|pl\.|platz\b", "pl"), (r"\bavenue\b|\bave?\b\.?", "av"),
    (r"\bboulevard\b|\bbl?v?d\b\.?", "bd"), (r"\broad\b|\brd\b\.?", "rd"), (r"\bdrive\b|\bdr\b\.?", "dr"),
    (r"\blane\b", "ln"), (r"\brue\b|\br\.", "r"), (r"\bsankt\b|\bsaint\b", "st"),
)  # fmt: skip
BOX: Final = re.compile(r"\b(postfach|po box|p\.? ?o\.? box|postbus|casella postale|apartado|bp \d)")
HOUSE: Final = re.compile(r"\b(\d{1,5})(?:\s?([a-z])\b)?(?:\s?[-/]\s?(\d{1,5})\s?[a-z]?\b)?")
CITY_FILLERS: Final = frozenset({"bad", "st", "sankt", "neu", "new", "la", "le", "les", "den", "san", "am", "an", "im", "in"})


class Place(Enum):
    """How two addresses relate; the value is its share of full agreement."""

    SAME = 1.0
    NEAR = 0.85  # the same street, number and town; the postcode is missing or mistyped
    HOUSE = 0.7  # another number in the same street
    AREA = 0.55  # the same postcode; a street is missing
    STREET = 0.4  # the same postcode or town, another street
    CITY = 0.35  # the same town; a street is missing
    UNKNOWN = 0.3
    ELSEWHERE = 0.0


DIFFERENT: Final = frozenset({Place.STREET, Place.ELSEWHERE})
AT_ONE_DOOR: Final = frozenset({Place.SAME, Place.NEAR})


@dataclass(frozen=True, slots=True)
class Address:
    """Postcode without spaces; street and city folded and written as one; `house` holds the first number and a letter."""

    country: str = ""
    postcode: str = ""
    city: str = ""
    street: str = ""
    house: tuple[int, str, int] | None = None


def read_address(street: str, postal_code: str, city: str, country: str) -> Address:
    """Take an address apart; a post-office box is no street."""
    words, house = _street(fold(street.replace("\n", " ")))
    postcode = re.sub(r"\W", "", fold(postal_code)).upper()
    if country == "US":
        postcode = postcode[:5]
    town = " ".join(re.sub(r"\b(am|an der|a|d|m)\b", " ", re.sub(r"[^\w]", " ", fold(city))).split())
    return Address(intern(country), intern(postcode), intern(town), intern(words), house)


def relate(a: Address, b: Address) -> Place:
    """Tell how two addresses relate; the order does not matter."""
    if a.country and b.country and a.country != b.country:
        return Place.ELSEWHERE
    code = bool(a.postcode) and a.postcode == b.postcode
    town = same_city(a.city, b.city)
    if not a.street or not b.street:
        return _without_street(a, b, code=code, town=town)
    if a.street != b.street and ratio(a.street, b.street) < STREET_LIKE:
        return Place.STREET if code or town else _apart(a, b)
    if code:
        return Place.SAME if _same_house(a.house, b.house) else Place.HOUSE
    slip = not a.postcode or not b.postcode or OSA.distance(a.postcode, b.postcode, score_cutoff=1) == 1
    if town and slip and a.house and b.house and _same_house(a.house, b.house):
        return Place.NEAR
    return Place.STREET if town else _apart(a, b)


def same_city(a: str, b: str) -> bool:
    """Tell whether two names may mean one town: `frankfurt` and `frankfurt main`."""
    if not a or not b:
        return False
    if a == b:
        return True
    shorter, longer = sorted((a.split(), b.split()), key=len)
    starts = longer[: len(shorter)] == shorter and not CITY_FILLERS.issuperset(shorter)
    return starts or ratio(a, b) >= CITY_LIKE


def _without_street(a: Address, b: Address, *, code: bool, town: bool) -> Place:
    if code:
        return Place.AREA
    return Place.CITY if town else _apart(a, b)


def _apart(a: Address, b: Address) -> Place:
    known = (a.postcode and b.postcode) or (a.city and b.city)
    return Place.ELSEWHERE if known else Place.UNKNOWN


def _street(text: str) -> tuple[str, tuple[int, str, int] | None]:
    if BOX.search(text):
        return "", None
    found = list(HOUSE.finditer(text))
    house = None
    if found:
        hit = found[0] if found[0].start() == 0 else found[-1]
        first = int(hit[1])
        house = (first, hit[2] or "", max(first, int(hit[3] or 0)))
        text = text[: hit.start()] + " " + (text[hit.end() :] if hit.start() == 0 else "")
    for pattern, short in KINDS:
        text = re.sub(pattern, short, text)
    return re.sub(r"[\W_]", "", text), house


def _same_house(a: tuple[int, str, int] | None, b: tuple[int, str, int] | None) -> bool:
    if a is None or b is None:
        return a is b
    if a[0] == b[0]:
        return not a[1] or not b[1] or a[1] == b[1]
    return a[0] <= b[0] <= a[2] or b[0] <= a[0] <= b[2]
