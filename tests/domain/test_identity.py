"""Names, hashes and canonical text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.identity import Ref, canonical, content_hash

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=6))
def test_equal_values_have_one_text_whatever_their_order(values):
    assert canonical(values) == canonical(dict(reversed(values.items())))


@pytest.mark.parametrize("values", [{"amount": 1.5}, {"lines": [{"price": 0.1}]}, {"a": {"b": float("nan")}}])
def test_an_amount_never_travels_as_a_binary_fraction(values):
    with pytest.raises(TypeError, match="Decimal"):
        canonical(values)
    with pytest.raises(TypeError):
        content_hash(values)


def test_a_reference_reads_back_whatever_its_id_holds():
    ref = Ref("tryton:erp-1", "1", "customer", "a/b")
    assert Ref.parse(str(ref)) == ref
    with pytest.raises(ValueError, match="not a record reference"):
        Ref.parse("nonsense")
