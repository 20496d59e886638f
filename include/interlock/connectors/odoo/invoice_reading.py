"""Reading invoices: by id, by our reference, of a contract; what people did with one meanwhile shows in it.

Ours bear the reference in an external id, and as their origin, which no window lets people change; people type it as the
customer's reference. A copy of ours takes the origin along and counts as made by hand while it still says the days of the period.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from interlock.connectors.invoice_wording import read_period
from interlock.connectors.invoicing import literally
from interlock.connectors.odoo import objects
from interlock.connectors.odoo.api import READ, Domain, Row, Rpc, moment, numbers, words
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.odoo.invoice_marks import read_invoice_mark, read_line_mark
from interlock.connectors.odoo.invoice_rows import amount, day, is_product, key_of, party, read_key, state_of
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceKey, InvoiceLine, InvoiceState, TaxTotal
from interlock.domain.money import ZERO
from interlock.domain.record import Record

MODEL: Final = "account.move"
LINE: Final = "account.move.line"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS: Final = [
    "name", "ref", "invoice_origin", "state", "payment_state", "posted_before", "invoice_date", "invoice_date_due",
    "commercial_partner_id", "currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "write_date",
]  # fmt: skip
LINE_FIELDS: Final = [
    "move_id", "display_type", "product_id", "product_uom_id", "name", "quantity", "price_unit", "discount", "price_subtotal",
    "tax_ids", "tax_line_id", "amount_currency",
]  # fmt: skip


class Found:
    """One invoice as Odoo has it: the model, its record; made_for: the customers that our lines in it were made for."""

    def __init__(self, row: Row, invoice: Invoice, record: Record, made_for: set[str]) -> None:
        self.id: int = row["id"]
        self.party = str(party(row) or "")
        self.made_for, self.invoice, self.record = made_for, invoice, record
        self.dated = bool(row["invoice_date"])
        self.reopened = row["state"] == "draft" and bool(row["posted_before"])

    @property
    def ours(self) -> bool:
        """Whether we made it: at least one of its lines bears our mark."""
        return any(line.line for line in self.invoice.lines)


class InvoiceReader:
    """Turns Odoo's rows into invoices; `ref` names a record of this company, `customers` reads some, following merges."""

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
            part = asked[start : start + READ]
            for one in self.found(["|", ["invoice_origin", "in", part], ["ref", "in", part]]):
                by.setdefault(one.invoice.reference, []).append(one)
        return by

    def of_contracts(self, contracts: Sequence[str]) -> dict[str, list[Found]]:
        """Return every invoice of some contracts, live or not, oldest first, whoever made it."""
        asked = list(dict.fromkeys(contracts))
        by: dict[str, list[Found]] = {}
        for start in range(0, len(asked), READ):
            part = asked[start : start + READ]
            likes = [[name, "=like", f"{literally(number)}/%"] for number in part for name in ("invoice_origin", "ref")]
            for one in self.found([*["|"] * (len(likes) - 1), *likes]):
                if one.invoice.key.contract in part:
                    by.setdefault(one.invoice.key.contract, []).append(one)
        return by

    def found(self, domain: Domain) -> list[Found]:
        """Read invoices with lines and taxes, oldest first; those without our mark or a reference of our form are left out."""
        rows = list(self._rpc.every(MODEL, [*self._catalogue.own, *domain], FIELDS))
        company = self._catalogue.company
        marks = {name: read_invoice_mark(company, mark) for name, mark in self._marks(MODEL, [r["id"] for r in rows]).items()}
        keyed = [(row, key) for row in rows if (key := key_of(row, marks.get(row["id"], "")))]
        lines = self._lines([row["id"] for row, _ in keyed])
        names = self._marks(LINE, [line["id"] for several in lines.values() for line in several if is_product(line)])
        recipients = self._recipients({partner for row, _ in keyed if (partner := party(row))})
        codes = self._codes(lines)
        found: list[Found] = []
        for row, key in keyed:
            ours = marks.get(row["id"], "") == key.reference
            one = self._one(row, key, lines.get(row["id"], []), names if ours else {}, recipients, codes)
            if ours or read_key(row["ref"]) or _covers(one.invoice, key.period_start):
                found.append(one)
        self._follow([one for one in found if one.made_for - {one.party}])
        return found

    def _follow(self, moved: Sequence[Found]) -> None:
        """A customer that was merged into another takes its invoices along: they were made for that one too."""
        survivors = self._customers(sorted({customer for one in moved for customer in one.made_for})) if moved else {}
        for one in moved:
            one.made_for = {survivors[known].ref.id if known in survivors else known for known in one.made_for}

    def _lines(self, moves: Sequence[int]) -> dict[int, list[Row]]:
        by: dict[int, list[Row]] = {}
        domain = [["move_id", "in", list(moves)], ["display_type", "in", ["product", "tax"]]]
        for row in self._rpc.every(LINE, domain, LINE_FIELDS, 10 * READ) if moves else ():
            by.setdefault(row["move_id"][0], []).append(row)
        return by

    def _marks(self, model: str, ids: Sequence[int]) -> dict[int, str]:
        found = self._rpc.read(model, "get_external_id", list(ids)) if ids else {}
        return {int(record): words(name) for record, name in found.items()}

    def _recipients(self, partners: set[int]) -> dict[int, str]:
        """Return the CRM's id of the account that each customer was made from."""
        domain = [["model", "=", "res.partner"], ["res_id", "in", sorted(partners)]]
        ours = ["message_id", "=like", objects.message_id("%")]
        rows = self._rpc.search("mail.message", [*domain, ours], ["res_id", "message_id"]) if partners else []
        named = {row["res_id"]: found for row in reversed(rows) if (found := objects.REFERENCE.fullmatch(row["message_id"]))}
        return {partner: found["reference"].rpartition("/")[2] for partner, found in named.items()}

    def _codes(self, lines: Mapping[int, Sequence[Row]]) -> dict[int, str]:
        products = {line["product_id"][0] for several in lines.values() for line in several if line["product_id"]}
        rows = self._rpc.of_ids("product.product", sorted(products), ["default_code"]) if products else {}
        return {product: words(row["default_code"]) for product, row in rows.items()}

    def _one(
        self,
        row: Row,
        key: InvoiceKey,
        lines: Sequence[Row],
        names: Mapping[int, str],
        recipients: Mapping[int, str],
        codes: Mapping[int, str],
    ) -> Found:
        currency = row["currency_id"][1]
        own = [(line, *read_line_mark(names.get(line["id"], ""))) for line in lines if is_product(line)]
        read = tuple(self._line(line, mark, codes, currency) for line, mark, _ in own)
        days = [day for line in read for day in (line.service_from, line.service_to) if day] or [key.period_start]
        state, partner = state_of(row), party(row)
        posted = state in {InvoiceState.POSTED, InvoiceState.PAID, InvoiceState.CANCELLED}
        invoice = Invoice(
            key=key, state=state, currency=currency, recipient=recipients.get(partner, ""), service_from=min(days),
            service_to=max(days), lines=read, taxes=self._taxes(lines, read, currency),
            net=amount(row["amount_untaxed"], currency), tax=amount(row["amount_tax"], currency),
            gross=amount(row["amount_total"], currency), number=words(row["name"]).removeprefix("/") if posted else "",
            invoice_date=day(row["invoice_date"]), due_date=day(row["invoice_date_due"]) if posted else None,
            open_amount=amount(row["amount_residual"], currency) if state.posted else None,
        )  # fmt: skip
        by_hand = not any(line.line for line in read)
        values = {**invoice.model_dump(mode="json"), "reference": invoice.reference, "made_by_hand": by_hand}
        customer = self._ref("customer", str(partner)) if partner else None
        record = Record(self._ref("invoice", str(row["id"])), moment(row["write_date"]) or EPOCH, values, customer)
        return Found(row, invoice, record, {customer for _, _, customer in own if customer})

    def _line(self, row: Row, mark: Mapping[str, str], codes: Mapping[int, str], currency: str) -> InvoiceLine:
        rates = [self._catalogue.tax_rates[tax]["rate"] for tax in row["tax_ids"] if tax in self._catalogue.tax_rates]
        rate = rates[0] if len(rates) == len(row["tax_ids"]) == 1 else Decimal(-1)
        first, last = read_period(words(row["name"]))
        return InvoiceLine.model_validate({
            "product": codes.get(row["product_id"][0], "") if row["product_id"] else "", "description": words(row["name"]),
            "unit": row["product_uom_id"][1] if row["product_uom_id"] else "", "quantity": str(row["quantity"]),
            "unit_price": str(row["price_unit"]), "discount": str(row["discount"]),
            "net": amount(row["price_subtotal"], currency), "rate": rate, "category": "S" if rate > 0 else "E",
            "service_from": first, "service_to": last, **mark,
        })  # fmt: skip

    def _taxes(self, lines: Sequence[Row], read: Sequence[InvoiceLine], currency: str) -> tuple[TaxTotal, ...]:
        """Sum the lines of each tax; Odoo books no line for a tax of nothing."""
        bases: dict[int, Decimal] = {}
        categories: dict[int, str] = {}
        for row, line in zip(filter(is_product, lines), read, strict=True):
            for tax in row["tax_ids"]:
                bases[tax] = bases.get(tax, ZERO) + line.net
                categories[tax] = line.category if line.line else categories.get(tax, line.category)
        booked: dict[int, Decimal] = {}
        for row in lines:
            if row["tax_line_id"]:
                tax = row["tax_line_id"][0]
                booked[tax] = booked.get(tax, ZERO) - amount(row["amount_currency"], currency)
        known = self._catalogue.tax_rates
        return tuple(
            TaxTotal.model_validate({
                "category": categories.get(tax, "S"), "rate": known[tax]["rate"] if tax in known else ZERO,
                "base": bases.get(tax, ZERO), "tax": booked.get(tax, ZERO), "code": known[tax]["name"] if tax in known else "",
            })
            for tax in sorted({*bases, *booked})
        )  # fmt: skip


def _covers(invoice: Invoice, day: date) -> bool:
    return any(n.service_from and n.service_to and n.service_from <= day <= n.service_to for n in invoice.lines)
