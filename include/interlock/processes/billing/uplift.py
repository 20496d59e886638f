"""What a line costs in a new term: the price a person entered, else the old one raised exactly once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from interlock.domain.contract import Contract, Line
from interlock.domain.money import EXACT, ZERO, minor_digits, plain, product


def price_for(line: Line, contract: Contract, first_day: date, earlier: Iterable[Line]) -> Decimal | None:
    """Return the unit price of a line in the term that begins on first_day, or None while it waits for an index or a person.

    `earlier` are the same line's frozen states in the terms before, oldest first. A price a person entered wins: as the price
    from first_day, or on the line itself, where it differs from every price the line ever had.
    """
    before = list(earlier)
    if line.new_unit_price is not None and line.new_price_from == first_day:
        return line.new_unit_price
    if not before or line.unit_price not in {old.unit_price for old in before}:
        return line.unit_price
    old = before[-1].unit_price
    share = uplift(contract, first_day)
    if old is None or share is None:
        return None
    places = max(decimals(known.unit_price) for known in before if known.unit_price is not None)
    return raised(old, share, max(places, minor_digits(contract.currency)))


def uplift(contract: Contract, first_day: date) -> Decimal | None:
    """Return by how many percent prices rise with the term that begins on first_day; None while that is not known.

    Consumers' prices never rise unless that was agreed (§ 307 BGB, §§ 308, 309 BGB; †).
    """
    if contract.uplift == "none" or (contract.customer_kind != "business" and not contract.uplift_agreed):
        return ZERO
    if contract.uplift == "percent":
        return contract.uplift_percent
    return contract.uplift_percent if contract.uplift == "index" and contract.uplift_from == first_day else None


def raised(price: Decimal, percent: Decimal, places: int) -> Decimal:
    """Return half-up(price x (1 + percent / 100)) with so many decimals: those of the line's prices, at least the currency's."""
    return product(price, 1 + percent / 100).quantize(Decimal(1).scaleb(-places), context=EXACT)


def decimals(price: Decimal) -> int:
    """Return how many decimals an amount needs, however it was written: 0.0120 needs three."""
    return len(plain(price).partition(".")[2])
