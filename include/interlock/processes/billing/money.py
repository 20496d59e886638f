"""The money of a run: what was planned, invoiced, held and rounded, by currency and tax, for people to check by hand.

Amounts of two currencies are never summed. Plain data: `model_dump(mode="json")` is what the run report keeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, computed_field

from interlock.domain.identity import Values
from interlock.domain.invoice import Invoice, TaxTotal
from interlock.domain.money import EXACT, ZERO, Amount, figure
from interlock.domain.readback import rounding
from interlock.processes.billing.judge import CORRECTION
from interlock.processes.billing.known import Held
from interlock.processes.billing.money_years import YearShare, shares

PARTS: Final = ("planned", "invoiced", "held", "awaiting_approval", "corrected", "rounding")
Pair = tuple[Invoice, Invoice]


class _Sum(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    currency: str
    net: Amount = ZERO
    tax: Amount = ZERO

    @computed_field  # type: ignore[prop-decorator]
    @property
    def gross(self) -> Amount:
        """Net and tax together."""
        return EXACT.add(self.net, self.tax)

    @property
    def figures(self) -> tuple[str, str, str]:
        """Net, tax and gross with all digits of the currency's minor unit, as people read them."""
        net, tax, gross = (figure(amount, self.currency) for amount in (self.net, self.tax, self.gross))
        return net, tax, gross


S = TypeVar("S", bound=_Sum)


class MoneyRow(_Sum):
    """What has one reason, currency, category and rate (percent); without a rate the tax is not known.

    reason: the codes for which it is held; `supplement` or `correction_needed` where it corrects; else empty.
    """

    reason: str = ""
    category: str = ""
    rate: Amount | None = None


class MoneySum(_Sum):
    """All of one currency; invoices: how many."""

    invoices: int = 0


class MoneyPart(BaseModel):
    """Rows in the order of reason, currency, category and rate; one sum for each currency."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rows: tuple[MoneyRow, ...] = ()
    sums: tuple[MoneySum, ...] = ()


class RunMoney(BaseModel):
    """The parts of a run's money, and the net of what was invoiced shared out to fiscal years.

    corrected: what corrects an invoice of before; of it supplements are in `invoiced` too, what needs correcting in `held`.
    rounding: the ERP's tax less ours, so that planned and rounding of the same invoices make up `invoiced`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    planned: MoneyPart = MoneyPart()
    invoiced: MoneyPart = MoneyPart()
    held: MoneyPart = MoneyPart()
    awaiting_approval: MoneyPart = MoneyPart()
    corrected: MoneyPart = MoneyPart()
    rounding: MoneyPart = MoneyPart()
    fiscal_years: tuple[YearShare, ...] = ()

    @property
    def parts(self) -> dict[str, MoneyPart]:
        """The parts that hold something, by name."""
        return {name: part for name in PARTS if (part := getattr(self, name)).rows}


def money_of_run(
    *,
    planned: Iterable[Invoice] = (),
    invoiced: Iterable[Pair] = (),
    held: Iterable[Held] = (),
    awaiting: Iterable[Invoice] = (),
    fiscal_year_starts: str = "01-01",
) -> RunMoney:
    """Add up a run. invoiced: each invoice as planned and as posted; awaiting: those held for a person's approval."""
    pairs, stopped = tuple(invoiced), tuple(held)
    supplements = [_posted(*pair, "supplement") for pair in pairs if pair[0].key.kind == "supplement"]
    needed = [_held(one, CORRECTION.code) for one in stopped if any(p.code == CORRECTION.code for p in one.problems)]
    return RunMoney(
        planned=_part([_rows(invoice, invoice.taxes) for invoice in planned]),
        invoiced=_part([_posted(*pair) for pair in pairs]),
        held=_part([_held(one, ", ".join(sorted({problem.code for problem in one.problems}))) for one in stopped]),
        awaiting_approval=_part([_rows(invoice, invoice.taxes) for invoice in awaiting]),
        corrected=_part([*supplements, *needed]),
        rounding=_part([rows for pair in pairs if (rows := _rounded(*pair))]),
        fiscal_years=shares((posted if posted.lines else planned for planned, posted in pairs), fiscal_year_starts),
    )


def as_posted(planned: Invoice, results: Values) -> Invoice:
    """Return the invoice with the figures that the ERP gave at posting; lines and key are those it was planned with."""
    return Invoice.model_validate(planned.model_dump(mode="json") | dict(results))


def _rows(owner: Invoice | Held, taxes: Iterable[TaxTotal], reason: str = "") -> list[MoneyRow]:
    """Return a row for each tax, and one for what no tax accounts for, so that nothing is left out of the sums."""
    rows = [
        MoneyRow(currency=owner.currency, net=t.base, tax=t.tax, reason=reason, category=t.category, rate=t.rate) for t in taxes
    ]
    net, tax = owner.net - sum((r.net for r in rows), ZERO), owner.tax - sum((r.tax for r in rows), ZERO)
    return [*rows, MoneyRow(currency=owner.currency, net=net, tax=tax, reason=reason)] if net or tax or not rows else rows


def _posted(planned: Invoice, posted: Invoice, reason: str = "") -> list[MoneyRow]:
    """Name taxes as planned: of an invoice made by hand the ERP does not know the category."""
    ours = {total.code: {"category": total.category, "rate": total.rate} for total in planned.taxes}
    return _rows(posted, [total.model_copy(update=ours.get(total.code, {})) for total in posted.taxes], reason)


def _held(one: Held, reason: str) -> list[MoneyRow]:
    return _rows(one, one.taxes, reason)


def _rounded(planned: Invoice, posted: Invoice) -> list[MoneyRow]:
    ours = {total.code: total for total in planned.taxes}
    return [
        MoneyRow(currency=planned.currency, tax=difference, category=ours[code].category, rate=ours[code].rate)
        for code, difference in rounding(planned, posted).items()
    ]


def _part(invoices: list[list[MoneyRow]]) -> MoneyPart:
    found: dict[tuple[str, str, str, Decimal], MoneyRow] = {}
    sums: dict[str, MoneySum] = {}
    for rows in invoices:
        for row in rows:
            key = (row.reason, row.currency, row.category, Decimal(-1) if row.rate is None else row.rate)
            found[key] = _plus(found.get(key, row.model_copy(update={"net": ZERO, "tax": ZERO})), row)
            sums[row.currency] = _plus(sums.get(row.currency, MoneySum(currency=row.currency)), row)
        total = sums[rows[0].currency]
        sums[total.currency] = total.model_copy(update={"invoices": total.invoices + 1})
    return MoneyPart(rows=tuple(found[key] for key in sorted(found)), sums=tuple(sums[name] for name in sorted(sums)))


def _plus(total: S, row: _Sum) -> S:
    return total.model_copy(update={"net": EXACT.add(total.net, row.net), "tax": EXACT.add(total.tax, row.tax)})
