"""Reading invoices: by id, by our reference, of a contract; what people did with one meanwhile shows in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from interlock.connectors.invoicing import literally
from interlock.connectors.tryton.api import Row, Rpc, moment
from interlock.connectors.tryton.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.tryton.invoice_text import marked_customers, read_mark
from interlock.connectors.tryton.objects import REFERENCE
from interlock.connectors.tryton.reading import READ, numbers
from interlock.connectors.tryton.wire import read_amount, read_day
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, InvoiceState, TaxTotal
from interlock.domain.record import Record

MODEL: Final = "account.invoice"
FIELDS: Final = [
    "reference", "state", "number", "invoice_date", "accounting_date", "party", "currency.code",
    "untaxed_amount", "tax_amount", "total_amount", "amount_to_pay", "lines_to_pay", "_timestamp", "create_date", "write_date",
]  # fmt: skip
LINE_FIELDS: Final = [
    "invoice", "type", "product.code", "unit.symbol", "quantity", "unit_price", "amount", "description", "note", "taxes",
]  # fmt: skip
TAX_FIELDS: Final = ["invoice", "tax", "base", "amount", "legal_notice"]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Found:
    """One invoice as Tryton has it: the model, its record, its taxes by product, and the values of its optimistic lock.

    made_for: the customers that our lines in it were made for. dated: whether it has a date, for the invoice or for the books.
    """

    def __init__(self, row: Row, lines: Sequence[Row], invoice: Invoice, record: Record) -> None:
        self.id: int = row["id"]
        self.party = str(row["party"])
        self.dated = bool(row["invoice_date"] or row["accounting_date"])
        self.made_for = marked_customers(line["note"] or "" for line in lines)
        self.taxed = [
            ((line["product."] or {}).get("code") or "", frozenset(line["taxes"])) for line in lines if line["product."]
        ]
        self.invoice, self.record = invoice, record
        self.timestamp = {f"{MODEL},{row['id']}": row["_timestamp"]}

    @property
    def ours(self) -> bool:
        """Whether we made it: at least one of its lines bears our mark."""
        return any(line.line for line in self.invoice.lines)


class InvoiceReader:
    """Turns Tryton's rows into invoices; `ref` names a record of this company, `customers` reads some, following replacements."""

    def __init__(
        self,
        rpc: Rpc,
        catalogue: InvoiceCatalogue,
        ref: Callable[[str, str], Ref],
        customers: Callable[[Sequence[str]], Mapping[str, Record]],
    ) -> None:
        self._rpc, self._catalogue, self._ref, self._customers = rpc, catalogue, ref, customers

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read invoices that bear a reference of ours, by id."""
        return {str(one.id): one.record for one in self.by_id(numbers(ids))}

    def by_id(self, ids: Sequence[int]) -> list[Found]:
        """Return invoices by id, oldest first."""
        return self.found([["id", "in", list(ids)]]) if ids else []

    def by_reference(self, references: Sequence[str]) -> dict[str, list[Found]]:
        """Return all customer invoices that bear the references, oldest first."""
        asked = list(dict.fromkeys(references))
        by: dict[str, list[Found]] = {}
        for start in range(0, len(asked), READ):
            for one in self.found([["reference", "in", asked[start : start + READ]]]):
                by.setdefault(one.invoice.reference, []).append(one)
        return by

    def of_contracts(self, contracts: Sequence[str]) -> dict[str, list[Found]]:
        """Return every invoice of some contracts, live or not, oldest first, whoever made it."""
        asked = list(dict.fromkeys(contracts))
        by: dict[str, list[Found]] = {}
        for start in range(0, len(asked), READ):
            part = asked[start : start + READ]
            for one in self.found([["OR", *([["reference", "like", f"{literally(number)}/%"]] for number in part)]]):
                if one.invoice.key.contract in part:
                    by.setdefault(one.invoice.key.contract, []).append(one)
        return by

    def found(self, domain: list[Any]) -> list[Found]:
        """Read invoices with lines and taxes, oldest first; those without a reference of our form are left out."""
        own = [["company", "=", self._catalogue.company], ["type", "=", "out"]]
        rows = [(row, key) for row in self._rpc.search(MODEL, [*own, *domain], FIELDS) if (key := _key(row["reference"]))]
        ids = [row["id"] for row, _ in rows]
        lines, taxes = self._children("line", ids, LINE_FIELDS), self._children("tax", ids, TAX_FIELDS)
        due = self._due_dates([line for row, _ in rows for line in row["lines_to_pay"]])
        recipients = self._recipients({row["party"] for row, _ in rows})
        found = [
            self._one(row, key, lines.get(row["id"], []), taxes.get(row["id"], []), due, recipients.get(row["party"], ""))
            for row, key in rows
        ]
        self._follow([one for one in found if one.made_for - {one.party}])
        return found

    def _follow(self, moved: Sequence[Found]) -> None:
        """A customer that was replaced by another takes its invoices along: they were made for that one too."""
        survivors = self._customers(sorted({customer for one in moved for customer in one.made_for})) if moved else {}
        for one in moved:
            one.made_for = {survivors[known].ref.id if known in survivors else known for known in one.made_for}

    def _children(self, name: str, invoices: Sequence[int], fields: list[str]) -> dict[int, list[Row]]:
        by: dict[int, list[Row]] = {}
        for row in self._rpc.search(f"{MODEL}.{name}", [["invoice", "in", list(invoices)]], fields) if invoices else ():
            by.setdefault(row["invoice"], []).append(row)
        return by

    def _due_dates(self, lines: Sequence[int]) -> dict[int, Row | None]:
        rows = self._rpc.search("account.move.line", [["id", "in", list(lines)]], ["maturity_date"]) if lines else []
        return {row["id"]: row["maturity_date"] for row in rows}

    def _recipients(self, parties: set[int]) -> dict[int, str]:
        domain = [["party", "in", sorted(parties)], ["code", "like", f"{REFERENCE}%"]]
        rows = self._rpc.search("party.identifier", domain, ["party", "code"]) if parties else []
        return {row["party"]: row["code"].rpartition("/")[2] for row in reversed(rows)}

    def _one(
        self, row: Row, key: InvoiceKey, lines: list[Row], taxes: list[Row], due: Mapping[int, Row | None], recipient: str
    ) -> Found:
        read = tuple(self._line(line) for line in lines if line["type"] == "line")
        own = zip((line for line in lines if line["type"] == "line"), read, strict=True)
        categories = {tax: line.category for given, line in own if line.line for tax in given["taxes"]}
        days = [day for line in read for day in (line.service_from, line.service_to) if day] or [key.period_start]
        invoice = Invoice(
            key=key, state=state_of(row), currency=row["currency."]["code"], recipient=recipient,
            service_from=min(days, default=None), service_to=max(days, default=None), lines=read,
            taxes=tuple(self._tax(tax, categories) for tax in taxes), net=read_amount(row["untaxed_amount"]),
            tax=read_amount(row["tax_amount"]), gross=read_amount(row["total_amount"]), number=row["number"] or "",
            invoice_date=read_day(row["invoice_date"]),
            due_date=max(filter(None, (read_day(due.get(line)) for line in row["lines_to_pay"])), default=None),
            open_amount=read_amount(row["amount_to_pay"]) if row["state"] in {"posted", "paid"} else None,
        )  # fmt: skip
        at = moment(row["write_date"]) or moment(row["create_date"]) or EPOCH
        values = {
            **invoice.model_dump(mode="json"),
            "reference": invoice.reference,
            "made_by_hand": not any(n.line for n in read),
        }
        record = Record(self._ref("invoice", str(row["id"])), at, values, self._ref("customer", str(row["party"])))
        return Found(row, lines, invoice, record)

    def _line(self, row: Row) -> InvoiceLine:
        rates = [self._catalogue.tax_rates[tax]["rate"] for tax in row["taxes"] if tax in self._catalogue.tax_rates]
        rate = rates[0] if len(rates) == 1 else Decimal(-1)
        ours = {"category": "S" if rate > 0 else "E", **read_mark(row["note"] or "")}
        return InvoiceLine.model_validate({
            "product": (row["product."] or {}).get("code") or "", "description": row["description"] or "",
            "unit": (row["unit."] or {}).get("symbol") or "", "quantity": str(row["quantity"] or 0),
            "unit_price": read_amount(row["unit_price"]), "net": read_amount(row["amount"]), "rate": rate, **ours,
        })  # fmt: skip

    def _tax(self, row: Row, categories: Mapping[int, str]) -> TaxTotal:
        known = self._catalogue.tax_rates.get(row["tax"], {"name": "", "rate": Decimal(0)})
        category = categories.get(row["tax"]) or ("S" if known["rate"] else "E")
        return TaxTotal.model_validate({
            "category": category, "rate": known["rate"], "base": read_amount(row["base"]), "tax": read_amount(row["amount"]),
            "code": known["name"], "reason": row["legal_notice"] or "",
        })  # fmt: skip


def state_of(row: Row) -> InvoiceState:
    """Return the state; a cancelled invoice without a number was a draft that somebody gave up, and never was an invoice."""
    if row["state"] == "cancelled" and not row["number"]:
        return InvoiceState.DELETED
    return InvoiceState(row["state"])


def _key(reference: str | None) -> InvoiceKey | None:
    try:
        return InvoiceKey.parse(reference or "")
    except ValueError:
        return None
