"""A contract becomes an invoice, whatever fails in between: each fault at each of the three steps, and kills everywhere."""

from __future__ import annotations

import itertools
import signal

import pytest

from interlock.engine.context import Scope
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from interlock.engine.run import run
from interlock_sandbox.demo.seed import Crm
from tests.faults import http_proxy
from tests.faults.chaos import Faults
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import win

STEPS = ("draft", "confirm", "post")


@pytest.fixture(scope="session")
def customer(systems, cluster):
    """An account that is a customer already; each test has contracts of its own with it."""
    account = win(Crm(**systems["crm"]))
    engine = connected(systems, cluster.create("customer_of_faults", "migrated"), flow=LEADS)
    assert run(engine, Scope("makes", crm_ids=(account,)))["created"] == 1
    engine.database.close()
    return account


@pytest.fixture
def world(world, customer):
    world.processes, world.process = [INVOICES.name], INVOICES.name
    world.books.agree(customer, "monthly")
    return world


@pytest.mark.one_in_five("fault", [*http_proxy.BEFORE, *http_proxy.AFTER])
def test_every_step_and_the_crm_meet_the_fault(world, fault):
    steps = {(step, 1): fault for step in STEPS}
    world.run(Faults(erp=steps, crm={("write", 1): fault, ("write", 2): fault}))
    assert len(world.log) >= len(STEPS)
    world.settle()


@pytest.mark.one_in_five("case", list(itertools.product(STEPS, ("killed before", "killed after"))))
def test_killed_at_each_step(world, case):
    step, when = case
    world.run(Faults(erp={(step, 1): when}))
    assert world.log == [f"erp {step}: {when}"]
    world.settle()


@pytest.mark.one_in_five("case", list(itertools.product(http_proxy.FREEZES, STEPS)))
def test_a_zombie_takes_a_step_although_another_took_over(world, case):
    """Its call arrives after the other's, or only its reply does: no token can stop it. A double draft goes, nobody is asked."""
    fault, step = case
    zombie = world.start(Faults(erp={(step, 1): fault}))
    assert zombie.frozen.wait(20)
    assert world.run() is not None
    zombie.thaw()
    zombie.end()
    world.settle()
    assert world.books.ever_held() == []


def test_two_engines_at_once_on_the_same_contracts(world, customer):
    world.books.agree(customer, "yearly")
    workers = [world.start() for _ in range(2)]
    assert [worker.end()[0] for worker in workers] == [0, 0]
    world.settle()


@pytest.mark.parametrize("step", STEPS)
def test_an_older_integration_database_is_restored_after_each_step(world, step):
    """It knows nothing of the invoices that the ERP holds, as drafts, confirmed, or posted."""
    world.back_up()
    world.start(Faults(erp={(step, 1): "killed after"})).end()
    world.restore()
    assert world.run() is not None
    world.settle()


@pytest.mark.one_in_five("when", ["killed before", "killed after"])
def test_killed_some_commits_further_each_time(world, when, stride):
    """Once for all further commits and tries, a late one of which goes on with what an early one began."""
    places = itertools.count(1 + (when == "killed after") % stride, stride)
    assert world.strike(lambda place: Faults(commits={place: when}), places, {-signal.SIGKILL}) * stride > 20
    world.settle()


@pytest.mark.one_in_five("system", ["erp", "crm"])
def test_killed_some_calls_further_each_time(world, system, stride):
    places = itertools.count(1, stride)
    assert world.strike(lambda place: Faults(**{system: {("any", place): "killed after"}}), places, {-signal.SIGKILL}) > 0
    world.settle()
