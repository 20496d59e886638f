"""Tier 3: name and address, by examples a salesperson would recognise."""

from __future__ import annotations

import pytest

from interlock.processes.matching import Rules
from tests.processes.matching_examples import BERLIN, KOELN, MUSTER, OTHER_VAT, VAT, account, customer, customer_ref, only

# Tier 3: name and address


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"name": "Müller & Söhne GmbH"}, {"name": "MUELLER UND SOEHNE G.m.b.H."}),
        ({"name": "Muller + Sohne Gesellschaft mit beschränkter Haftung"}, {"name": "Müller & Söhne GmbH"}),
        ({"name": "Gebr. Heller Maschinenfabrik GmbH & Co. KG"}, {"name": "Gebrüder Heller Maschinenfabrik GmbH und Co KG"}),
        ({"name": "Bau Meister GmbH"}, {"name": "Baumeister GmbH"}),
        ({"name": "Schreinerei Huber e.K."}, {"name": "Huber Schreinerei e. Kfm."}),
        ({"name": "Maschinenfabrik Reinhausen GmbH"}, {"name": "Maschinenfarbik Reinhausen GmbH"}),
        ({"name": "BMW AG"}, {"name": "BMW Aktiengesellschaft"}),
        ({"name": "1. FC Union Gastronomie GmbH"}, {"name": "1 FC Union Gastronomie GmbH"}),
        ({"name": "Hotel 5 GmbH"}, {"name": "Hotel 5 GmbH", "street": "Lindenstr. 12 a"}),
        ({"name": "Muster UG (haftungsbeschränkt)"}, {"name": "Muster UG", "street": "Lindenstr.12-14"}),
        ({"name": "Muster GmbH", "zip": "10996"}, {"name": "Muster GmbH"}),
        ({"name": "Muster GmbH", "street": "", "phone": "+4930123456"}, {"name": "Muster GmbH", "phone": "+4930123456"}),
        (
            {"name": "Muster GmbH", "country": "AT", "zip": "1010", "city": "Wien"},
            {"name": "Muster Ges.m.b.H.", "country": "AT", "zip": "1010", "city": "Wien"},
        ),
        ({"name": "Nestec SA", "country": "CH"}, {"name": "Nestec AG", "country": "CH"}),
        (
            {"name": "Dupont Frères S.à r.l.", "country": "FR", "street": "12 rue du 8 Mai 1945"},
            {"name": "SARL Dupont Freres", "country": "FR", "street": "12, Rue du 8 mai 1945"},
        ),
        (
            {"name": "Bakker Bouw B.V.", "country": "NL", "zip": "1012 AB"},
            {"name": "Bakker Bouw BV", "country": "NL", "zip": "1012AB"},
        ),
        (
            {"name": "Acme Supply, Inc.", "country": "US", "zip": "10001-1234"},
            {"name": "ACME Supply Incorporated", "country": "US", "zip": "10001"},
        ),
        ({"name": "Rossi & Figli S.r.l.", "country": "IT"}, {"name": "Rossi & Figli srl", "country": "IT"}),
        ({"name": "Kowalski Sp. z o.o.", "country": "PL"}, {"name": "KOWALSKI spółka z o.o.", "country": "PL"}),
        ({"name": "Smith Tools Limited", "country": "GB"}, {"name": "Smith Tools Ltd.", "country": "GB"}),
    ],
)
def test_one_company_written_in_two_ways_is_linked(ours, theirs):
    found = only(account(**(BERLIN | ours)), customer(**(BERLIN | theirs)))
    assert (found.verdict, found.tier, found.reason, found.candidates[0].against) == ("linked", 3, "name_address", ())


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict", "against"),
    [
        ({"name": "Müller GmbH"}, {"name": "Müller GmbH", **KOELN}, "ask", ()),
        ({"name": "Hans Huber e.K."}, {"name": "Peter Huber e.K."}, "create", ()),
        ({"name": "Karl Huber e.K."}, {"name": "Karla Huber e.K."}, "create", ()),
        ({"name": "Martin Huber e.K."}, {"name": "Marten Huber e.K."}, "ask", ("name_differs",)),
        ({"name": "Martin Huber GmbH"}, {"name": "Martina Huber GmbH"}, "create", ()),
        ({"name": "Muster GmbH"}, {"name": "Muster Holding GmbH"}, "ask", ("name_differs",)),
        ({"name": "Muster GmbH"}, {"name": "Muster Verwaltungs-GmbH"}, "ask", ("name_differs",)),
        ({"name": "Muster GmbH"}, {"name": "Muster AG"}, "ask", ("form_differs",)),
        ({"name": "Muster GmbH"}, {"name": "Muster GmbH & Co. KG"}, "ask", ("form_differs",)),
        ({"name": "Muster GmbH"}, {"name": "Muster gGmbH"}, "ask", ("form_differs",)),
        ({"name": "Muster"}, {"name": "Muster GmbH"}, "ask", ("form_missing",)),
        ({"name": "Windpark Nord 5 GmbH & Co. KG"}, {"name": "Windpark Nord 6 GmbH & Co. KG"}, "create", ()),
        ({"name": "Immobilienfonds II GmbH"}, {"name": "Immobilienfonds III GmbH"}, "create", ()),
        ({"name": "Hotel 5 GmbH"}, {"name": "Hotel GmbH"}, "ask", ("name_differs", "number_missing")),
        ({"name": "BMW AG"}, {"name": "MAN AG"}, "create", ()),
        (
            {"name": "Bäckerei Schmidt Inh. Peter Müller"},
            {"name": "Bäckerei Schmidt Inh. Anna Müller"},
            "ask",
            ("owner_differs",),
        ),
        ({"name": "Müller Sanitär GmbH"}, {"name": "Müller Elektro GmbH"}, "create", ()),
        (
            {"name": "Süddeutsche Anlagenbau Vertriebsgesellschaft Nord GmbH"},
            {"name": "Süddeutsche Anlagenbau Vertriebsgesellschaft West GmbH"},
            "ask",
            ("name_differs",),
        ),
        ({"name": "Muster GmbH", "street": "Lindenstraße 112"}, {"name": "Muster GmbH"}, "ask", ()),
        ({"name": "Muster GmbH", "street": ""}, {"name": "Muster GmbH"}, "ask", ()),
        ({"name": "Muster GmbH", "vat": VAT}, {"name": "Muster GmbH", "vat": OTHER_VAT}, "ask", ("vat_id_differs",)),
        ({"name": "Muster GmbH Niederlassung Köln"}, {"name": "Muster GmbH Niederlassung Bonn"}, "ask", ("branch",)),
        ({"name": "Muster GmbH", "vat": VAT}, {"name": "Muster GmbH", "vat": OTHER_VAT, **KOELN}, "create", ()),
        ({"name": "Muster GmbH"}, {"name": "Muster GmbH", "country": "AT", "zip": "1010", "city": "Wien"}, "create", ()),
        ({"name": "Muster GmbH"}, {"name": "Anwaltskanzlei Weiß"}, "create", ()),
        ({"name": "🙂"}, {"name": "🙂"}, "create", ()),
    ],
    ids=[
        "one name in two towns",
        "father and son",
        "husband and wife",
        "a slip, or another person",
        "Martin and Martina",
        "holding",
        "general partner",
        "GmbH and AG",
        "GmbH and its KG",
        "charitable sister",
        "form missing",
        "wind farms 5 and 6",
        "funds II and III",
        "number missing",
        "short names",
        "another owner",
        "two trades of one family",
        "north and south",
        "another house number",
        "street missing",
        "VAT ids differ",
        "two branches",
        "VAT ids differ, elsewhere",
        "another country",
        "neighbours",
        "no letters",
    ],
)
def test_what_only_looks_alike_is_never_linked(ours, theirs, verdict, against):
    found = only(account(**(BERLIN | ours)), customer(**(BERLIN | theirs)))
    assert (found.verdict, found.candidates[0].against if found.candidates else ()) == (verdict, against)


