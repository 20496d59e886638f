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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[crm.contact]\nshoe_size = "x"\n', "crm.contact: unknown field shoe_size"),
        ('[crm.contact]\nrole = ""\n', "crm.contact: role needs the name of a property"),
        ('[crm.account]\nlegal_name = ""\n', "crm.account: legal_name needs the name of a property"),
        ('[crm.contact_roles]\nboss = ["CEO"]\n', "crm.contact_roles: unknown role boss; only these go over: invoice, delivery"),
        ('[crm]\naccount_url = "https://crm.example"\n', "crm.account_url: needs {id}"),
        ('[crm]\naccount_url = "{host}/{id}"\n', "crm.account_url: needs {id}, may hold {url} and {portal}"),
        ('[prehistory]\nlevel = "full"\n', 'prehistory: level "full" hands over texts of correspondence; write the reason'),
        ('[prehistory]\nlevel = "full"\npurpose = "  "\n', "prehistory.purpose"),
        ('[prehistory]\nlevel = "all"\n', "prehistory.level"),
        ("[prehistory]\nkeep_months = 0\n", "prehistory.keep_months"),
    ],
)
def test_what_may_go_over_of_people_is_said_clearly(text, message):
    with pytest.raises(ConfigurationError) as error:
        parse(LEAD + text)
    assert message in str(error.value)


def test_a_level_with_a_purpose_is_taken_and_counts_as_a_change():
    plain = parse(LEAD)
    full = parse(LEAD + '[prehistory]\nlevel = "full"\npurpose = "Gewährleistung"\n')
    assert (plain.prehistory.level, full.prehistory.level) == ("headlines", "full")
    assert plain.hash != full.hash
