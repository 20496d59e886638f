"""Two records side by side: how alike, what agrees, what speaks against it, and whether that is enough to link.

An equal VAT id means one taxable person, not one address and, where the members of a VAT group share one, not even one
company. So it links only where the name is plausible and nothing contradicts: another legal form, number, owner or country,
a branch, or a wholly different address is asked about, because after linking the account's address would replace the
customer's invoice address, and a branch's must not. In countries with shared group ids name and form must
agree wholly. Two valid VAT ids that differ never link by name and address, branches included: within a country all branches
of one company share its VAT id, so these are two taxable persons. A German register number without its court is given many
times over: it counts only beside a plausible name or the same address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from interlock.domain.legal_forms import same_form
from interlock.domain.matching import Rules
from interlock.processes.matching.addresses import AT_ONE_DOOR, DIFFERENT, Place, relate
from interlock.processes.matching.features import Features
from interlock.processes.matching.likeness import Likeness, is_person, likeness

LIKENESS_POWER: Final = 1.5
SCALE: Final = 100
SLIPS: Final = 2
SAME_PHONE_NAMES: Final = 0.5
IDENTITY: Final = frozenset({"vat_id", "register_number"})
VAT_GROUPS: Final = frozenset({"GB", "XI", "NL", "IT", "SE", "DK", "FI", "EE", "CZ", "SK", "HU", "IE", "PL", "LV", "CY"})
GROUP_WORDS: Final = frozenset(
    {
        "holding", "verwaltung", "beteiligung", "beteiligungen", "immobilien", "grundbesitz", "besitz", "service", "vertrieb",
        "leasing", "finance", "international", "deutschland", "germany", "austria", "oesterreich", "schweiz", "suisse",
        "france", "nederland", "logistik", "logistics", "management", "investment", "capital", "stiftung", "foundation",
        "komplementaer", "vermoegensverwaltung",
    }
)  # fmt: skip
PROPOSALS: Final = frozenset({"number", "domain", "email", "phone"})
# two taxable persons, two companies: below the high score such a pair is not even worth a question
OTHER_COMPANY: Final = frozenset({"vat_id_differs", "register_number_differs", "numbers_differ"})
APART: Final = OTHER_COMPANY | {"country_differs"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`tier` is 1, 2 or 3 when the pair may be linked, 0 when a person must say, None when it is not worth asking."""

    score: float
    evidence: tuple[str, ...]
    against: tuple[str, ...]
    tier: int | None

    @property
    def identified(self) -> bool:
        """An identity number agrees, whatever else speaks against it."""
        return not IDENTITY.isdisjoint(self.evidence)


def compare(a: Features, b: Features, rules: Rules) -> Comparison:
    """Compare an account with a customer, or two accounts; gives the same for (b, a)."""
    alike, place = likeness(a.name, b.name), relate(a.address, b.address)
    score = round(SCALE * alike.value**LIKENESS_POWER * (1 - rules.address_weight * (1 - place.value)), 1)
    evidence = tuple(_evidence(a, b, alike, place, rules))
    against = tuple(_against(a, b, alike, place, rules, evidence))
    return Comparison(score, evidence, against, _tier(a, b, score, place, evidence, against, rules))


def _tier(
    a: Features, b: Features, score: float, place: Place, evidence: tuple[str, ...], against: tuple[str, ...], rules: Rules
) -> int | None:
    if "reference" in evidence:
        return 1
    if not IDENTITY.isdisjoint(evidence):
        return 2 if not against and _proved(a, b, place) else 0
    sure = score >= rules.high or _corroborated(place, evidence)
    if sure and not against:
        return 3
    if score >= rules.high:
        return 0
    apart = not APART.isdisjoint(against) or (place is Place.ELSEWHERE and "form_differs" in against)
    proposed = not PROPOSALS.isdisjoint(evidence) and OTHER_COMPANY.isdisjoint(against)
    return 0 if proposed or (score >= rules.low and not apart) else None


