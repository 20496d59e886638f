"""Which pairs are worth comparing: those that share an identifier, a whole name, a street, or a place and a word's start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from rapidfuzz.distance import Indel

from interlock.processes.matching.features import Features
from interlock.processes.matching.names import bare

PREFIX: Final = 3
STREET: Final = 5
NEIGHBOURS_LIKE: Final = 0.5  # names less alike than this cannot reach a score worth asking about
IDENTIFIERS: Final = frozenset("krv")  # own or merged reference, register number, VAT id
PROPOSING: Final = frozenset("cdeptu")  # customer number, domain, e-mail, phone, name alone, VAT id with wrong check digits
PLACEHOLDER: Final = 100  # an identifier that so many records carry identifies nobody


class Index:
    """Records by their blocking keys; a key is one letter for its kind and the value.

    wanted: the keys that are looked up; records without any of them are not kept.
    """

    def __init__(self, records: Iterable[Features], limit: int, wanted: AbstractSet[str] | None = None) -> None:
        self.records: list[Features] = []
        self.limit = limit
        blocks: defaultdict[str, list[int]] = defaultdict(list)
        for record in records:
            keys = keys_of(record) if wanted is None else keys_of(record) & wanted
            for key in keys:
                blocks[key].append(len(self.records))
            if keys or wanted is None:
                self.records.append(record)
        self.blocks = dict(blocks)
        self.names = [record.name.key for record in self.records]

    def near(self, record: Features) -> set[int]:
        """Return the places of all records to compare with this one."""
        found: set[int] = set()
        name = record.name.key
        for key in keys_of(record):
            block = self.blocks.get(key, ())
            limit = PLACEHOLDER if key[0] in IDENTIFIERS else self.limit if key[0] in PROPOSING else 0
            if not limit:
                found.update(place for place in block if place not in found and self._alike(name, place))
            elif len(block) <= limit:
                found.update(block)
        return found

    def _alike(self, name: str, place: int) -> bool:
        return Indel.normalized_similarity(name, self.names[place], score_cutoff=NEIGHBOURS_LIKE) > 0


def keys_of(record: Features) -> frozenset[str]:
    """Return the keys under which a record is looked for."""
    return frozenset(_keys(record))


def _keys(record: Features) -> Iterator[str]:
    yield from (f"k{key}" for key in record.keys)
    if record.vat_valid:
        yield f"v{record.vat}"
    if record.register:
        yield f"r{record.register.key}"
    yield from _proposing(record)
    where, starts = record.address, {bare(word)[:PREFIX] for word in record.name.core}
    if where.postcode:
        yield from (f"z{where.postcode}/{start}" for start in starts)
        yield f"s{where.postcode}/{where.street[:STREET]}"
    if where.city:
        yield from (f"w{where.city[:STREET]}/{start}" for start in starts)


def _proposing(record: Features) -> Iterator[str]:
    if record.vat and not record.vat_valid:
        yield f"u{record.vat}"
    if record.number:
        yield f"c{record.number}"
    if record.domain:
        yield f"d{record.domain}"
    yield from (f"e{email}" for email in record.emails)
    if record.phone:
        yield f"p{record.phone}"
    if record.name.core:
        yield from {f"t{text}" for text in (record.name.key, record.name.joined)}
