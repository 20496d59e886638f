"""A CRM's values in canonical form: what is there, what is empty, what is unfit."""

from __future__ import annotations

import pytest

from interlock.config.properties import Property
from interlock.connectors.fields import filled, texts

NUMBER, TEXT, SWITCH, DAY = Property("", "number"), Property(""), Property("", "bool"), Property("", "date")


@pytest.mark.parametrize(
    ("value", "holds", "read"),
    [
        (0, NUMBER, "0"), (0.0, NUMBER, "0"), ("0", NUMBER, "0"), (1234.5, NUMBER, "1234.5"), ("1e2", NUMBER, "100"),
        (None, NUMBER, ""), ("", NUMBER, ""), ("many", NUMBER, "many"), (0, TEXT, "0"), (False, SWITCH, ""),
        (True, SWITCH, "true"),
        ("2026-01-02 00:00:00", DAY, "2026-01-02"), ("soon", DAY, "soon"), ("  ", TEXT, ""),
    ],
)  # fmt: skip
def test_a_number_0_is_a_value_and_an_unset_switch_is_none(value, holds, read):
    assert texts({"p": value}, {"field": "p"}, {"field": holds}) == {"field": read}
    assert filled({"p": value}, {"field": "p"}, {"field": holds}) == ({"field": read} if read else {})
