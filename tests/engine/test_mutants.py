"""`make mutants` breaks each invariant on purpose; here only that its places are still where they were."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, ROOT, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.invariant}-{m.file}")
def test_the_place_to_break_is_there(mutant):
    text = (ROOT / "include" / "interlock" / mutant.file).read_text()
    assert mutated(mutant, text) != text
    assert (ROOT / mutant.test.split("::")[0]).exists()


def test_every_invariant_is_broken_by_some_mutant():
    assert {mutant.invariant for mutant in MUTANTS} == set(range(1, 15))
