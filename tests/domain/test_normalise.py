"""Canonical forms: by examples, and stable when applied again."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain import normalise as rules
from interlock.domain.maps import ValueMaps
from interlock.domain.normalise import RULES, normalise, text
from interlock.domain.party import PARTY_FIELDS


@pytest.mark.parametrize(
    ("field", "raw", "wanted"),
    [
        ("legal_name", "  Müller\u0308 \x00 GmbH\n", "Mü\u0308ller GmbH"[:0] + "Müller̈ GmbH"),
        ("vat_id", "de 136.695-976", "DE136695976"),
        ("phone", "+49 (0)30 123 456", "+4930123456"),
        ("phone", "0049 30 123456", "+4930123456"),
        ("website", "WWW.Example.DE/", "https://www.example.de"),
        ("country", "Österreich", "AT"),
        ("country", "de", "DE"),
        ("language", "de-AT", "de"),
        ("language", "Nederlands", "nl"),
    ],
)
def test_examples(field, raw, wanted):
    assert normalise({field: raw}) == ({field: wanted}, ())


@pytest.mark.parametrize(
    ("field", "raw", "code"),
    [
        ("phone", "030 123456", "phone_without_country"),
        ("country", "Atlantis", "country_unknown"),
        ("language", "Klingonisch", "language_unknown"),
        ("website", "none yet", "website_unfit"),
        ("country", "XX", "country_unknown"),
        ("language", "xx", "language_unknown"),
    ],
)
def test_what_has_no_form_is_a_problem_that_hides_the_value(field, raw, code):
    values, (problem,) = normalise({field: raw})
    assert (values, problem.code, problem.field) == ({field: ""}, code, field)
    assert raw not in problem.message


@pytest.mark.parametrize(("field", "table"), [("country", "countries"), ("language", "languages")])
def test_an_unknown_name_says_where_to_add_it_and_is_known_from_then_on(field, table):
    code = {"country": "DE", "language": "de"}[field]
    maps = ValueMaps.model_validate({table: {"Platt Land": code}}).by_field
    _, (problem,) = normalise({field: " platt  LAND"})
    assert f"add it under [maps.{table}] in interlock.toml" in problem.message
    assert problem.detail == "platt LAND"
    assert normalise({field: " platt  LAND"}, maps) == ({field: code}, ())


def test_a_map_comes_before_what_is_known_of_itself():
    assert normalise({"language": "nl"}, {"language": {"nl": "en"}}) == ({"language": "en"}, ())


HOSTILE = [
    "Ünï \U0001f600 \U0001d50ambH", "شركة النور", "\u202eHbmG\u202c", "<script>alert(1)</script>", "{{ 7 * 7 }} ${7*7} {% raw %}",
    "'; DROP TABLE interlock.change; --", "a\x00b\x1b[31m", "\ud800", "=HYPERLINK(1)", "%s %(x)s {0}",
]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE)
@pytest.mark.parametrize("field", ["legal_name", "city", "street", "register_number"])
def test_hostile_text_stays_text(field, raw):
    values, problems = normalise({field: raw})
    kept = values[field]
    assert problems == ()
    kept.encode()
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in kept)
    printable = [c for c in unicodedata.normalize("NFC", raw) if unicodedata.category(c)[0] in "LNPS"]
    assert [c for c in kept if unicodedata.category(c)[0] in "LNPS"] == printable


@given(st.sampled_from(sorted({*PARTY_FIELDS, *RULES})), st.text())
def test_a_canonical_form_is_its_own(field, raw):
    once, _ = normalise({field: raw})
    assert normalise(once)[0] == once


@given(st.text(alphabet=st.one_of(st.sampled_from("aä ß\u0301\u00a0\u200b\t\n\u2028"), st.characters())))
def test_text_that_needs_no_care_is_left_as_care_would_leave_it(raw):
    assert text(raw) == " ".join(rules._visible(raw).split())
