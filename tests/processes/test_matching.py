"""What only proposes, customers that are not free, records of one batch, decisions, the preview."""

from __future__ import annotations

import pytest

from interlock.processes.matching import REASONS, Matcher, Rules, match, preview
from interlock.processes.matching.model import REMARKS
from tests.processes.matching_examples import BERLIN, KOELN, MUSTER, VAT, account, account_ref, customer, customer_ref, only

# What only proposes


@pytest.mark.parametrize(
    ("ours", "theirs", "evidence"),
    [
        ({"website": "https://www.muster.de"}, {"website": "http://muster.de/kontakt"}, "domain"),
        ({"emails": ("Info@Muster.de",)}, {"emails": ("info@muster.de",)}, "email"),
        ({"customer_number": "K-17"}, {"number": "K-17"}, "number"),
    ],
)
def test_domain_e_mail_and_number_alone_propose(ours, theirs, evidence):
    found = only(account(name="Alte Firma KG", **ours, **BERLIN), customer(name="Ganz Neu GmbH", **theirs, **KOELN))
    assert (found.verdict, found.reason, found.candidates[0].evidence) == ("ask", "resembles", (evidence,))


def test_a_host_that_many_share_proposes_nobody():
    ours, theirs = ({"website": f"https://www.facebook.com/{page}"} for page in ("a", "b"))
    assert only(account(name="Eins GmbH", **ours), customer(name="Zwei GmbH", **theirs)).verdict == "create"


def test_a_name_that_many_carry_proposes_nobody_but_still_links_at_its_address():
    towns = {
        "20095": "Hamburg",
        "60311": "Frankfurt",
        "70173": "Stuttgart",
        "80331": "München",
        "04109": "Leipzig",
        "28195": "Bremen",
    }
    everywhere = [customer(code, name="Müller GmbH", street="Am Markt 1", zip=code, city=town) for code, town in towns.items()]
    assert only(account(name="Müller GmbH", **BERLIN), everywhere).verdict == "create"
    there = account(name="Müller GmbH", street="Am Markt 1", zip="80331", city="München")
    assert only(there, everywhere).customer == customer_ref("80331")


# Customers that are not free


def test_a_blocked_customer_is_asked_about_in_every_tier():
    for known in ({"references": (str(account_ref(1)),)}, {"vat": VAT}, {}):
        found = only(account(vat=VAT, **MUSTER), customer(active=False, **known, **MUSTER))
        assert (found.verdict, found.reason, found.candidates[0].active) == ("ask", "customer_inactive", False)


def test_a_customer_that_belongs_to_another_account_is_asked_about():
    found = only(account(1, **MUSTER), customer(**MUSTER), linked={account_ref(9): customer_ref(1)})
    assert (found.reason, found.candidates[0].taken_by) == ("customer_has_account", account_ref(9))
    assert only(account(1, **MUSTER), customer(references=(str(account_ref(9)),), **MUSTER)).reason == "customer_has_account"


# Records of one batch


def test_one_new_company_twice_in_a_batch_is_asked_about_on_both_sides():
    first, second = match([account(1, **MUSTER), account(2, **(MUSTER | {"name": "Muster Maschinenbau Ges.mbH"}))], [])
    assert [(m.verdict, m.reason, m.candidates[0].ref) for m in (first, second)] == [
        ("ask", "same_batch", account_ref(2)),
        ("ask", "same_batch", account_ref(1)),
    ]


def test_two_accounts_never_get_one_customer():
    both = list(match([account(1, **MUSTER), account(2, **MUSTER)], [customer(**MUSTER)]))
    assert [(m.verdict, m.reason, m.customer) for m in both] == [("ask", "same_customer", None)] * 2
    assert {c.ref for c in both[0].candidates} == {customer_ref(1), account_ref(2)}


def test_the_better_proof_keeps_the_customer():
    proved, alike = match([account(1, vat=VAT, **MUSTER), account(2, **MUSTER)], [customer(vat=VAT, **MUSTER)])
    assert (proved.verdict, proved.reason, alike.verdict, alike.reason) == ("linked", "vat_id", "ask", "same_customer")


def test_of_parent_and_child_only_the_child_is_asked_about():
    family = [account(1, **MUSTER), account(2, parent=account_ref(1), **MUSTER)]
    assert [m.verdict for m in match(family, [])] == ["create", "ask"]
    assert [m.verdict for m in match(family, [customer(**MUSTER)])] == ["linked", "ask"]


def test_parents_in_a_circle_are_both_asked_about():
    circle = [account(1, parent=account_ref(2), **MUSTER), account(2, parent=account_ref(1), **MUSTER)]
    assert [m.verdict for m in match(circle, [])] == ["ask", "ask"]
    assert [m.verdict for m in match(circle, [customer(**MUSTER)])] == ["ask", "ask"]


def test_an_account_given_twice_is_refused():
    with pytest.raises(ValueError, match="given twice"):
        list(match([account(1, **MUSTER), account(1, **MUSTER)], []))


# What a person said


def test_a_persons_decision_stands():
    accounts, customers = [account(1, **MUSTER), account(2, **MUSTER), account(3, **MUSTER)], [customer(1, **MUSTER)]
    created, linked, asked = match(accounts, customers, decisions={account_ref(1): None, account_ref(2): customer_ref(1)})
    assert (created.verdict, created.reason) == ("create", "decided")
    assert (linked.verdict, linked.reason, linked.customer) == ("linked", "decided", customer_ref(1))
    assert (asked.verdict, asked.reason) == ("ask", "customer_has_account")


def test_a_decision_for_a_customer_that_is_gone_is_asked_again():
    assert only(account(1, **MUSTER), [], decisions={account_ref(1): customer_ref(8)}).reason == "customer_gone"


# The first load


def test_preview_counts_everything_and_shows_questions_first():
    accounts = [account(1, vat=VAT, **MUSTER), account(2, name="Neu GmbH", **KOELN), account(3, name="Alpha AG", **KOELN)]
    customers = [customer(1, vat=VAT, **MUSTER), customer(2, name="Alpha KG", **KOELN)]
    shown = preview(accounts, customers)
    assert shown.totals == {"ask/resembles": 1, "create/no_match": 1, "linked/vat_id": 1}
    assert [row["verdict"] for row in shown.rows] == ["ask", "create", "linked"]
    assert shown.rows[0]["candidates"] == [
        {
            "ref": str(customer_ref(2)), "score": 100.0, "agrees": ["name", "address"], "against": ["the legal forms differ"],
            "active": True, "taken_by": None,
        }
    ]  # fmt: skip


def test_reasons_and_remarks_are_words_not_codes():
    assert all(" " in text and "_" not in text and not text.endswith(".") for text in (*REASONS.values(), *REMARKS.values()))


def test_customers_are_indexed_once_for_several_batches():
    matcher = Matcher([customer(**MUSTER)])
    assert [m.verdict for batch in ([account(1, **MUSTER)], [account(2, name="X GmbH")]) for m in matcher.match(batch)] == [
        "linked",
        "create",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"low": 90, "high": 80}, "must be below high"),
        ({"address_weight": 0.05}, "would let a name alone reach high"),
        ({"hihg": 95}, "hihg"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Rules(**wrong)
