"""Amounts as typed: read when there is one way to, refused when there are two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.amounts import amount
from interlock.domain.normalise import Unusable


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("1\u2019234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("1234,5", "1234.5"),
        ("1234.567", "1234.567"),
        ("1234", "1234"),
        ("0.123", "0.123"),
        ("0,5", "0.5"),
        ("-12,00", "-12.00"),
        ("\u2212 12", "-12"),
        ("-0,00", "0.00"),
        ("007", "7"),
        ("  ", ""),
    ],
)
def test_one_way_to_read(typed, read):
    assert amount(typed) == read


@pytest.mark.parametrize("typed", ["1.234", "1,234", "123.456", "-1.234"])
def test_two_ways_to_read(typed):
    with pytest.raises(Unusable) as error:
        amount(typed)
    assert error.value.code == "amount_ambiguous"
    assert typed not in str(error.value)


@pytest.mark.parametrize(
    "typed",
    [
        "1.23.456",
        "1.2345,6",
        "1,234,56",
        "12.34.56",
        ".5",
        "5.",
        "1e5",
        "NaN",
        "١٢",
        "12 €",
        "EUR 12",
        "1'23",
        "--1",
        "9" * 41,
        "1.234.56",
    ],
)
def test_no_way_to_read(typed):
    with pytest.raises(Unusable) as error:
        amount(typed)
    assert error.value.code == "amount_unfit"


@given(st.text(alphabet="0123456789.,' -e€", max_size=12) | st.text())
def test_whatever_is_typed_is_read_or_refused(typed):
    try:
        read = amount(typed)
    except Unusable:
        return
    assert read == "" or Decimal(read).is_finite()
    assert [c for c in read if c.isdigit()] == [c for c in typed if c.isdigit()][
        -sum(c.isdigit() for c in read) :
    ] or not Decimal(read)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_german_and_english_say_the_same(value):
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert Decimal(amount(english)) == Decimal(amount(german)) == value
