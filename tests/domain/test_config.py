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
        (LEAD + "[customers.fields]\nphone = { owner = 'erpp' }\n", ["customers.fields.phone.owner", "'create_only'"]),
        (LEAD + "[customers.fields]\nphone = 'crm'\n", ["customers.fields", 'phone = { owner = "crm" }']),
        (LEAD + "[customers.fields]\nfax = {}\n", ["unknown field fax", "known are"]),
        (LEAD + "[customers.fields]\ncredit_limit = { owner = 'crm' }\n", ["credit_limit", "always the ERP's", "remove it"]),
        (LEAD + "[customers.fields]\nlegal_name = { owner = 'erp' }\n", ["legal_name", "create_only"]),
        (LEAD + "[customers.fields]\ncountry = { on_unusable = 'leave_out' }\n", ["country", "hold"]),
        (LEAD + "[customers.fields]\ncity = { owner = 'create_only' }\n", ["one address", "same owner"]),
        (LEAD + "[quality]\ndata_docs = true\n", ["quality", "data_docs_folder", "absolute path"]),
        (LEAD + "[quality]\ndata_docs = true\ndata_docs_folder = 'docs'\n", ["quality", "data_docs_folder", "absolute path"]),
        (LEAD + "[maps.countries]\nBundesrepublik = 'Germany'\n", ["maps", "countries", "'Germany'", "DE"]),
        (LEAD + "[maps.languages]\nKlingonisch = 'tlh'\n", ["languages", "'tlh'", "ISO 639"]),
        (LEAD + "[maps.salutations]\nHerr = 'mr'\n' HERR ' = 'ms'\n", ["salutations", "the same name twice"]),
        (LEAD + "[maps.legal_forms]\n'' = 'GmbH'\n", ["legal_forms", "must not be empty"]),
        (LEAD + "[maps.states]\na = 'b'\n", ["maps.states", "check its spelling"]),
        (LEAD + "[crm.maps]\na = 'b'\n", ["crm.maps", "check its spelling"]),
        (LEAD + "[approval]\nusers = ['ines']\nfour_eyes = true\n", ["approval", "name a second one"]),
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
    for more in (
        "[customers]\npayment_term = 'x'",
        "[customers.fields]\nphone = { owner = 'erp' }",
        "[maps.countries]\nBRD = 'DE'",
    ):
        assert parse(LEAD).hash != parse(LEAD + more + "\n").hash


def test_what_shapes_reading_is_known_apart():
    same = ("[customers]\npayment_term = 'x'", "[customers.fields]\nphone = { owner = 'erp' }", "[crm]\nbatch = 5")
    other = ("[maps.languages]\nPlatt = 'de'", "[crm.account]\nphone = 'mobile'", "[crm]\nwon_stages = ['won']")
    assert {parse(LEAD + more + "\n").reading for more in same} == {parse(LEAD).reading}
    assert len({parse(LEAD + more + "\n").reading for more in ("", *other)}) == 4


def test_a_rule_names_what_differs_from_the_usual_one():
    phone = parse(LEAD + "[customers.fields]\nphone = { owner = 'create_only' }\n").customers.fields["phone"]
    assert (phone.owner, phone.empty, phone.on_unusable) == ("create_only", "clear", "leave_out")
    assert parse(LEAD + "[customers.fields]\ncredit_limit = { owner = 'erp' }\n").hash == parse(LEAD).hash


def test_the_maps_reach_the_connector():
    settings = parse(LEAD + "[maps.countries]\n' Bundes  REPUBLIK' = 'DE'\n")
    assert settings.crm.with_maps(settings.maps).maps.by_field["country"] == {"bundes republik": "DE"}
    assert settings.crm.maps.by_field["country"] == {}


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
