"""What a company's CRM calls things, looked up in fields and within company names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.maps import ValueMaps
from interlock.domain.normalise import normalise

MAPS = ValueMaps(
    countries={"Bundesrepublik": "DE"},
    salutations={"Hr.": "Herr"},
    legal_forms={"GmbH i. Gr.": "GmbH", "i. Gr.": "in Gründung", "gr": "X"},
)


def test_a_contact_s_salutation_and_any_country_are_looked_up():
    given_values = {"salutation": "HR.", "delivery_country": "bundesrepublik", "country": "Bundesrepublik", "first_name": "Hr."}
    values, problems = normalise(given_values, MAPS.by_field)
    assert values == {"salutation": "Herr", "delivery_country": "DE", "country": "DE", "first_name": "Hr."}
    assert problems == ()


def test_the_longest_form_counts_and_no_part_of_a_word():
    names = ["Muster GMBH i.  gr.", "Muster i. Gr. Bau", "Grün und Gras", "Gr Bau"]
    assert list(MAPS.comparable(names)) == ["Muster GmbH", "Muster in Gründung Bau", "Grün und Gras", "X Bau"]


@given(st.lists(st.text(max_size=40)), st.dictionaries(st.text("ab .+*(", min_size=1), st.text("xy", min_size=1), max_size=3))
def test_every_name_comes_back_and_no_table_can_break_it(names, forms):
    try:
        maps = ValueMaps(legal_forms=forms)
    except ValueError:
        return
    assert len(list(maps.comparable(names))) == len(names)
    assert list(ValueMaps().comparable(names)) == names
