"""Names, forms, addresses and numbers taken apart."""

from __future__ import annotations

import pytest

from interlock.domain.legal_forms import SPELLINGS, same_form, split_form
from interlock.processes.matching.addresses import Place, read_address, relate, same_city
from interlock.processes.matching.identifiers import read_domain, read_register, read_vat
from interlock.processes.matching.likeness import likeness
from interlock.processes.matching.names import fold, read_name


@pytest.mark.parametrize(
    ("text", "core", "form"),
    [
        ("Müller & Söhne G.m.b.H. & Co. KG", "mueller soehne", "gmbh & co. kg"),
        ("MUSTER GMBH&CO.KG", "muster", "gmbh & co. kg"),
        ("Muster SE & Co. KGaA", "muster", "se & co. kgaa"),
        ("Muster & Co. KG", "muster", "kg"),
        ("Müller und Co", "mueller co", ""),
        ("Muster UG (haftungsbeschränkt)", "muster", "ug"),
        ("Hans Müller e. K.", "hans mueller", "ek"),
        ("Muster Ges.m.b.H.", "muster", "gmbh"),
        ("Muster AG i.L.", "muster", "ag"),
        ("Muster GmbH in Gründung", "muster", "gmbh"),
        ("Dipl.-Ing. Huber GmbH", "huber", "gmbh"),
        ("S.à r.l. Dupont", "dupont", "sarl"),
        ("SAS Institute GmbH", "sas institute", "gmbh"),
        ("ABC Sp. z o.o.", "abc", "sp zoo"),
        ("Stichting Het Huis", "het huis", "stichting"),
        ("The Coca-Cola Company, Inc.", "coca cola", "inc"),
        ("Rossi S.p.A.", "rossi", "spa"),
        ("L'Oréal S.A.", "loreal", "sa"),
        ("Vitamin C e.V.", "vitamin c", "ev"),
        ("AG", "ag", ""),
        ("MAN", "man", ""),
        ("3M Deutschland GmbH", "3m deutschland", "gmbh"),
        ("Das Werk GmbH", "werk", "gmbh"),
        ("🙂 \u202e", "", ""),
    ],
)
def test_a_name_is_taken_apart(text, core, form):
    name = read_name(text)
    assert (" ".join(name.core), name.form) == (core, form)


def test_numbers_owner_and_branch_are_set_apart():
    assert read_name("1. FC Köln GmbH & Co. KGaA").numbers == ("1",)
    assert read_name("Windpark II GmbH").numbers == ("ii",)
    assert read_name("007 GmbH").core == ("007",)
    assert read_name("Bäckerei Schmidt, Inh. Peter Müller").owner == ("peter", "mueller")
    branch = read_name("Muster AG Niederlassung Köln")
    assert (branch.core, branch.form, branch.branch) == (("muster",), "ag", ("niederlassung", "koeln"))


def test_every_spelling_of_a_form_is_found_behind_a_name():
    found = {text: split_form(("muster", *text.split())) for texts in SPELLINGS.values() for text in texts}
    assert {text: form for text, (_, form) in found.items()} == {t: form for form, texts in SPELLINGS.items() for t in texts}
    assert {rest for rest, _ in found.values()} == {("muster",)}


def test_forms_are_one_only_where_the_law_says_so():
    assert same_form("ag", "sa", "CH")
    assert not same_form("ag", "sa", "FR")
    assert not same_form("gmbh", "ug", "DE")
    assert same_form("", "gmbh", "DE")


@pytest.mark.parametrize(
    ("one", "two", "value", "whole"),
    [
        ("Müller", "Muller", 1.0, True),
        ("Bau Meister", "Baumeister", 1.0, True),
        ("Masch. Huber", "Maschinen Huber", 1.0, True),
        ("Elektr. Huber", "Elektrotechnik Huber", 0.97, True),
        ("Reinhausen", "Rienhausen", 0.9, True),
        ("BMW", "Bayerische Motoren Werke", 0.8, False),
        ("Hotel 5", "Hotel 6", 0.5, False),
        ("Hotel 5", "Hotel", 0.9, False),
        ("Klein", "Fein", 0.0, False),
        ("Bauer", "Bauern", 0.0, False),
        ("Nord", "Nort", 0.0, False),
    ],
)
def test_likeness_of_names(one, two, value, whole):
    found = likeness(read_name(one), read_name(two))
    assert (found.value, found.whole) == (pytest.approx(value, abs=0.01), whole)


def address(street="Lindenstraße 12", code="10969", city="Berlin", country="DE"):
    return read_address(street, code, city, country)


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (address("Lindenstr. 12"), Place.SAME),
        (address("LINDEN STRASSE 12 A"), Place.SAME),
        (address("Lindenstraße 10-14"), Place.SAME),
        (address("Lnidenstraße 12"), Place.SAME),
        (address(code="10996"), Place.NEAR),
        (address(code=""), Place.NEAR),
        (address("Lindenstraße 99"), Place.HOUSE),
        (address("Postfach 12 34"), Place.AREA),
        (address("", code="10115"), Place.CITY),
        (address("Am Markt 3"), Place.STREET),
        (address(code="10115"), Place.STREET),
        (address("", "", ""), Place.UNKNOWN),
        (address(code="50667", city="Köln"), Place.ELSEWHERE),
        (address(country="AT"), Place.ELSEWHERE),
    ],
)
def test_two_addresses_relate_either_way(other, place):
    assert (relate(address(), other), relate(other, address())) == (place, place)


def test_a_year_in_a_street_is_not_its_house_number():
    assert read_address("12 rue du 8 Mai 1945", "75010", "Paris", "FR").house == (12, "", 12)
    assert read_address("Straße des 17. Juni 135", "10623", "Berlin", "DE").house == (135, "", 135)


def test_towns():
    assert same_city(address(city="Frankfurt am Main").city, address(city="Frankfurt").city)
    assert not same_city("bad homburg", "bad vilbel")
    assert not same_city("bad", "bad vilbel")


@pytest.mark.parametrize(
    ("text", "value", "valid"),
    [
        ("de 136 695 976", "DE136695976", True),
        ("DE136695977", "DE136695977", False),
        ("GR 023456780", "EL023456780", True),
        ("CHE-107.787.577 MWST", "CHE107787577", True),
        ("n/a", "", False),
        ("liegt vor 2024", "", False),
    ],
)
def test_vat_ids(text, value, valid):
    assert read_vat(text) == (value, valid)


def test_register_numbers_of_two_courts_are_two():
    koeln, bonn, bare = (read_register(t, "DE") for t in ("HRB 12 Amtsgericht Köln", "AG Bonn HRB 12", "HRB 12"))
    assert (koeln.same(bonn), koeln.same(bare), koeln.proves(bare)) == (False, True, False)
    assert not koeln.same(read_register("HRA 12 Köln", "DE"))
    assert read_register("unbekannt", "DE") is None
    assert read_register("HRB 0", "DE") is None
    assert read_register("FN 123456a", "") is None


@pytest.mark.parametrize(
    ("site", "domain"),
    [
        ("https://www.Muster.de/kontakt", "muster.de"),
        ("muster.de:8080", "muster.de"),
        ("https://facebook.com/muster", ""),
        ("muster.jimdo.com", ""),
        ("", ""),
    ],
)
def test_domains(site, domain):
    assert read_domain(site) == domain


def test_folding_is_stable():
    assert fold(fold("Ångström & Łódź, Straße")) == fold("Ångström & Łódź, Straße")
