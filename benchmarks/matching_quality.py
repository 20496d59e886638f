"""How good links are: a false one may put a company's invoices in another's hands, so it weighs most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.companies import World
from interlock.domain.identity import Ref


@dataclass(frozen=True)
class Quality:
    """Counts over accounts. A branch counts as wrongly linked: its address would replace the customer's."""

    links: int
    right: int
    true: int
    branches: int = 0
    asked: int = 0
    asked_right: int = 0
    asked_needlessly: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    def line(self, title: str) -> str:
        return (
            f"{title:<34}{self.links:>8}{self.links - self.right:>7}{self.branches:>10}{self.precision:>11.4f}{self.recall:>9.3f}"
        )


HEAD = f"{'':<34}{'links':>8}{'false':>7}{'branches':>10}{'precision':>11}{'recall':>9}"


def judge(made: World, linked: Mapping[Ref, Ref]) -> Quality:
    """Count the links, those that are right, and those that give a branch the customer of its company."""
    same = [account for account, customer in linked.items() if customer in made.truth[account]]
    branches = sum(account in made.branches for account in same)
    return Quality(len(linked), len(same) - branches, sum(map(bool, made.truth.values())), branches)
