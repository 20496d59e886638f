"""How one test run fills its machine: what goes to one worker together, in which order, and how long each layer took."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import count
from pathlib import PurePosixPath

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

FIRST = "tests/scenarios/test_airflow.py"  # the longest; it waits most of its time, and prepares Tryton on a new machine
IN_TURN = (
    {"dags", "plugins"},
    {"docs", "domain", "processes", "quality", "sandbox", "stack"},
    {"connectors"},
    {"faults", "scenarios", "engine"},  # one of each in turn: faults wait for time-outs while the engine reckons
)
TOGETHER = {"dags": "console", "plugins": "console"}  # one import of Airflow
BY_MODULE = {"connectors", "quality", "sandbox", "stack"}  # they start servers for a module
ONE_ERP = ("test_tryton", "test_invoice_steps")
TESTS: Counter[str] = Counter()
SECONDS: defaultdict[str, float] = defaultdict(float)


def layer(nodeid: str) -> str:
    return PurePosixPath(nodeid.split("::", maxsplit=1)[0]).parts[1]


def group(nodeid: str) -> str | None:
    """Name the tests that go to one worker together; None for a test that may go to any."""
    module, of = PurePosixPath(nodeid.split("::", maxsplit=1)[0]), layer(nodeid)
    if str(module) == FIRST:
        return "airflow"
    if of == "connectors" and module.name.startswith(ONE_ERP):
        return "tryton"
    return TOGETHER.get(of) or (str(module.with_suffix("")) if of in BY_MODULE else None)


class Grouped(LoadScopeScheduling):
    """The work units of pytest-xdist are our groups, handed out in our order."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid) or nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Grouped(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    numbers: defaultdict[str, count[int]] = defaultdict(count)
    places = {}
    for item in items:
        of, name = layer(item.nodeid), group(item.nodeid)
        turn = next(turn for turn, layers in enumerate(IN_TURN) if of in layers)
        places[item] = (-1 if name == "airflow" else turn, next(numbers[of]) if name is None and turn == 3 else 0)
    items.sort(key=places.__getitem__)


def pytest_runtest_logreport(report):
    TESTS[layer(report.nodeid)] += report.when == "call"
    SECONDS[layer(report.nodeid)] += report.duration


def pytest_terminal_summary(terminalreporter):
    for of, seconds in sorted(SECONDS.items(), key=lambda entry: -entry[1]):
        terminalreporter.write_line(f"-- tests/{of}: {TESTS[of]} tests, {seconds:.0f} s of a worker")