@pytest.mark.parametrize(
    "ours",
    [
        {"name": "Umster Maschinenbau GmbH", "street": ""},
        {"name": "Umster Amschinenbau GmbH"},
        {"name": "Muster Maschinenbua GmbH", "zip": ""},
    ],
    ids=["slip, street missing", "slips at the start of every word", "slip, postcode missing"],
)
def test_dirty_records_still_meet(ours):
    found = only(account(**(MUSTER | ours)), customer(**MUSTER))
    assert (found.verdict, found.customer) != ("create", None)


def test_a_missing_form_may_be_let_pass():
    rules = Rules(form_missing="link")
    assert only(account(name="Muster", **BERLIN), customer(name="Muster GmbH", **BERLIN), rules=rules).verdict == "linked"


def test_two_customers_that_score_high_are_asked_about_side_by_side():
    found = only(account(**MUSTER), [customer(1, **MUSTER), customer(2, **(MUSTER | {"street": "Lindenstr. 12"}))])
    assert (found.verdict, found.reason) == ("ask", "several_customers")
    assert [(c.ref, c.score) for c in found.candidates] == [(customer_ref(1), 100.0), (customer_ref(2), 100.0)]


def test_where_a_relative_shares_the_door_name_and_address_do_not_suffice():
    relatives = [customer(1, name="Muster GmbH", **BERLIN), customer(2, name="Muster Holding GmbH", **BERLIN)]
    found = only(account(name="Muster GmbH", **BERLIN), relatives)
    assert (found.verdict, found.reason, [c.ref for c in found.candidates]) == (
        "ask",
        "relatives",
        [customer_ref(1), customer_ref(2)],
    )
    proved = only(
        account(name="Muster GmbH", vat=VAT, **BERLIN), [customer(1, name="Muster GmbH", vat=VAT, **BERLIN), relatives[1]]
    )
    assert proved.customer == customer_ref(1)


def test_numbered_sisters_at_one_door_are_told_apart():
    parks = [customer(n, name=f"Windpark {n} GmbH & Co. KG", **BERLIN) for n in range(1, 5)]
    assert only(account(name="Windpark 3 GmbH und Co KG", **BERLIN), parks).customer == customer_ref(3)
