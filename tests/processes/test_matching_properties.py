"""What holds for any accounts and customers, however dirty."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.processes.matching import Matcher, Rules, Subject, match, preview
from interlock.processes.matching.addresses import relate
from interlock.processes.matching.compare import compare
from interlock.processes.matching.features import features
from interlock.processes.matching.likeness import likeness
from interlock.processes.matching.names import read_name
from tests.processes.matching_examples import account, account_ref, customer, customer_ref

VAT_IDS = ("", "DE136695976", "DE129273398", "DE136695977", "NL123456782B01", "n/a")
WORDS = [
    "Müller",
    "Mueller",
    "Muller",
    "Möller",
    "Bau",
    "GmbH",
    "AG",
    "&",
    "Co.",
    "KG",
    "e.K.",
    "Holding",
    "5",
    "II",
    "Inh.",
    "Werk",
]
NAMES = st.one_of(
    st.builds(" ".join, st.lists(st.sampled_from(WORDS), max_size=5)),
    st.text(max_size=40),
)
FIELDS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "vat": st.sampled_from(VAT_IDS),
        "register": st.sampled_from(["", "HRB 12", "HRB 12 Köln", "Amtsgericht Bonn HRB 12", "FN 123456a"]),
        "street": st.sampled_from(["", "Lindenstr. 1", "Lindenstraße 1", "Lindenstraße 1-3", "Postfach 9", "1 rue Verte"]),
        "zip": st.sampled_from(["", "10969", "10996", "50667"]),
        "city": st.sampled_from(["", "Berlin", "Köln"]),
        "country": st.sampled_from(["DE", "DE", "AT", "NL", ""]),
        "website": st.sampled_from(["", "https://muster.de", "http://[", "facebook.com/x"]),
        "phone": st.sampled_from(["", "+49301234"]),
    }
)
SUBJECTS = st.lists(FIELDS, max_size=6)
BOTH = st.tuples(SUBJECTS, SUBJECTS)


def records(both):
    ours, theirs = both
    accounts = [account(number, **fields) for number, fields in enumerate(ours)]
    customers = [customer(number, active=number % 4 != 3, **fields) for number, fields in enumerate(theirs)]
    return accounts, customers


@given(BOTH)
@settings(max_examples=200, deadline=None)
def test_every_account_gets_exactly_one_verdict(both):
    accounts, customers = records(both)
    found = list(match(accounts, customers))
    assert sorted(m.account for m in found) == sorted(a.ref for a in accounts)
    known = {c.ref for c in customers}
    for m in found:
        assert (m.verdict == "linked") == (m.customer in known) == bool(m.tier)
        assert (m.verdict == "ask") <= bool(m.candidates)
    assert sum(preview(accounts, customers).totals.values()) == len(accounts)


LINKS = st.dictionaries(st.integers(0, 7).map(account_ref), st.integers(0, 6).map(customer_ref), max_size=4)


@given(BOTH, LINKS, LINKS, st.sampled_from([1, 3]))
@settings(max_examples=200, deadline=None)
def test_customers_that_no_account_may_be_make_no_difference(both, linked, decisions, limit):
    accounts, customers = records(both)
    rules = Rules(proposal_limit=limit)
    among_all = Matcher(customers, linked, rules, decisions).match(accounts)
    assert list(match(accounts, customers, linked, rules, decisions)) == list(among_all)


@given(BOTH, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_records_makes_no_difference(both, chance):
    accounts, customers = records(both)
    before = list(match(accounts, customers))
    chance.shuffle(accounts)
    chance.shuffle(customers)
    assert list(match(accounts, customers)) == before


@given(BOTH)
@settings(max_examples=150, deadline=None)
def test_no_customer_is_linked_twice_and_none_that_is_blocked(both):
    accounts, customers = records(both)
    linked = [m.customer for m in match(accounts, customers) if m.verdict == "linked"]
    assert len(linked) == len(set(linked))
    assert all(customer.party.active for customer in customers if customer.ref in linked)


@given(BOTH)
@settings(max_examples=150, deadline=None)
def test_valid_vat_ids_that_differ_are_never_linked(both):
    accounts, customers = records(both)
    vat_of = {s.ref: features(s).vat for s in (*accounts, *customers) if features(s).vat_valid}
    for m in match(accounts, customers):
        if m.customer in vat_of and m.account in vat_of:
            assert vat_of[m.account] == vat_of[m.customer]


@given(FIELDS, FIELDS)
@settings(max_examples=300, deadline=None)
def test_comparison_is_symmetric(ours, theirs):
    one, two = features(account(**ours)), features(customer(**theirs))
    assert compare(one, two, Rules()) == compare(two, one, Rules())


@given(FIELDS)
@settings(max_examples=150, deadline=None)
def test_an_exact_copy_is_never_silently_created_again(fields):
    same = features(account(**fields))
    if same.name.core and (same.address.postcode or same.address.city):
        assert [m.verdict for m in match([account(1, **fields), account(2, **fields)], [])] == ["ask", "ask"]
        (known,) = match([account(1, **fields)], [customer(1, **fields)])
        assert known.verdict != "create"


@given(NAMES, NAMES)
@settings(max_examples=300, deadline=None)
def test_likeness_lies_between_nothing_and_all(ours, theirs):
    one, two = read_name(ours), read_name(theirs)
    found = likeness(one, two)
    assert found == likeness(two, one)
    assert 0 <= found.value <= 1
    assert not one.core or likeness(one, one).exact


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=400), st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_taken_apart(name, vat, street, register, site):
    party = {"name": name, "vat": vat, "street": street, "register": register, "website": site, "zip": vat[:9], "city": register}
    taken = features(Subject(account_ref(1), account(**party).party, emails=(vat,)))
    assert relate(taken.address, taken.address).value >= 0.3
    assert compare(taken, features(customer(**party)), Rules()).score <= 100


@given(st.lists(st.sampled_from(["Müller GmbH", "Muster AG", "Alpha KG"]), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_a_decision_is_never_overruled(names):
    accounts = [account(n, name=name, zip="10969", city="Berlin") for n, name in enumerate(names)]
    customers = [customer(n, name=name, zip="10969", city="Berlin") for n, name in enumerate(names)]
    decisions = {account_ref(0): customer_ref(0)}
    decided = {m.account: m for m in match(accounts, customers, decisions=decisions)}[account_ref(0)]
    assert (decided.verdict, decided.customer) == ("linked", customer_ref(0))
