"""Put the demo's contracts into the CRM, after preparing it as `interlock setup hubspot --apply` does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from interlock.config import CrmSettings, CustomerSettings, Endpoint
from interlock.connectors.registry import connect
from interlock.ports.system import Preparable
from interlock_sandbox.demo.cases import cases
from interlock_sandbox.demo.history import linked

if TYPE_CHECKING:
    from interlock_sandbox.demo.seed import Crm

CONTRACTS = "service_contracts"
SETTINGS = CrmSettings(balances=True)


def number(place: int) -> str:
    """Return the number of the contract at a place among the cases, counted from 1."""
    return f"SC-2026-{place:03}"


def prepare(crm: Crm) -> None:
    """Make the custom object and the properties that are missing; raises RuntimeError naming what could not be made."""
    system = connect("hubspot", Endpoint(url=crm.url, token=crm.token), SETTINGS, CustomerSettings())
    assert isinstance(system, Preparable)
    system.make_missing()
    if left := [f"{need.place}.{need.name}: {need.message}" for need in system.survey() if need.state != "there"]:
        raise RuntimeError(f"the CRM could not be prepared for contracts: {'; '.join(left)}")


def add(crm: Crm, accounts: Sequence[str], today: date, go_live: date) -> int:
    """Make a contract for each case with its lines, and return how many; `accounts` are ids in the order they were seeded."""
    prepare(crm)
    names, line_names = SETTINGS.contract_properties, SETTINGS.contract_line_properties
    made, lines = [], []
    for place, case in enumerate(cases(today, go_live), 1):
        said = {"number": number(place), "name": case.name} | case.said
        if case.invoiced is not None:
            said["invoice_account"] = accounts[case.invoiced]
        properties = {names[field]: value for field, value in said.items()}
        made.append(linked(CONTRACTS, accounts[case.account], properties))
        lines.append([{line_names[field]: value for field, value in line.items()} for line in case.lines])
    ids = crm.create(CONTRACTS, made)
    pairs = [(contract, line) for contract, several in zip(ids, lines, strict=True) for line in several]
    crm.create("line_items", [linked("line_items", contract, line, CONTRACTS) for contract, line in pairs])
    return len(ids)
