from __future__ import annotations

import itertools
import random

import pytest

from tests.faults.world import World

NAMES = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "one_in_five(name, values): each fifth value in `make test`, all of them in `make chaos`")


def pytest_generate_tests(metafunc):
    pace = 1 if metafunc.config.getoption("--stride") == 1 else 5
    for mark in metafunc.definition.iter_markers("one_in_five"):
        name, values = mark.args
        metafunc.parametrize(name, values[::pace])
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--first")
        metafunc.parametrize("seed", range(first, first + metafunc.config.getoption("--plans")))


@pytest.fixture
def world(systems, sandbox, cluster):
    sandbox.call("POST", "/sandbox/settings", {"rate": 1_000_000, "search_rate": 1_000_000})
    world = World(systems, cluster, f"faults{next(NAMES)}")
    yield world
    world.close()


@pytest.fixture
def stride(request):
    return request.config.getoption("--stride")


@pytest.fixture
def chance(seed):
    return random.Random(seed)
