from __future__ import annotations

import itertools
import random

import pytest

from tests.faults.world import World

NAMES = itertools.count(1)


def pytest_generate_tests(metafunc):
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
