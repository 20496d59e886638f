"""Names of records that stay unique across systems, instances and companies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
"""What a record's value may be: amounts travel as decimal text, never as binary fractions (invariant 10)."""
Values: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One record of one instance: `hubspot:4711` / company `` / kind `account` / id `123`.

    `company` is the ERP's legal entity; CRM records leave it empty.
    """

    instance: str
    company: str
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.instance}/{self.company}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read what `str()` wrote; raises ValueError for anything else."""
        parts = text.split("/", 3)
        if len(parts) != len(cls.__slots__):
            raise ValueError(f"not a record reference: {text!r}")
        return cls(*parts)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # made once: a first load has many


def canonical(values: Values) -> str:
    """Return the one JSON text of equal values: sorted keys, no spaces; raises TypeError for a binary fraction."""
    _refuse_fractions(values)
    return _ENCODER.encode(values)


def _refuse_fractions(value: object) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None or kind is int:
        return
    if isinstance(value, float):
        raise TypeError("an amount must be a Decimal's text, not a float")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_fractions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_fractions(item)


def content_hash(values: Values) -> str:
    """Return 32 hex digits that differ when any value differs; a record's version (invariant 7)."""
    return hash_of(canonical(values))


def hash_of(text: str) -> str:
    """Return the hash of a canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
