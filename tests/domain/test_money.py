"""Amounts: half-up to the currency's minor unit, one text for equal amounts, currencies never mixed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from interlock.domain.money import Amount, Money, half_up, plain, product

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6)
FIELD = TypeAdapter(Amount)


@pytest.mark.parametrize(
    ("given", "currency", "rounded"),
    [
        ("28.405", "EUR", "28.41"),  # half-even would say 28.40
        ("28.4049999", "EUR", "28.40"),
        ("-0.125", "EUR", "-0.13"),
        ("0.5", "JPY", "1"),
        ("1.2345", "KWD", "1.235"),
        ("0", "EUR", "0.00"),
    ],
)
def test_halves_go_away_from_zero(given, currency, rounded):
    assert str(half_up(Decimal(given), currency)) == rounded


@given(AMOUNTS)
def test_rounding_is_never_off_by_more_than_half_a_cent(amount):
    rounded = half_up(amount, "EUR")
    assert abs(Fraction(rounded) - Fraction(amount)) <= Fraction(1, 200)
    assert half_up(-amount, "EUR") == -rounded
    assert half_up(rounded, "EUR") == rounded


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_products_are_exact(one, two, three):
    assert Fraction(product(one, two, three)) == Fraction(one) * Fraction(two) * Fraction(three)


@pytest.mark.parametrize(
    ("given", "text"), [("1.50", "1.5"), ("100", "100"), ("1E+2", "100"), ("-0.00", "0"), ("0.010", "0.01"), (7, "7")]
)
def test_equal_amounts_have_one_text(given, text):
    assert FIELD.dump_python(FIELD.validate_python(given), mode="json") == text


@given(AMOUNTS)
def test_a_text_read_again_is_the_same_amount(amount):
    assert Decimal(plain(amount)) == amount
    assert plain(Decimal(plain(amount))) == plain(amount)


@pytest.mark.parametrize("given", [1.5, True, "NaN", "Infinity", "1,5", ""])
def test_what_is_no_decimal_text_is_refused(given):
    with pytest.raises(ValidationError):
        FIELD.validate_python(given)


def test_currencies_are_never_mixed():
    euro, franc = Money(Decimal("1.005"), "EUR"), Money(Decimal(1), "CHF")
    assert euro + euro == Money(Decimal("2.010"), "EUR")
    assert (euro - euro, -euro < euro, -euro <= euro) == (Money.zero("EUR") + Money(Decimal("0.000"), "EUR"), True, True)
    assert str(euro) == "1.01 EUR"
    assert euro.rounded().amount == Decimal("1.01")
    for reckon in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__):
        with pytest.raises(ValueError, match="cannot reckon CHF with EUR"):
            reckon(euro, franc)
