"""A payment reaches the CRM, whatever fails in between: no figure lost, no note or task doubled."""

from __future__ import annotations

import itertools
import signal

import pytest

from interlock.engine.payments import PAYMENTS
from tests.faults import http_proxy
from tests.faults.chaos import Faults
from tests.faults.ledger import Ledger

WRITES = 4


@pytest.fixture
def world(world, systems):
    """An account that owes, as the CRM knows already; then comes a busy day."""
    account = world.win()
    assert world.run()["created"] == 1
    world.processes, world.process = [PAYMENTS.name], PAYMENTS.name
    world.ledger = Ledger(systems["erp"], world.sandbox, world.reader, account)
    world.ledger.invoices_two()
    world.run()
    world.ledger.has_a_busy_day()
    return world


@pytest.mark.one_in_five("fault", [*http_proxy.BEFORE, *http_proxy.AFTER])
def test_every_write_meets_the_fault(world, fault):
    world.run(Faults(crm={("write", place): fault for place in range(1, WRITES)}, erp={("any", 2): fault}))
    assert world.log
    world.settle()


@pytest.mark.one_in_five("when", ["killed before", "killed after"])
def test_killed_some_commits_further_each_time(world, when, stride):
    places = itertools.count(1, stride)
    assert world.strike(lambda place: Faults(commits={place: when}), places, {-signal.SIGKILL}) * stride > 15
    world.settle()


def test_killed_some_calls_further_each_time(world, stride):
    places = itertools.count(1, stride)
    assert world.strike(lambda place: Faults(crm={("any", place): "killed after"}), places, {-signal.SIGKILL}) > 0
    world.settle()


def test_two_engines_at_once(world):
    workers = [world.start() for _ in range(2)]
    assert [worker.end()[0] for worker in workers] == [0, 0]
    world.settle()


@pytest.mark.one_in_five("fault", http_proxy.FREEZES)
def test_a_zombie_writes_although_another_took_over(world, fault):
    zombie = world.start(Faults(crm={("write", 2): fault}))
    assert zombie.frozen.wait(20)
    assert world.run() is not None
    zombie.thaw()
    zombie.end()
    world.settle()


def test_an_older_integration_database_is_restored(world):
    world.back_up()
    assert world.run() is not None
    world.restore()
    assert world.run() is not None
    world.settle()
