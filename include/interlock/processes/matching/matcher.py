"""The verdict on each account: linked, asked about, or new.

Customers are indexed once; the accounts of a batch are then matched against them and against each other. The order in
which records come makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from interlock.domain.identity import Ref
from interlock.domain.matching import Rules
from interlock.processes.matching.blocking import Index
from interlock.processes.matching.compare import compare
from interlock.processes.matching.features import Features, features
from interlock.processes.matching.model import Candidate, Match, Subject
from interlock.processes.matching.verdict import Judge

NOTHING: Final[Mapping[Ref, Ref]] = {}


def match(
    accounts: Iterable[Subject],
    customers: Iterable[Subject],
    linked: Mapping[Ref, Ref] = NOTHING,
    rules: Rules | None = None,
    decisions: Mapping[Ref, Ref | None] = NOTHING,
) -> Iterator[Match]:
    """Yield one verdict an account, by Ref; see Matcher. Of the customers only those are kept that an account may be."""
    batch = _by_ref(accounts)
    yield from Matcher(customers, linked, rules, decisions, batch).verdicts(batch)


class Matcher:
    """Known customers, ready to be matched against.

    linked: the crosswalk, account -> customer. decisions: what a person said of an account: this customer, or None for
    a new one. accounts: the only ones that will be matched.
    """

    def __init__(
        self,
        customers: Iterable[Subject],
        linked: Mapping[Ref, Ref] = NOTHING,
        rules: Rules | None = None,
        decisions: Mapping[Ref, Ref | None] = NOTHING,
        accounts: Sequence[Features] | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.judge = Judge(customers, linked, self.rules, decisions, accounts)

    def match(self, accounts: Iterable[Subject]) -> Iterator[Match]:
        """Yield one verdict an account, by Ref; raises ValueError when an account comes twice."""
        return self.verdicts(_by_ref(accounts))

    def verdicts(self, batch: Sequence[Features]) -> Iterator[Match]:
        """Yield one verdict an account of a batch that is in order; raises ValueError when an account comes twice."""
        alone = {account.ref: self.judge.judge(account) for account in batch}
        if len(alone) != len(batch):
            raise ValueError("an account was given twice; give each account of a batch once")
        twins = self._twins(batch)
        rivals: defaultdict[Ref, list[Features]] = defaultdict(list)
        for account in batch:
            if (customer := alone[account.ref].customer) is not None:
                rivals[customer].append(account)
        for account in batch:
            yield self._together(account, alone, rivals, twins.get(account.ref, []))

    def _twins(self, batch: Sequence[Features]) -> dict[Ref, list[Candidate]]:
        """Return for each account the others of its batch that may be the same company."""
        twins: defaultdict[Ref, list[Candidate]] = defaultdict(list)
        index = Index(batch, self.rules.proposal_limit + 1)
        for place, account in enumerate(batch):
            for other in (batch[near] for near in index.near(account) if near > place):
                comparison = compare(account, other, self.rules)
                if comparison.tier is None:
                    continue
                for one, two in ((account, other), (other, account)):
                    if two.parent != one.ref or one.parent == two.ref:
                        twins[one.ref].append(Candidate(two.ref, comparison.score, comparison.evidence, comparison.against))
        return twins

    def _together(
        self, account: Features, alone: Mapping[Ref, Match], rivals: Mapping[Ref, list[Features]], twins: list[Candidate]
    ) -> Match:
        """Judge an account in sight of the others: two of them never get one customer, nor two customers for one company."""
        verdict = alone[account.ref]
        if verdict.reason in {"decided", "crosswalk", "reference"}:
            return verdict
        if verdict.verdict == "linked" and verdict.customer is not None:
            stronger = [rival.ref for rival in rivals[verdict.customer] if _goes_before(rival, account, alone)]
            if not stronger:
                return verdict
            owned = [replace(candidate, taken_by=min(stronger)) for candidate in verdict.candidates]
            return Match(account.ref, "ask", "same_customer", candidates=self.judge.best(owned + twins))
        if not twins:
            return verdict
        reason = "same_batch" if verdict.verdict == "create" else verdict.reason
        return Match(account.ref, "ask", reason, candidates=self.judge.best([*verdict.candidates, *twins]))


def _by_ref(accounts: Iterable[Subject]) -> list[Features]:
    return sorted(map(features, accounts), key=lambda account: account.ref)


def _goes_before(rival: Features, account: Features, alone: Mapping[Ref, Match]) -> bool:
    """Tell whether a rival for the same customer keeps this account from it: better proof, or as good and not its child."""
    if rival.ref == account.ref:
        return False
    theirs, ours = alone[rival.ref].tier, alone[account.ref].tier
    return theirs < ours or (theirs == ours and (rival.parent != account.ref or account.parent == rival.ref))
