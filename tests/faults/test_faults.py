"""A lead becomes a customer, whatever fails in between: each fault by name, at each place where it can strike."""

from __future__ import annotations

import itertools
import signal

import pytest

from tests.faults import http_proxy
from tests.faults.chaos import Faults
from tests.faults.tcp_proxy import INTENT

EVERY_WRITE = tuple(("write", ordinal) for ordinal in (1, 2))


@pytest.mark.one_in_five("fault", [*http_proxy.BEFORE, *http_proxy.AFTER])
def test_every_write_of_a_new_customer_meets_the_fault(world, fault):
    world.win(name=f"Störung {fault} GmbH")
    world.win(name=f"Zweite Störung {fault} GmbH")
    world.run(Faults(crm=dict.fromkeys(EVERY_WRITE, fault), erp=dict.fromkeys(EVERY_WRITE, fault)))
    assert len(world.log) >= 3
    world.settle()


@pytest.mark.one_in_five("fault", [*http_proxy.BEFORE, *http_proxy.AFTER])
def test_every_write_of_a_changed_customer_meets_the_fault(world, fault):
    account = world.win(name=f"Änderung {fault} GmbH")
    world.run()
    world.edit(account, city="Bonn", phone="+49 228 998877", vat_id="")
    world.run(Faults(erp=dict.fromkeys(EVERY_WRITE, fault)))
    assert world.log
    world.settle()


COMMIT_FAULTS = ("killed before", "killed after", "cut before", "cut after", "gone")


@pytest.mark.one_in_five("fault", COMMIT_FAULTS)
def test_some_commits_further_each_time(world, fault, stride):
    """The worker, or its database, dies at one commit; at a later one of the next try; and so on until the end."""
    world.win(name="Schritt für Schritt GmbH")
    places = itertools.count(1 + COMMIT_FAULTS.index(fault) % stride, stride)
    codes = {-signal.SIGKILL} if "killed" in fault else {0, 75}
    assert world.strike(lambda place: Faults(commits={place: fault}), places, codes) * stride > 30
    world.settle()


@pytest.mark.parametrize("when", ["killed before", "killed after"])
@pytest.mark.parametrize("system", ["crm", "erp"])
def test_killed_some_calls_further_each_time(world, system, when, stride):
    world.win(name="Ruf um Ruf GmbH")
    places = itertools.count(1 + (when == "killed after") % stride, stride)
    struck = world.strike(lambda place: Faults(**{system: {("any", place): when}}), places, {-signal.SIGKILL})
    assert struck * stride > 10
    world.settle()


def test_two_engines_at_once_on_the_same_work(world):
    for number in range(3):
        world.win(name=f"Zugleich {number} GmbH")
    workers = [world.start() for _ in range(2)]
    assert [worker.end()[0] for worker in workers] == [0, 0]
    world.settle()


def test_a_zombie_that_sends_although_another_took_over(world):
    """Frozen between the commit of its intent and the call: no token can stop it, the sweep puts right what it did."""
    world.win(name="Untot GmbH")
    zombie = world.start(Faults(commits={INTENT: "frozen"}))
    assert zombie.frozen.wait(20)
    assert world.run() is not None
    zombie.thaw()
    zombie.end()
    assert zombie.writes == 1
    world.settle()


def test_a_zombie_whose_reply_comes_after_another_took_over(world):
    world.win(name="Scheintot GmbH")
    zombie = world.start(Faults(erp={("write", 1): "frozen"}))
    assert zombie.frozen.wait(20)
    assert world.run() is not None
    zombie.thaw()
    zombie.end()
    world.settle()


def test_an_older_integration_database_is_restored(world):
    first = world.win(name="Vor der Sicherung GmbH")
    world.run()
    world.back_up()
    world.win(name="Nach der Sicherung GmbH")
    world.edit(first, city="Bonn")
    assert world.run()["created"] == 1
    world.restore()
    assert world.run() is not None
    world.settle()


def test_accounts_merged_while_the_creation_has_no_answer(world):
    one = world.win(name="Aufgehend GmbH")
    other = world.win(name="Bleibend GmbH")
    worker = world.start(Faults(erp={("write", 1): "killed after"}))
    worker.end()
    world.merge(one, other)
    world.sandbox.call("PATCH", f"/crm/v3/objects/companies/{other}", {"properties": {"city": "Trier"}})
    world.run()
    world.run()
    assert world.quarantined() == ["customers_met"]
