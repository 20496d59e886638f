"""A warm real Tryton and the sandbox CRM, one of each for all connector tests."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm as crm_process
from interlock_sandbox.stack import erp as erp_process
from interlock_sandbox.stack.processes import Processes

GRACE = 0.5  # seconds; nothing in a throw-away server is worth waiting for


@pytest.fixture(scope="session")
def crm(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crm")
    processes = Processes(folder)
    try:
        at = crm_process.start(processes, folder, cluster.create("connector_crm"))
        Crm(**at).call("POST", "/sandbox/settings", {"rate": 100_000})  # its quota has tests of its own
        yield SimpleNamespace(**at)
    finally:
        processes.stop("crm", GRACE)


@pytest.fixture(scope="session")
def erp(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("erp")
    processes = Processes(folder)
    try:
        yield erp_process.start(cluster, processes, folder, "connector_erp")
    finally:
        processes.stop("erp", GRACE)
