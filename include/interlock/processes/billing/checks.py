"""Whether a contract can be reckoned with at all: what is missing, doubled or contradictory in the CRM, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from interlock.domain.contract import Contract, Line
from interlock.domain.identity import Values
from interlock.domain.record import Problem

FIRST: Final = date(1970, 1, 1)
LAST: Final = date(2199, 12, 31)
DATES: Final = (
    "start",
    "renewed_through",
    "cancellation_received_on",
    "cancellation_effective_on",
    "billed_through",
    "uplift_from",
)
LINE_AMOUNTS: Final = ("quantity", "unit_price", "new_unit_price", "discount")
HUNDRED: Final = 100
LARGEST: Final = Decimal(10) ** 9
DECIMALS: Final = 9
LINE_DATES: Final = ("valid_from", "valid_to", "new_price_from")


def read_contract(values: Values) -> Contract | Problem:
    """Return the contract that a snapshot holds, or which of its fields cannot be one."""
    try:
        return Contract.model_validate(values)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False)[0]["loc"]
        name = str(where[-1]).replace("_", " ")
        return Problem(
            "contract_unfit", str(where[0]), f"the contract's {name} is nothing that can be used; correct it in the CRM"
        )


def check(contract: Contract) -> tuple[Problem, ...]:
    """Return why nothing of a contract can be invoiced; nothing for a draft, which nobody concluded yet."""
    return () if contract.status == "draft" else (*_contract(contract), *_lines(contract.lines))


def _contract(contract: Contract) -> Iterator[Problem]:
    if not contract.number:
        yield Problem("contract_number_missing", "number", "the contract has no number; invoices refer to it")
    if contract.start is None:
        yield Problem("contract_start_missing", "start", "the contract has no first day; enter it in the CRM")
    days = [getattr(contract, name) for name in DATES] + [getattr(line, name) for line in contract.lines for name in LINE_DATES]
    if any(day and not FIRST <= day <= LAST for day in days):
        yield Problem("contract_date_doubtful", "start", "a date of the contract lies before 1970 or after 2199; correct it")
    if not re.fullmatch("[A-Z]{3}", contract.currency):
        yield Problem("currency_unfit", "currency", "the currency is not an ISO 4217 code such as EUR")
    if not _usual(contract.uplift_percent) or (contract.uplift_percent or 0) <= -HUNDRED:
        yield Problem("uplift_doubtful", "uplift_percent", "the uplift would make prices nothing or less; correct the percentage")
    if contract.renewal_mode == "fixed" and contract.initial_term and not contract.renewal_term:
        yield Problem(
            "renewal_term_missing", "renewal_term", "the contract renews itself for a fixed term of no length; enter it"
        )


def _lines(lines: tuple[Line, ...]) -> Iterator[Problem]:
    if not lines:
        yield Problem("contract_without_lines", "lines", "the contract has no lines; add what is supplied")
    if len({line.id for line in lines}) < len(lines):
        yield Problem("line_twice", "lines", "the contract has a line twice; remove one")
    if any(line.valid_from and line.valid_to and line.valid_to < line.valid_from for line in lines):
        yield Problem("line_dates_crossed", "lines", "a line ends before it begins; correct its dates")
    if not all(_usual(getattr(line, name)) for line in lines for name in LINE_AMOUNTS):
        yield Problem(
            "line_amount_doubtful", "lines", "an amount of a line reaches 1,000,000,000 or has ten decimals; correct it"
        )
    if any(line.usage and not (line.valid_from and line.valid_to) for line in lines):
        yield Problem("reading_without_dates", "lines", "a line for usage needs the first and last day that its reading covers")


def _usual(amount: Decimal | None) -> bool:
    """Tell whether an amount is one that can be reckoned with exactly."""
    if amount is None:
        return True
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and abs(amount) < LARGEST and exponent >= -DECIMALS
