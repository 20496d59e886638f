"""Who owns a field decides what reaches the ERP: by examples, and for any rules and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.fields import USUAL, FieldRule
from interlock.domain.party import PARTY_FIELDS
from interlock.processes.ownership import for_known, for_new

CRM, KEEP, ONCE, ERP = FieldRule(), FieldRule(empty="keep"), FieldRule(owner="create_only"), FieldRule(owner="erp")


@pytest.mark.parametrize(
    ("rule", "crm", "erp", "created", "changed"),
    [
        (CRM, "new", "old", {"phone": "new"}, {"phone": "new"}),
        (CRM, "old", "old", {"phone": "old"}, {}),
        (CRM, "", "old", {"phone": ""}, {"phone": ""}),
        (KEEP, "new", "old", {"phone": "new"}, {"phone": "new"}),
        (KEEP, "", "old", {"phone": ""}, {}),
        (ONCE, "new", "old", {"phone": "new"}, {}),
        (ONCE, "", "old", {"phone": ""}, {}),
        (ERP, "new", "old", {}, {}),
        (ERP, "new", "", {}, {}),
    ],
)
def test_owners(rule, crm, erp, created, changed):
    rules, values = {"phone": rule}, {"phone": crm}
    assert for_new(values, rules) == created
    assert for_known(values, {"phone": erp}, rules) == changed


def test_what_is_unusable_is_neither_written_nor_cleared():
    rules = {"phone": CRM, "city": CRM}
    assert for_new({"phone": "", "city": "Bonn"}, rules, {"phone"}) == {"city": "Bonn"}
    assert for_known({"phone": "", "city": "Bonn"}, {"phone": "+491", "city": "Köln"}, rules, {"phone"}) == {"city": "Bonn"}


def test_what_is_usual():
    assert {rule.owner for rule in USUAL.values()} == {"crm"}
    assert {name for name, rule in USUAL.items() if rule.empty == "keep"} == {"vat_id", "register_number"}
    assert {name for name, rule in USUAL.items() if rule.on_unusable == "leave_out"} == {"phone", "website", "language"}


RULES = st.fixed_dictionaries(
    {n: st.builds(FieldRule, owner=st.sampled_from(["crm", "erp", "create_only"]), empty=st.sampled_from(["clear", "keep"]))
     for n in PARTY_FIELDS}
)  # fmt: skip
VALUES = st.fixed_dictionaries({name: st.sampled_from(["", "a", "b"]) for name in PARTY_FIELDS})


@given(RULES, VALUES, VALUES, st.sets(st.sampled_from(PARTY_FIELDS)))
def test_whatever_the_rules(rules, crm, erp, unusable):
    changed = for_known(crm, erp, rules, unusable)
    assert for_known(crm, erp | changed, rules, unusable) == {}
    assert all(rules[name].owner == "crm" and name not in unusable for name in changed)
    assert all(value or rules[name].empty == "clear" for name, value in changed.items())
    made = for_new(crm, rules, unusable)
    assert not any(rules[name].owner == "erp" or name in unusable for name in made)
    assert for_known(crm, erp | made, rules, unusable) == {}
