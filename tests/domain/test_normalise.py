"""Canonical forms: by examples, and stable when applied again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.normalise import RULES, normalise
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
    ],
)
def test_what_has_no_form_is_a_problem_that_hides_the_value(field, raw, code):
    values, (problem,) = normalise({field: raw})
    assert (values, problem.code, problem.field) == ({field: ""}, code, field)
    assert raw not in problem.message


@given(st.sampled_from(sorted({*PARTY_FIELDS, *RULES})), st.text())
def test_a_canonical_form_is_its_own(field, raw):
    once, _ = normalise({field: raw})
    assert normalise(once)[0] == once
