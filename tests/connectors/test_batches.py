"""What is certain after each fault of a call, and that nothing more is sent once that is not clear."""

from __future__ import annotations

import pytest

from interlock.connectors.batches import Sending
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown, Write
from interlock.domain.identity import Ref
from interlock.errors import LoginRefused, RateLimited, Refused, SystemUnavailable

SECONDS = 30.0
HERE = Ref("erp", "1", "customer", "1")
WRITES = [Write(str(number), "create", "customer", {}) for number in range(8)]


class Target:
    """Takes writes; what `faults` names for the number of a call happens instead."""

    def __init__(self, faults=(), bad=(), seconds=0.0):
        self.faults, self.bad, self.calls, self.now, self.seconds = dict(faults), set(bad), [], 0.0, seconds

    def send(self, writes):
        self.calls.append([write.key for write in writes])
        self.now += self.seconds
        if fault := self.faults.get(len(self.calls)):
            raise fault
        if self.bad & {write.key for write in writes}:
            raise Refused("unfit", "foreign words")
        return [Done(write.key, HERE) for write in writes]

    def one_by_one(self):
        return self.kinds(Sending(SECONDS, lambda: self.now).in_turn([[write] for write in WRITES], self.send))

    def kinds(self, outcomes):
        assert sorted(outcome.key for outcome in outcomes) == [write.key for write in WRITES]
        return [type(outcome) for outcome in sorted(outcomes, key=lambda outcome: outcome.key)]


def test_culprits_are_rejected_and_everybody_else_is_done():
    target = Target(bad=["2", "5"])
    found = target.kinds(Sending(SECONDS).guarded(WRITES, target.send))
    assert found == [Done, Done, Rejected, Done, Done, Rejected, Done, Done]
    sent = [key for call in target.calls for key in call if not set(call) & target.bad]
    assert sorted(sent) == ["0", "1", "3", "4", "6", "7"]


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        (SystemUnavailable("x"), Unknown),
        (SystemUnavailable("x", sent=False), NotSent),
        (RateLimited("x", retry_after=9), NotSent),
    ],
)
def test_after_a_call_without_a_clear_answer_no_other_is_made(fault, first):
    target = Target({3: fault})
    assert target.one_by_one() == [Done, Done, first, NotSent, NotSent, NotSent, NotSent, NotSent]
    assert len(target.calls) == 3


def test_a_split_ends_with_the_first_unclear_answer_too():
    target = Target({3: SystemUnavailable("x")}, bad=["0"])
    assert target.kinds(Sending(SECONDS).guarded(WRITES, target.send)) == [Unknown] * 2 + [NotSent] * 6
    assert target.calls == [[str(n) for n in range(8)], ["0", "1", "2", "3"], ["0", "1"]]


def test_a_refused_login_raises_only_while_nothing_was_written():
    with pytest.raises(LoginRefused):
        Target({1: LoginRefused("x")}).one_by_one()
    with pytest.raises(LoginRefused):
        Target({2: LoginRefused("x")}, bad=["0"]).one_by_one()
    assert Target({2: LoginRefused("x")}).one_by_one() == [Done] + [NotSent] * 7


def test_a_conflict_wrote_nothing():
    def send(writes):
        if writes[0].key == "0":
            return [Conflict("0")]
        raise LoginRefused("x")

    with pytest.raises(LoginRefused):
        Sending(SECONDS).in_turn([[write] for write in WRITES], send)


def test_slow_calls_end_in_time_for_the_lease():
    target = Target(seconds=SECONDS / 3 + 0.1)
    assert target.one_by_one() == [Done] * 3 + [NotSent] * 5
