"""Every error of interlock.toml names the key and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.config import load, parse
from interlock.errors import ConfigurationError

LEAD = "[lead_to_customer]\ngo_live = 2026-01-01\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["lead_to_customer", "is missing; add it"]),
        (LEAD + "golive = 1\n", ["lead_to_customer.golive", "check its spelling"]),
        (LEAD + "[company]\ntimezone = 'Mars/Base'\n", ["company.timezone", "Europe/Berlin"]),
        (LEAD + "[engine]\nlease_seconds = 10\n", ["engine.lease_seconds", "sending_seconds"]),
        (LEAD + "[crm.account]\nfax = 'fax'\n", ["crm.account", "fax", "known are"]),
        ("nonsense", ["is not TOML"]),
    ],
)
def test_errors(text, words):
    with pytest.raises(ConfigurationError) as error:
        parse(text)
    assert all(word in str(error.value) for word in words)


def test_the_file_of_the_repository_is_valid():
    assert load(Path("interlock.toml")).crm.system == "hubspot"


def test_a_missing_file_says_how_to_name_it(tmp_path):
    with pytest.raises(ConfigurationError, match="INTERLOCK_CONFIG"):
        load(tmp_path / "none.toml")


def test_only_settings_that_decide_business_change_the_hash():
    assert parse(LEAD).hash == parse(LEAD + "[engine]\npage = 5\n").hash
    assert parse(LEAD).hash != parse(LEAD + "[customers]\npayment_term = 'x'\n").hash
