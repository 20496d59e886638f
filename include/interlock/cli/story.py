"""The story of an invoice in words: contract, term, what was decided and why, who answered, the ERP's steps, the proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from interlock.config import Settings
from interlock.domain.identity import Values
from interlock.domain.invoice import STEPS, Invoice, InvoiceLine
from interlock.domain.money import plain
from interlock.domain.wording import line_words, lines_of
from interlock.processes.billing.tax import covers
from interlock.store.trace import Trace

Said = Iterator[tuple[str, str]]
NAMES = dict(zip(STEPS, ("drafted", "confirmed", "posted"), strict=True))
GIVEN = ("number", "invoice_date", "due_date", "gross")


class Story:
    """Puts a trace into words, times in the company's zone; each part is (what, words)."""

    def __init__(self, found: Trace, settings: Settings) -> None:
        self.found, self.settings = found, settings

    def told(self) -> Said:
        """Yield everything, in the order in which it happened."""
        yield "invoice", self.found.key.reference
        yield from self._contract()
        yield from self._term()
        yield from self._planned()
        yield from self._decisions()
        yield from self._steps()
        yield from self._audit()

    def _contract(self) -> Said:
        if not (row := self.found.contract):
            return
        body = row["body"]
        gone = ", deleted in the CRM" if row["archived"] else ""
        yield "contract", f"{body.get('number')}, {body.get('name') or 'no name'}, {row['ref']}{gone}"
        yield "", f"as read {self._at(row['seen_at'])}, revision {row['revision']}"
        yield "served", self._who(body.get("account"))
        if body.get("renewed_through"):
            yield "renewal", f"confirmed through {body['renewed_through']} by {body.get('renewed_by') or 'nobody named'}"

    def _term(self) -> Said:
        if not (row := self.found.term):
            return
        body = row["body"]
        made = "made by a renewal, " if row["renewal"] else ""
        changed = f", completed {self._at(row['changed_at'])}" if row["changed_at"] > row["frozen_at"] else ""
        through = body.get("last_day") or "without an end"
        yield "term", f"{row['number']}: {body['first_day']} to {through}, each {body['interval']} in {body['billed']}"
        yield "", f"{made}frozen {self._at(row['frozen_at'])}{changed}"
        for line in lines_of(body):
            yield f"  line {line['id']}", line_words(line, body.get("currency"))

    def _planned(self) -> Said:
        """Yield what was decided: the invoice with its taxes, and the rows of the tax table that they came from."""
        if not self.found.steps:
            yield "decided", "nothing by Interlock: no step of this invoice is on record"
            return
        first = self.found.steps[0]
        planned = Invoice.model_validate(first["body"])
        run = f"by run {first['decided_in']}, started by {first['started_by']}"
        yield "decided", f"{self._at(first['decided_at'])} {run}"
        yield "recipient", self._who(planned.recipient)
        yield "service", f"{planned.service_from} to {planned.service_to}"
        for line in planned.lines:
            yield f"  line {line.line}", line_words(line.model_dump(mode="json"), planned.currency)
            yield "", self._row(line)
        for tax in planned.taxes:
            yield (
                f"  {tax.category} {plain(tax.rate)} %",
                f"{tax.tax} on {tax.base}, {tax.code or 'no code'}. {tax.reason}",
            )
        yield "sum", f"net {planned.net}, tax {planned.tax}, gross {planned.gross} {planned.currency}"

    def _row(self, line: InvoiceLine) -> str:
        for row in self.settings.tax.rows:
            if (row.category, row.rate) == (line.category, line.rate) and covers(row, line):
                where = row.zone or ", ".join(row.countries)
                until = f" to {row.valid_to}" if row.valid_to else ""
                return f"tax table, as it is now: {row.tax_class}, {where}, valid from {row.valid_from}{until}"
        return "tax table: it has no row any more that taxes this line so"

    def _decisions(self) -> Said:
        if row := self.found.register:
            yield "VAT register", f"{row['why']}, {row['subject']}, {self._at(row['at'])} (audit {row['seq']})"
        for entry in self.found.entries:
            yield (
                "held back",
                f"{self._at(entry['opened_at'])} {entry['code']} {entry['field']}: {entry['message']}. {entry['detail']}",
            )
            by = f" by {entry['decided_by']}" if entry["decided_by"] else ""
            yield "", f"{entry['state']}{by} {self._at(entry['decided_at'])} {entry['why'] or ''}"
        for asked in self.found.approvals:
            yield (
                f"approval {asked['id']}",
                f"asked {self._at(asked['requested_at'])} by run {asked['run_id']}: {asked['reason']}",
            )
            barred = f"; could not answer: {', '.join(asked['excluded'])}" if asked["excluded"] else ""
            by = f" by {asked['decided_by']}" if asked["decided_by"] else ""
            yield "", f"{asked['state']}{by} {self._at(asked['decided_at'])}{barred}"

    def _steps(self) -> Said:
        for step in self.found.steps:
            given: Values = step["results"] or {}
            what = ", ".join(f"{name.replace('_', ' ')} {given[name]}" for name in GIVEN if given.get(name))
            tries = f", {step['attempt']} tries" if step["attempt"] > 1 else ""
            doubt = ", once without an answer and looked up" if step["ever_unknown"] else ""
            by = f" by run {step['done_in']}" if step["done_in"] else ""
            yield (
                NAMES[step["kind"]],
                f"{step['state']} {self._at(step['finished_at'])}{by}{tries}{doubt} {step['reason']}".rstrip(),
            )
            if step["result_ref"]:
                yield "", ", ".join(filter(None, [step["result_ref"], what]))
        if row := self.found.erp:
            body = row["body"]
            says = f"number {body.get('number') or 'none'}, {body.get('state')}, gross {body.get('gross')} {body.get('currency')}"
            yield "in the ERP", f"{says}, as read {self._at(row['seen_at'])}{', deleted' if row['archived'] else ''}"
        for change in self.found.told:
            yield f"told: {change['kind']}", f"{change['state']} {self._at(change['finished_at'])} {change['reason']}".rstrip()
            yield "", _said(change["body"])

    def _audit(self) -> Said:
        for entry in self.found.audit:
            yield f"audit {entry['seq']}", f"{self._at(entry['at'])} {entry['actor']}: {entry['action']}, {entry['subject']}"
            yield "", f"{entry['why']}\n{entry['hash']}"
        if self.found.audit:
            yield "", "`interlock audit verify` checks that the chain of these hashes is whole"

    def _who(self, account: object) -> str:
        row = self.found.people.get(str(account or ""))
        number = f", customer {row['number']}" if row and row["number"] else ""
        return f"{(row or {}).get('name') or 'not known any more'}, account {account}{number}"

    def _at(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.settings.zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def _said(body: Values) -> str:
    """Say what the CRM was sent: a note's words, a contract's fields."""
    if "body" in body:
        return str(body["body"])
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in body.items() if value and not isinstance(value, dict))
