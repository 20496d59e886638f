"""Seeded plans: accounts and contracts change while calls, processes and the database fail at random; in the end all is right."""

from __future__ import annotations

import itertools
from datetime import date

from interlock.engine.invoices import INVOICES
from tests.faults import http_proxy, tcp_proxy
from tests.faults.chaos import Faults

CITIES = ("Bonn", "Köln", "Aachen", "Trier")
DAYS = (date(2026, 2, 10), date(2026, 4, 20), date(2026, 6, 1))
BEFORE_THE_NEXT_TERM = date(2026, 3, 8)
CALLS = (*http_proxy.BEFORE, *http_proxy.AFTER, *http_proxy.DEATHS)


def drawn(chance, *, freeze=False):
    """Draw up to five faults: writes fail more often than reads, early ones more often than late ones."""
    faults = Faults()
    for _ in range(chance.randint(1, 5)):
        system, kind = chance.choice(("crm", "erp")), chance.choice(("write", "write", "read"))
        ordinal = chance.randint(1, 3 if kind == "write" else 12)
        getattr(faults, system)[kind, ordinal] = chance.choice([c for c in CALLS if freeze or c not in http_proxy.FREEZES])
    if chance.random() < 0.5:
        choices = [f for f in (*tcp_proxy.FAULTS, *tcp_proxy.DEATHS) if freeze or f != "frozen"]
        faults.commits[chance.randint(1, 30)] = chance.choice(choices)
    return faults


def one_after_the_other(world, chance):
    world.run(drawn(chance))


def two_at_once(world, chance):
    workers = [world.start(drawn(chance)) for _ in range(2)]
    for worker in workers:
        worker.end()
        world.log += worker.happened


def a_zombie(world, chance):
    """One worker freezes, another takes over, then the first wakes up and believes that nothing happened."""
    zombie = world.start(drawn(chance, freeze=True))
    zombie.frozen.wait(4)
    world.run()
    zombie.thaw()
    zombie.end()
    world.log += zombie.happened


def an_older_database(world, chance):
    world.back_up()
    world.run(drawn(chance))
    world.restore()
    world.log.append("restored an older database")


ROUNDS = (one_after_the_other, one_after_the_other, two_at_once, a_zombie, an_older_database)


def add_a_line(world, chance, contract):
    """From a day that was invoiced already, or from a later one."""
    world.books.add_a_line(contract, chance.choice(("2026-01-15", "2026-03-01")))


def cancel(world, chance, contract):
    """On a day that was invoiced already, or on a later one."""
    world.books.cancel(contract, chance.choice(("2026-03-15", "2026-05-31")))


def raise_the_price(world, chance, contract):
    if world.day < BEFORE_THE_NEXT_TERM:
        world.books.raise_the_price(contract)


def agree(world, chance):
    """Make one or two contracts; from now on both processes run."""
    world.processes.append(INVOICES.name)
    for kind in chance.sample(("yearly", "monthly"), chance.randint(1, 2)):
        world.books.agree(chance.choice(world.accounts), kind)


def test_whatever_fails_the_effect_is_one(world, chance, seed):
    for number in range(chance.randint(1, 3)):
        world.win(name=f"Plan {seed}-{number} GmbH")
    if chance.random() < 0.5:
        for parent, child in itertools.pairwise(chance.sample(world.accounts, len(world.accounts))):
            world.put_below(child, parent)
    if seed % 2:
        agree(world, chance)
    edits = chance.sample((add_a_line, cancel, raise_the_price), 3)
    for _ in range(chance.randint(1, 2)):
        world.process = chance.choice(world.processes)
        world.log.append(f"{world.process} on {world.day}")
        chance.choice(ROUNDS)(world, chance)
        world.edit(chance.choice(world.accounts), city=chance.choice(CITIES))
        if chance.random() < 0.3:
            world.win(name=f"Später {seed} AG")
        if world.books.contracts and chance.random() < 0.7:
            edits.pop()(world, chance, chance.choice(list(world.books.contracts)))
        world.day = max(world.day, chance.choice(DAYS))
    world.settle()
