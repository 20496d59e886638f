"""Which of an account's values reach its customer: by owner, by what an empty value means, by whether it can be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from interlock.domain.fields import FieldRule

Rules: TypeAlias = Mapping[str, FieldRule]


def written(rules: Rules, *, linked: bool) -> frozenset[str]:
    """Return the fields whose value in the CRM counts: for a new customer, or for one that is there already."""
    owners = {"crm"} if linked else {"crm", "create_only"}
    return frozenset(name for name, rule in rules.items() if rule.owner in owners)


def for_new(values: Mapping[str, str], rules: Rules, unusable: Collection[str] = ()) -> dict[str, str]:
    """Return what a new customer is made with; fields of the ERP and unusable values stay out."""
    return {name: values[name] for name in values if name in written(rules, linked=False) and name not in unusable}


def for_known(
    values: Mapping[str, str], there: Mapping[str, str], rules: Rules, unusable: Collection[str] = ()
) -> dict[str, str]:
    """Return what must change in a customer: the CRM's fields that differ, an empty one only where empty means clear."""
    counts = written(rules, linked=True)
    return {
        name: value
        for name, value in values.items()
        if name in counts and name not in unusable and value != there[name] and (value or rules[name].empty == "clear")
    }
