"""Money is a Decimal with a currency, rounded half-up to the currency's minor unit and never a binary fraction (invariant 10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
"""Far more digits than any product of a price, a quantity, a discount and a share of days needs."""
ZERO: Final = Decimal(0)
_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS: Final = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THREE.split(), 3) | {"CLF": 4, "UYW": 4}
"""ISO 4217: the currencies whose minor unit is not a hundredth -> its decimal places."""


def minor_digits(currency: str) -> int:
    """Return the decimal places of a currency's minor unit: 2 unless ISO 4217 says otherwise."""
    return MINOR_DIGITS.get(currency, 2)


def half_up(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's minor unit, halves away from zero: 0.125 EUR -> 0.13, -0.125 EUR -> -0.13."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), context=EXACT)


def figure(amount: Decimal, currency: str) -> str:
    """Return an amount as people read it: rounded, with all digits of the currency's minor unit."""
    return f"{half_up(amount, currency):f}"


def product(first: Decimal, *others: Decimal) -> Decimal:
    """Multiply without rounding on the way."""
    for other in others:
        first = EXACT.multiply(first, other)
    return first


def plain(amount: Decimal) -> str:
    """Return the one decimal text of equal amounts: no exponent, no zeros at the end, no negative zero."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _exact(value: object) -> object:
    if isinstance(value, float | bool):
        raise ValueError("an amount must be decimal text, not a binary fraction")  # noqa: TRY004 - pydantic's
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact), PlainSerializer(plain, return_type=str, when_used="json")]
"""A pydantic field that reads decimal text, refuses floats and writes `plain` text, so that equal amounts hash equally."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency (ISO 4217); mixing currencies raises ValueError, for they are never summed."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing, of this currency."""
        return cls(ZERO, currency)

    def rounded(self) -> Money:
        """Return it half-up to the minor unit."""
        return Money(half_up(self.amount, self.currency), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(EXACT.add(self.amount, self._like(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(EXACT.subtract(self.amount, self._like(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._like(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._like(other)

    def __str__(self) -> str:
        return f"{figure(self.amount, self.currency)} {self.currency}"

    def _like(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"cannot reckon {other.currency} with {self.currency}")
        return other.amount
