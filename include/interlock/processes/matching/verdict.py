"""The verdict on one account, without regard to the others of its batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from interlock.domain.identity import Ref
from interlock.domain.matching import Rules
from interlock.processes.matching.blocking import Index, keys_of
from interlock.processes.matching.compare import Comparison, compare
from interlock.processes.matching.features import Features, features
from interlock.processes.matching.model import Candidate, Match, Subject

Found: TypeAlias = "list[tuple[Features, Comparison]]"
IDENTIFIED: Final = 2
ALIKE: Final = 3


class Judge:
    """Known customers, ready to be compared with; only what comparison needs is kept of them.

    accounts: those that will be judged, when they are known: then only customers that some of them may be are kept.
    """

    def __init__(
        self,
        customers: Iterable[Subject],
        linked: Mapping[Ref, Ref],
        rules: Rules,
        decisions: Mapping[Ref, Ref | None],
        accounts: Sequence[Features] | None = None,
    ) -> None:
        self.rules, self.linked, self.decisions = rules, linked, decisions
        self.active: dict[Ref, bool] = {}
        wanted = targets = None
        if accounts is not None:
            wanted = {key for account in accounts for key in keys_of(account)}
            targets = {links[account.ref] for links in (linked, decisions) for account in accounts if account.ref in links}
        self.index = Index(self._read(customers, targets), rules.proposal_limit, wanted)
        self.owners: defaultdict[Ref, set[str]] = defaultdict(set)
        for known in self.index.records:
            self.owners[known.ref].update(filter(_is_ref, known.keys))
        for links in (linked, decisions):
            for account, customer in links.items():
                if customer is not None and customer in self.owners:
                    self.owners[customer].add(str(account))

    def _read(self, customers: Iterable[Subject], targets: AbstractSet[Ref | None] | None) -> Iterator[Features]:
        for customer in map(features, customers):
            if targets is None or customer.ref in targets:
                self.active[customer.ref] = customer.active
            yield customer

    def judge(self, account: Features) -> Match:
        """Return the verdict on an account as if it were the only one."""
        if account.ref in self.decisions:
            chosen = self.decisions[account.ref]
            return Match(account.ref, "create", "decided") if chosen is None else self._known(account.ref, chosen, "decided")
        if account.ref in self.linked:
            return self._known(account.ref, self.linked[account.ref], "crosswalk")
        found = [
            (customer, comparison)
            for customer in map(self.index.records.__getitem__, self.index.near(account))
            if (comparison := compare(account, customer, self.rules)).tier is not None
        ]
        return self._by_reference(account, found) or self._by_identity(account, found) or self._by_likeness(account, found)

    def _known(self, account: Ref, customer: Ref, reason: str) -> Match:
        if customer not in self.active:
            return Match(account, "ask", "customer_gone")
        if not self.active[customer]:
            return Match(account, "ask", "customer_inactive", candidates=(Candidate(customer, 0, (reason,), active=False),))
        return Match(account, "linked", reason, customer, 1)

    def _by_reference(self, account: Features, found: Found) -> Match | None:
        hits = [hit for hit in found if hit[1].tier == 1]
        if not hits:
            return None
        return self._link(account, hits, found, "reference") if len(hits) == 1 else self._ask(account, found, "several_customers")

    def _by_identity(self, account: Features, found: Found) -> Match | None:
        hits = [hit for hit in found if hit[1].identified]
        if not hits:
            return None
        if len(hits) > 1:
            return self._ask(account, found, "several_customers")
        if hits[0][1].tier != IDENTIFIED:
            return self._ask(account, found, self._unless_barred(account, hits[0][0], "identity_conflict"))
        reason = "vat_id" if "vat_id" in hits[0][1].evidence else "register_number"
        return self._link(account, hits, found, reason)

    def _by_likeness(self, account: Features, found: Found) -> Match:
        hits = [hit for hit in found if hit[1].tier == ALIKE]
        door = [hit for hit in found if "address" in hit[1].evidence and hit[1].score >= self.rules.low and hit not in hits]
        if len(hits) == 1 and not door:
            return self._link(account, hits, found, "name_address")
        if len(hits) == 1:
            return self._ask(account, found, self._unless_barred(account, hits[0][0], "relatives"))
        if hits:
            return self._ask(account, found, "several_customers")
        return self._ask(account, found, "resembles") if found else Match(account.ref, "create", "no_match")

    def _link(self, account: Features, hits: Found, found: Found, reason: str) -> Match:
        ((customer, comparison),) = hits
        if barred := self._unless_barred(account, customer, ""):
            return self._ask(account, found, barred)
        return Match(
            account.ref, "linked", reason, customer.ref, comparison.tier or 0, (self._shown(account, customer, comparison),)
        )

    def _unless_barred(self, account: Features, customer: Features, reason: str) -> str:
        if not customer.active:
            return "customer_inactive"
        return "customer_has_account" if self._owner(account, customer) else reason

    def _owner(self, account: Features, customer: Features) -> Ref | None:
        """Return another account the customer belongs to; none when it carries this account's reference."""
        owners = self.owners.get(customer.ref, set())
        return None if not owners.isdisjoint(account.keys) or not owners else Ref.parse(min(owners))

    def _ask(self, account: Features, found: Found, reason: str) -> Match:
        shown = [self._shown(account, customer, comparison) for customer, comparison in found]
        return Match(account.ref, "ask", reason, candidates=self.best(shown))

    def _shown(self, account: Features, customer: Features, comparison: Comparison) -> Candidate:
        return Candidate(
            customer.ref,
            comparison.score,
            comparison.evidence,
            comparison.against,
            customer.active,
            self._owner(account, customer),
        )

    def best(self, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates to show a person, the most likely first."""
        ranked = sorted(candidates, key=lambda c: (_rank(c.evidence), -c.score, c.ref))
        return tuple(ranked[: self.rules.max_candidates])


def _rank(evidence: tuple[str, ...]) -> int:
    return 0 if "reference" in evidence else 1 if {"vat_id", "register_number"} & set(evidence) else 2


def _is_ref(text: str) -> bool:
    try:
        return bool(Ref.parse(text))
    except ValueError:
        return False
