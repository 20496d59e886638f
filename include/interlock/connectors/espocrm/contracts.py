"""Service contracts in EspoCRM: a custom object and the object of its lines, read as one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from interlock.config import CrmSettings
from interlock.config.contracts import CONTRACT, LINE, WRITTEN
from interlock.connectors.contracts import judged, lacking
from interlock.connectors.espocrm.objects import Kind, Row
from interlock.connectors.fields import filled
from interlock.domain.identity import Json, Values
from interlock.domain.record import Problem

KIND: Final = "contract"
LINES: Final = "Line"  # after the object of contracts, the name of its lines' object
OF_LINE: Final = "contractId"


class Contracts(Kind):
    """The custom object; `lines` are put into a row by whoever reads it."""

    kind, parent = KIND, "accountId"

    def __init__(self, scope: str) -> None:
        self.scope = scope  # type: ignore[misc] # each installation has its own

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes."""
        return [*settings.contract_properties.values(), self.parent]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Judge the contract with its lines, oldest first."""
        given = filled(row, settings.contract_properties, CONTRACT)
        given["account"] = self.account(row)
        given["lines"] = [
            {"id": str(line["id"]), **filled(line, settings.contract_line_properties, LINE)} for line in in_order(row["lines"])
        ]
        contract, problems = judged(given)
        problems += lacking(given, [self.account(row)] if self.account(row) else [])
        written: dict[str, Json] = {field: given.get(field, "") for field in WRITTEN}
        return {**contract, **written, "name": given.get("name", ""), "contacts": []}, tuple(problems)


class ContractLines(Kind):
    """The lines, which belong to one contract each."""

    kind = "contract_line"

    def __init__(self, contracts: str) -> None:
        self.scope = f"{contracts}{LINES}"  # type: ignore[misc] # each installation has its own

    def attributes(self, settings: CrmSettings) -> list[str]:
        """Ask for the mapped attributes, and the contract."""
        return [*settings.contract_line_properties.values(), OF_LINE]

    def values(self, row: Row, settings: CrmSettings) -> tuple[Values, tuple[Problem, ...]]:
        """Bring every field to its canonical form; empty ones are left out."""
        return filled(row, settings.contract_line_properties, LINE), ()


def in_order(lines: Sequence[Row]) -> list[Row]:
    """Return lines as they were made: EspoCRM's ids are no numbers."""
    return sorted(lines, key=lambda line: (str(line.get("createdAt") or ""), str(line["id"])))


def with_lines(rows: Sequence[Row], lines: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Put its lines into each contract's row."""
    return [row | {"lines": list(lines.get(str(row["id"]), ()))} for row in rows]
