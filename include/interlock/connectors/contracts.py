"""A service contract as a CRM keeps it, judged field by field: what is unfit is left out and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from interlock.domain.contract import Contract
from interlock.domain.identity import Json
from interlock.domain.record import Problem

NEEDED: Final = ("interval", "currency")  # what the model would take as its usual value


def judged(given: dict[str, Json]) -> tuple[dict[str, Json], list[Problem]]:
    """Read a contract, leaving out each part that is unfit and saying so; nothing stands for what could not be read."""
    problems: list[Problem] = []
    while True:
        try:
            return Contract.model_validate(given).model_dump(mode="json"), problems
        except ValidationError as error:
            deep = {fault["loc"][: 3 if fault["loc"][0] == "lines" else 1] for fault in error.errors()}
            problems += [_dropped(given, place) for place in sorted(deep, key=str)]


def _dropped(given: dict[str, Json], place: tuple[int | str, ...]) -> Problem:
    holder, field = given, str(place[-1])
    if len(place) > 1 and isinstance(lines := given["lines"], list) and isinstance(line := lines[int(place[1])], dict):
        holder = line
    value = str(holder.pop(field))
    if holder is given:
        message = "the field holds what it cannot hold; correct the contract in the CRM"
        return Problem("contract_field_unfit", field, message, value)
    message = f"{field} of line {holder['id']} holds what it cannot hold; correct the line in the CRM"
    return Problem("contract_line_unfit", "lines", message, value)


def lacking(given: Mapping[str, Json], accounts: Sequence[str]) -> Iterator[Problem]:
    """Yield what nothing can be invoiced without; `accounts` are those that the contract is linked to."""
    for field in NEEDED:
        if not given.get(field):
            yield Problem("contract_field_missing", field, "nothing can be invoiced without it; fill it in the CRM")
    if not accounts:
        yield Problem(
            "contract_without_account", "account", "the contract has no company; link the one that is served in the CRM"
        )
    elif len(accounts) > 1:
        message = "the contract has several companies; leave the one that is served, and name who is invoiced in its own field"
        yield Problem("contract_several_accounts", "account", message)
