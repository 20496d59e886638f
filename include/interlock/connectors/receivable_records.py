"""Receivables as records, in the order in which they changed: the same whatever the ERP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from interlock.connectors.receivable_lines import ITEM
from interlock.domain.identity import Ref
from interlock.domain.invoice import InvoiceKey
from interlock.domain.payment import Receivable
from interlock.domain.record import Page, Problem, Record
from interlock.ports.receivables import RECEIVABLE

PAGE: Final = 200
READ: Final = 500
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Stamps = dict[str, datetime]


def note(stamps: Stamps, name: str, at: datetime) -> None:
    """Note that something changed; its latest change counts."""
    stamps[name] = max(stamps.get(name, EPOCH), at)


def pages(stamps: Stamps, read: Callable[[Sequence[str]], Mapping[str, Record]]) -> Iterator[Page]:
    """Read what changed, the oldest change first."""
    ordered = sorted(stamps, key=lambda name: (stamps[name], name))
    for start in range(0, len(ordered), PAGE):
        part = ordered[start : start + PAGE]
        yield Page(list(read(part).values()), stamps[part[-1]])


def parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield values in parts that one call takes."""
    asked = sorted(set(values))
    for start in range(0, len(asked), READ):
        yield asked[start : start + READ]


def in_parts(ids: Sequence[str], read: Callable[[Sequence[str], Sequence[str]], dict[str, Record]]) -> dict[str, Record]:
    """Read receivables a page at a time; `read` takes ids, and those of the items among them without their mark."""
    asked = list(dict.fromkeys(ids))
    found: dict[str, Record] = {}
    for start in range(0, len(asked), PAGE):
        part = asked[start : start + PAGE]
        found |= read(part, [name.removeprefix(ITEM) for name in part if name.startswith(ITEM)])
    return found


def record(ref: Callable[[str, str], Ref], name: str, party: int, values: Callable[[], dict[str, Any]], at: datetime) -> Record:
    """Build the record of a receivable, below its customer; figures that make none become a problem of it."""
    own, parent = ref(RECEIVABLE, name), ref("customer", str(party))
    try:
        return Record(own, at, Receivable.model_validate(values()).model_dump(mode="json"), parent)
    except ValidationError as error:
        message = "the ERP's figures make no receivable; see its due dates and payments"
        problem = Problem("receivable_unfit", "", message, error.errors()[0]["msg"])
        return Record(own, at, {"id": name, "recipient": str(party)}, parent, (problem,))


def contract_of(reference: str) -> str:
    """Name the contract that an invoice's reference tells; none for a text of another form."""
    try:
        return InvoiceKey.parse(reference).contract
    except ValueError:
        return ""
