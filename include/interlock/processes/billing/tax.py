"""Tax = f(goods or service, customer kind, seat and VAT-id country of the recipient, last day of the service period)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from stdnum import vatin

from interlock.domain.codes import VAT_SEATS, vat_country
from interlock.domain.invoice import Category, InvoiceLine, TaxTotal
from interlock.domain.money import ZERO, half_up, product
from interlock.domain.record import Problem
from interlock.domain.tax_table import TaxRow, TaxRules
from interlock.processes.billing.recipient import Recipient

Kind = Literal["business", "consumer", ""]
NEEDS_VAT_ID: Final[frozenset[Category]] = frozenset({"AE", "K"})
GAP: Final = Problem(
    "tax_row_missing", "tax_class",
    "the tax table has no row for this supply, recipient and day; ask the tax adviser and add one under [tax]",
)  # fmt: skip
SEAT: Final = Problem(
    "tax_seat_unclear",
    "vat_id",
    "the recipient's VAT id is of another country than its seat; settle which one the supply goes to",
)
KIND_UNKNOWN: Final = Problem(
    "customer_kind_missing", "customer_kind", "whether a recipient abroad is a business or a consumer decides the tax; enter it"
)
VAT_MISSING: Final = Problem(
    "tax_vat_id_missing", "vat_id", "without a VAT id of the recipient (BT-48) no invoice without tax; ask the customer for it"
)
VAT_REFUSED: Final = Problem(
    "tax_vat_id_refused",
    "vat_id",
    "the recipient's VAT id is not valid, by its check digits or by the VAT register; ask the customer",
)
WAIT: Final = "vat_answer_missing"


def row_for(line: InvoiceLine, kind: Kind, recipient: Recipient, rules: TaxRules) -> TaxRow | Problem:
    """Return the row of the table that taxes a line, or why there is none; never a guess, never silently domestic tax."""
    country = recipient.party.country
    zone = rules.zone(country, recipient.party.postal_code)
    vat_id = recipient.party.vat_id
    if vat_id and vat_country(vat_id) not in {country, VAT_SEATS.get(country)}:
        return SEAT
    if zone != "domestic" and not kind:
        return KIND_UNKNOWN
    fitting = [row for row in rules.rows if row.customer_kind in {kind, "any"} and covers(row, line)]
    for row in fitting:
        if country in row.countries:
            return row
    return next((row for row in fitting if zone and row.zone == zone), GAP)


def covers(row: TaxRow, line: InvoiceLine) -> bool:
    """Tell whether a row is for such a line on its last day of service, whoever the recipient is."""
    day = line.service_to
    return (
        row.tax_class == line.tax_class
        and row.supply in {line.supply, "any"}
        and day is not None
        and row.valid_from <= day <= (row.valid_to or date.max)
    )


def taxed(
    lines: Iterable[InvoiceLine], kind: Kind, recipient: Recipient, rules: TaxRules
) -> tuple[tuple[InvoiceLine, ...], tuple[TaxRow, ...], tuple[Problem, ...]]:
    """Return the lines with category and rate, the rows they came from, and why some have none."""
    done, rows, problems = [], [], []
    for line in lines:
        found = row_for(line, kind, recipient, rules)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            rows.append(found)
            done.append(line.model_copy(update={"category": found.category, "rate": found.rate}))
    return tuple(done), tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(problems))


def totals(lines: Iterable[InvoiceLine], named: Iterable[TaxRow | TaxTotal], currency: str) -> tuple[TaxTotal, ...]:
    """Return the tax of each category and rate: once over the sum of its lines, half-up (EN 16931 BR-CO-17, BR-S-09).

    `named` give the ERP's name and the reason of each category and rate.
    """
    bases: dict[tuple[Category, Decimal], Decimal] = {}
    for line in lines:
        group = (line.category, line.rate)
        bases[group] = bases.get(group, ZERO) + line.net
    names = {(row.category, row.rate): (row.code, row.reason) for row in named}
    return tuple(
        TaxTotal(
            category=category, rate=rate, base=base, tax=half_up(product(base, rate / 100), currency),
            code=names[category, rate][0], reason=names[category, rate][1],
        )
        for (category, rate), base in sorted(bases.items())
    )  # fmt: skip


def vat_evidence(lines: Iterable[InvoiceLine], recipient: Recipient, rules: TaxRules, as_of: date) -> Problem | str:
    """Return what keeps an untaxed EU supply back: a problem, the reason to wait `vat_answer_missing`, or an empty text.

    Check digits come first. valid: go on. unknown: only with a valid answer not older than `vat_max_age_days`, else wait.
    invalid: never.
    """
    if not any(line.category in NEEDS_VAT_ID for line in lines):
        return ""
    answer = recipient.vat
    if not recipient.party.vat_id:
        return VAT_MISSING
    if not vatin.is_valid(recipient.party.vat_id):
        return VAT_REFUSED
    if answer is None or answer.vat_id != recipient.party.vat_id:
        return WAIT
    if answer.status == "invalid":
        return VAT_REFUSED
    oldest = as_of - timedelta(days=rules.vat_max_age_days)
    fresh = answer.last_valid_on is not None and answer.last_valid_on >= oldest
    return "" if answer.status == "valid" or fresh else WAIT