def _proved(a: Features, b: Features, place: Place) -> bool:
    """A VAT id with check digits or a register entry that is unique; else the number and one door together."""
    if a.vat_valid and a.vat == b.vat:
        return True
    if a.register and b.register and a.register.same(b.register):
        return a.register.proves(b.register) or place in AT_ONE_DOOR
    return False


def _corroborated(place: Place, evidence: tuple[str, ...]) -> bool:
    """The street is missing, but postcode, exact name and a phone number or domain agree."""
    return place is Place.AREA and "name" in evidence and not {"phone", "domain"}.isdisjoint(evidence)


def _evidence(a: Features, b: Features, alike: Likeness, place: Place, rules: Rules) -> Iterator[str]:
    likely = alike.value >= rules.name_floor or place in AT_ONE_DOOR
    if not set(a.keys).isdisjoint(b.keys):
        yield "reference"
    if a.vat and a.vat == b.vat:
        yield "vat_id"
    if a.register and b.register and a.register.same(b.register) and (likely or a.register.proves(b.register)):
        yield "register_number"
    if alike.exact:
        yield "name"
    if place in AT_ONE_DOOR:
        yield "address"
    yield from _hints(a, b, alike)


def _hints(a: Features, b: Features, alike: Likeness) -> Iterator[str]:
    if a.number and a.number == b.number:
        yield "number"
    if a.domain and a.domain == b.domain:
        yield "domain"
    if not set(a.emails).isdisjoint(b.emails):
        yield "email"
    if a.phone and a.phone == b.phone and alike.value >= SAME_PHONE_NAMES:
        yield "phone"


def _against(a: Features, b: Features, alike: Likeness, place: Place, rules: Rules, evidence: tuple[str, ...]) -> Iterator[str]:
    identified = not IDENTITY.isdisjoint(evidence)
    yield from _against_name(a, b, alike, rules, identified and not (a.vat == b.vat and a.vat[:2] in VAT_GROUPS))
    if a.name.branch != b.name.branch:
        yield "branch"
    if identified and place in DIFFERENT and rules.same_vat_other_address == "ask":
        yield "address_differs"
    if a.address.country and b.address.country and a.address.country != b.address.country:
        yield "country_differs"
    if _other_vat(a, b):
        yield "vat_id_differs"
    if a.register and b.register and not a.register.same(b.register) and a.register.country == b.register.country:
        yield "register_number_differs"


def _against_name(a: Features, b: Features, alike: Likeness, rules: Rules, identified: bool) -> Iterator[str]:  # noqa: FBT001
    if not _plausible(a, b, alike, rules.name_floor if identified else None):
        yield "name_differs"
    if not same_form(a.name.form, b.name.form, a.address.country or b.address.country):
        yield "form_differs"
    elif rules.form_missing == "ask" and not identified and bool(a.name.form) != bool(b.name.form):
        yield "form_missing"
    if a.name.numbers != b.name.numbers:
        yield "numbers_differ" if a.name.numbers and b.name.numbers else "number_missing"
    if a.name.owner != b.name.owner:
        yield "owner_differs"


def _other_vat(a: Features, b: Features) -> bool:
    """Two valid ids that differ, or two that no typing slip explains."""
    if not a.vat or not b.vat or a.vat == b.vat:
        return False
    return (a.vat_valid and b.vat_valid) or OSA.distance(a.vat, b.vat) > SLIPS


def _plausible(a: Features, b: Features, alike: Likeness, floor: float | None) -> bool:
    """By an identity number a name may be shortened; by name and address every word must have its counterpart."""
    person = is_person(a.name) and is_person(b.name)
    if floor is None or person:
        return alike.exact if person else alike.whole
    return alike.value >= floor and not _special(a, b)


def _special(a: Features, b: Features) -> bool:
    """A word such as Holding on one side only names another company of the group."""
    return bool((set(a.name.core) ^ set(b.name.core)) & GROUP_WORDS)
