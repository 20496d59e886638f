"""A lead becomes a customer, though the worker is killed around its writes."""

from __future__ import annotations

import os
import signal

import great_expectations  # noqa: F401 - imported before the fork, as in the scheduler
import pytest

from interlock.engine.context import Scope
from interlock.engine.run import run
from interlock.store import audit
from tests.scenarios.conftest import connected
from tests.scenarios.test_lead_becomes_customer import account_of, customer_of, notes_of, win

QUICK = """
[crm]
settle_seconds = 0.3
[crm.http]
write_timeout = 1
sending_seconds = 0.4
connect_timeout = 1
[erp]
settle_seconds = 0.3
[erp.http]
write_timeout = 1
sending_seconds = 0.4
connect_timeout = 1
[engine]
lease_seconds = 2.5
poll_seconds = 0.1
"""


def killed_run(systems, database, scope, role, when):
    """Run in a child that is killed by SIGKILL before or after its first write to a system reached it."""
    child = os.fork()
    if child == 0:
        engine = connected(systems, database, QUICK)
        system = engine.system(role)
        write = system.write

        def deadly(writes):
            if when == "after":
                write(writes)
            os.kill(os.getpid(), signal.SIGKILL)

        system.write = deadly
        run(engine, scope)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("role", ["erp", "crm"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_around_a_write_leaves_one_effect(systems, database, sandbox, role, when):
    account = win(sandbox, name=f"Abbruch {role} {when} GmbH")
    killed_run(systems, database, Scope("first", crm_ids=(account,)), role, when)

    engine = connected(systems, database, QUICK)
    counts = run(engine, Scope("second", crm_ids=(account,)))
    assert counts["read"] == sum(count for name, count in counts.items() if name != "read")
    run(engine, Scope("third", crm_ids=(account,)))

    customer = customer_of(engine, account)
    assert account_of(sandbox, account)["erp_customer_number"] == customer["number"]
    assert len(notes_of(sandbox, account)) == 1
    with engine.database.begin() as tx:
        assert audit.verify(tx) == 3
    engine.database.close()
