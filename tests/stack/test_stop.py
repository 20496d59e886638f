"""What was started is ended by process id, also after a crash; what was not started is never touched."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from interlock_sandbox.stack import processes as module
from interlock_sandbox.stack.down import down
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import PortTaken, Processes

PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).wait()"
SERVER = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); [s.accept() for _ in iter(int, 1)]"


def launch(port):
    return [sys.executable, "-c", SERVER, str(port)], {}


def child_of(pid):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if children := psutil.Process(pid).children():
            return children[0]
        time.sleep(0.02)
    raise AssertionError("the parent started no child")


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def stranger():
    """A process that nobody here started, leading a session of its own, with a child."""
    process = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    family = [psutil.Process(process.pid), child_of(process.pid)]
    yield family
    for member in reversed(family):
        if not gone(member):
            member.kill()
    process.wait()


def test_children_of_a_parent_killed_by_kill_9_are_ended(tmp_path, capsys):
    leader = Processes(tmp_path).start("airflow", [sys.executable, "-c", PARENT])
    child = child_of(leader)
    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    assert child.is_running()

    down(tmp_path)
    assert gone(child)
    assert capsys.readouterr().out == "ended: airflow\n"
    down(tmp_path)
    assert capsys.readouterr().out == "ended: nothing was running\n"


@pytest.mark.parametrize("leader_lives", [True, False])
def test_a_reused_process_id_is_never_ended(tmp_path, stranger, leader_lives):
    leader, child = stranger
    entry = {"pid": leader.pid, "started": leader.create_time() - 60}
    (tmp_path / "processes.json").write_text(json.dumps({"crm": entry}))
    if not leader_lives:
        leader.kill()
        leader.wait()
    assert not Processes(tmp_path).running("crm")
    down(tmp_path)
    assert not gone(child)
    assert gone(leader) is not leader_lives


def test_a_stale_file_of_postgres_never_ends_a_stranger(tmp_path, stranger):
    postgres = Postgres(tmp_path, durable=False)
    try:
        postgres.start()
        file = postgres.data / "postmaster.pid"
        lines = file.read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)
        while postgres.server() is not None:
            time.sleep(0.02)
        file.write_text("\n".join([str(stranger[0].pid), *lines[1:]]))
        assert not postgres.running()
        down(tmp_path)
        assert not gone(stranger[0])

        postgres.start()
        assert postgres.running()
    finally:
        postgres.remove()


def test_a_port_taken_between_choosing_and_starting_is_replaced_once(tmp_path, monkeypatch):
    processes, free = Processes(tmp_path), module.free_port
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken, ports = other.getsockname()[1], []
        monkeypatch.setattr(module, "free_port", lambda: ports.append(taken if not ports else free()) or ports[-1])
        try:
            port = processes.serve("crm", launch, 20)
            assert port == ports[1] != taken
            assert processes.serve("crm", launch, 20) == port
            assert len(ports) == 2
        finally:
            processes.stop_all()
        monkeypatch.setattr(module, "free_port", lambda: taken)
        with pytest.raises(PortTaken, match=f"port {taken}, chosen for crm"):
            processes.serve("crm", launch, 20)
    assert not processes.running("crm")


def test_a_child_that_dies_at_once_is_named_with_its_log(tmp_path):
    processes = Processes(tmp_path)
    with pytest.raises(RuntimeError, match=r"erp ended before it listened on port \d+; see .*erp\.log"):
        processes.serve("erp", lambda port: ([sys.executable, "-c", "raise SystemExit('no module')"], {}), 20)
    assert processes.log("erp").read_text() == "no module\n"
