"""The contracts of a world, what people do to them in the CRM, and whether each is invoiced as it should be."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from interlock.domain.contract import Contract
from interlock.domain.invoice import Invoice
from interlock.engine.context import Engine
from interlock.engine.invoices import INVOICES
from interlock.processes.billing import Rules
from interlock_sandbox.demo.seed import Crm
from tests.connectors.test_hubspot_contracts import LINE_NAMES, NAMES, Hands
from tests.processes.billing import reference
from tests.scenarios.test_contract_becomes_invoices import SERVICE, YEARLY
from tests.scenarios.test_lead_becomes_customer import notes_of

MONTHLY = YEARLY | {
    "interval": "month", "initial_term": "3", "renewal_term": "3", "notice_value": "1", "notice_unit": "month",
}  # fmt: skip
KINDS = {"yearly": YEARLY, "monthly": MONTHLY}
NEXT_TERM = {"yearly": "2027-01-01", "monthly": "2026-04-01"}
TOLD = ("number", "net", "tax", "gross", "state")
DAYS = {"invoice_date": "invoice_date", "invoice_due": "due_date", "invoice_from": "service_from", "invoice_to": "service_to"}
LEFT_TO_PEOPLE = {"correction_needed", "draft_outdated"}


class Books:
    """Acts as sales does, and looks at both systems and the reports as an auditor does. contracts, owners: by CRM id."""

    def __init__(self, sandbox: Crm, reader: Engine) -> None:
        self.sandbox, self.reader = sandbox, reader
        self.hands = Hands(SimpleNamespace(url=sandbox.url, token=sandbox.token))
        self.contracts: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.lines: dict[str, str] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.restored = False

    def agree(self, account: str, kind: str) -> str:
        """Make a contract of 1200.00 a period with one line."""
        number = f"SC-{uuid.uuid4().hex[:8]}"
        contract = self.hands.contract(account, **(KINDS[kind] | {"number": number}))
        self.lines[contract] = self.hands.line(contract, **SERVICE)
        self.contracts[contract], self.owners[contract], self.kinds[contract] = number, account, kind
        return contract

    def add_a_line(self, contract: str, since: str) -> None:
        self.hands.line(contract, **(SERVICE | {"unit_price": "49.99", "valid_from": since}))

    def cancel(self, contract: str, effective_on: str) -> None:
        said = {"cancellation_kind": "by_agreement", "cancellation_effective_on": effective_on}
        self.hands.edit("service_contracts", contract, **{NAMES[field]: value for field, value in said.items()})

    def raise_the_price(self, contract: str) -> None:
        """Agree on a price from the next term on."""
        said = {"new_unit_price": "1333.33", "new_price_from": NEXT_TERM[self.kinds[contract]]}
        names = {LINE_NAMES[field]: value for field, value in said.items()}
        self.hands.edit("line_items", self.lines[contract], **names)

    def collect(self) -> None:
        """Keep the reports of all runs, as people do who print them."""
        with self.reader.database.begin() as tx:
            rows = tx.execute("SELECT batch_id, body FROM interlock.run_report WHERE process = %s", [INVOICES.name]).fetchall()
        self.reports |= {str(row["batch_id"]): row["body"] for row in rows}

    def are_right(self, day: date, counts: dict[str, int], log: list[str]) -> None:
        """Look at each contract by itself, then at the money of all runs together."""
        self.collect()
        held, posted = 0, list[Invoice]()
        for contract, number in self.contracts.items():
            invoices = [Invoice.model_validate(record.values) for record in self._found(number)]
            entries = self._entries(contract)
            held += bool(entries)
            posted += [invoice for invoice in invoices if invoice.state.posted]
            self._is_invoiced_as_owed(contract, invoices, entries, day, log)
            self._is_told(contract, invoices, log)
        for account in set(self.owners.values()):
            self._has_its_notes(account, posted, log)
        assert (counts["unchanged"], counts["rejected"]) == (len(self.contracts) - held, held), (counts, log)
        self._add_up(log)

    def _found(self, number: str) -> Any:
        return self.reader.erp.invoices_of([number]).get(number, ())  # type: ignore[attr-defined]

    def _entries(self, contract: str) -> dict[str, dict[str, Any]]:
        with self.reader.database.begin() as tx:
            rows = tx.execute(
                "SELECT code, field, detail FROM interlock.quarantine WHERE state = 'open' AND process = %s AND ref = %s",
                [INVOICES.name, str(self.reader.crm.ref("contract", contract))],
            ).fetchall()
        assert len({row["field"] for row in rows}) == len(rows), rows
        return {row["field"]: row for row in rows}

    def ever_held(self) -> list[tuple[str, str, str]]:
        """Return why something of this process was ever held back: code, place, detail."""
        with self.reader.database.begin() as tx:
            rows = tx.execute("SELECT * FROM interlock.quarantine WHERE process = %s ORDER BY id", [INVOICES.name]).fetchall()
        return [(row["code"], row["field"], row["detail"]) for row in rows]

    def _is_invoiced_as_owed(
        self, contract: str, invoices: list[Invoice], entries: dict[str, dict[str, Any]], day: date, log: list[str]
    ) -> None:
        """Compare the ERP with what an independent reckoning owes by this day; what differs is held with the difference."""
        said = Contract.model_validate(self.reader.crm.read("contract", [contract])[contract].values)
        settings = self.reader.settings
        rules = Rules(settings.billing_rules, settings.renewal)
        wanted: dict[date, Fraction] = defaultdict(Fraction)
        for period, (lines, due) in reference.owed(said, rules, day).items():
            if due <= day and lines:
                wanted[period] = sum((net for net, _, _ in lines.values()), Fraction(0))
        references = Counter(invoice.reference for invoice in invoices)
        assert set(references.values()) <= {1}, (references, log)
        there: dict[date, Fraction] = defaultdict(Fraction)
        for invoice in invoices:
            there[invoice.key.period_start] += Fraction(invoice.net)
            waits = entries.get(f"{said.number}/{invoice.key.period_start}", {}).get("code") == "draft_outdated"
            assert (invoice.state.posted and invoice.number) or waits, (invoice.reference, invoice.state, entries, log)
        differing = {p: wanted[p] - there[p] for p in sorted({*wanted, *there}) if wanted[p] != there[p]}
        assert {f"{said.number}/{p}" for p in differing} == set(entries), (differing, entries, log)
        for period, difference in differing.items():
            entry = entries[f"{said.number}/{period}"]
            assert entry["code"] in LEFT_TO_PEOPLE, (entry, log)
            assert Fraction(entry["detail"].split()[1].strip(",")) == difference, (entry, difference, log)

    def _is_told(self, contract: str, invoices: list[Invoice], log: list[str]) -> None:
        """Compare what the CRM says of the latest invoice with the ERP."""
        numbered = [invoice for invoice in invoices if invoice.number]
        if numbered:
            last = max(numbered, key=lambda i: (i.key.period_start, i.key.kind != "regular", i.key.generation))
            told = self.reader.crm.read("contract", [contract])[contract].values
            erp = last.model_dump(mode="json")
            assert {n: told[f"invoice_{n}"] for n in TOLD} == {n: erp[n] for n in TOLD}, log
            assert {n: told[n] for n in DAYS} == {n: erp[name] for n, name in DAYS.items()}, log

    def _has_its_notes(self, account: str, posted: list[Invoice], log: list[str]) -> None:
        """Each invoice is told once, each renewal at most once, and that the account is a customer once if that was asked."""
        ids = [note["toObjectId"] for note in notes_of(self.sandbox, account)]
        found = self.sandbox.call(
            "POST", "/crm/v3/objects/notes/batch/read",
            {"inputs": [{"id": str(i)} for i in ids], "properties": ["hs_note_body"]},
        )["results"]  # fmt: skip
        bodies = [note["properties"]["hs_note_body"] for note in found]
        assert len(set(bodies)) == len(bodies), (bodies, log)
        numbers = {self.contracts[contract] for contract, owner in self.owners.items() if owner == account}
        mine = [invoice for invoice in posted if invoice.key.contract in numbers]
        for invoice in mine:
            assert sum(f"Invoice {invoice.number} " in body for body in bodies) == 1, (invoice.reference, bodies, log)
        renewals = [sum(f"Contract {number} is renewed: term " in body for body in bodies) for number in numbers]
        assert max(renewals) <= 1, (bodies, log)

    def _add_up(self, log: list[str]) -> None:
        """Each invoice is in the money of exactly one report, but where an older database lost one, or began a step anew."""
        told = Counter[tuple[str, Decimal]]()
        for report in self.reports.values():
            counts = report["counts"]
            assert counts["read"] == sum(value for name, value in counts.items() if name != "read"), (counts, log)
            done = [c for c in report["changes"] if c["kind"] == "invoice_posting" and c["state"] == "done"]
            told.update((change["target"], Decimal(change["results"]["gross"])) for change in done)
            sums = sum((Decimal(total["gross"]) for total in report["money"]["invoiced"]["sums"]), Decimal(0))
            assert sums == sum((Decimal(change["results"]["gross"]) for change in done), Decimal(0)), (report, log)
        there = Counter((str(record.ref), Decimal(record.values["gross"])) for record in self._numbered())
        if self.restored:
            assert set(told) <= set(there), (told, there, log)
        else:
            assert told == there, (told, there, log)

    def _numbered(self) -> list[Any]:
        found = [record for number in self.contracts.values() for record in self._found(number)]
        return [record for record in found if record.values["number"]]
