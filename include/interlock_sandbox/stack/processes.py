"""Children that outlive the command that started them, and are ended by id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from interlock_sandbox.stack.paths import private


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PortTaken(RuntimeError):
    """Somebody else listens on the port that was free a moment ago."""


class Processes:
    """The processes started from one folder, remembered by id and start time so that no stranger is ever ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "processes.json"
        self.logs = folder / "logs"
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Return where a child's output goes."""
        return self.logs / f"{name}.log"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Start a child as leader of its own session, its output in `logs/NAME.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                cwd=self.logs,
                start_new_session=True,
            )
        known = self._known()
        known[name] = {"pid": child.pid, "started": psutil.Process(child.pid).create_time()}
        private(self.file, json.dumps(known))
        self._children[name] = child
        return child.pid

    def serve(self, name: str, launch: Callable[[int], tuple[Sequence[str], Mapping[str, str]]], seconds: float) -> int:
        """Start a child that listens on a free port, unless it runs already; returns the port once it listens there.

        `launch` answers with command and environment for a port. A port that somebody else takes between choosing and
        starting is replaced by another, once. Raises RuntimeError or TimeoutError naming the child's log.
        """
        file = self.folder / f"{name}.port"
        if self.running(name) and file.exists():
            return self._listening(name, int(file.read_text()), seconds)
        self.stop(name)
        for last in (False, True):
            port = free_port()
            file.write_text(str(port))
            self.start(name, *launch(port))
            try:
                return self._listening(name, port, seconds)
            except PortTaken:
                self.stop(name)
                if last:
                    raise
        raise AssertionError("unreachable")

    def started(self, name: str) -> float:
        """Return when a child was started, in seconds since the epoch."""
        return self._known()[name]["started"]

    def running(self, name: str) -> bool:
        """Tell whether the child of that name still lives."""
        if child := self._children.get(name):
            child.poll()
        return self._process(self._known().get(name)) is not None

    def stop(self, name: str, grace: float = 20) -> None:
        """End a child and all of its session, even when its leader is dead: asked first, forced after `grace` seconds."""
        known = self._known()
        family = self._session(known.pop(name, None))
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.send_signal(sign)
            _, family = psutil.wait_procs(family, timeout=grace)
            if not family:
                break
        if child := self._children.pop(name, None):
            child.poll()
        private(self.file, json.dumps(known))

    def stop_all(self, grace: float = 20) -> list[str]:
        """End every child, the last started first; returns their names."""
        names = list(reversed(self._known()))
        for name in names:
            self.stop(name, grace)
        return names

    def _listening(self, name: str, port: int, seconds: float) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers, alive = _answers(port), self.running(name)
            if answers and self._listens(name, port):
                return port
            if answers or (not alive and not _bindable(port)):
                raise PortTaken(f"port {port}, chosen for {name}, is taken by another program")
            if not alive:
                raise RuntimeError(f"{name} ended before it listened on port {port}; see {self.log(name)}")
            time.sleep(0.1)
        raise TimeoutError(f"{name} did not listen on port {port} within {seconds:.0f} s; see {self.log(name)}")

    def _listens(self, name: str, port: int) -> bool:
        for member in self._session(self._known().get(name)):
            with contextlib.suppress(psutil.Error):
                if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in member.net_connections("inet")):
                    return True
        return False

    def _known(self) -> dict[str, dict[str, float]]:
        try:
            return dict(json.loads(self.file.read_text()))
        except (OSError, ValueError):
            return {}

    def _session(self, entry: dict[str, float] | None) -> list[psutil.Process]:
        """Return the living members of the session a child leads, even when the child itself is dead.

        A session's id is not reused while any member lives. After that a stranger may have it: then either the leader
        started at another time, or, with that leader dead too, the members do not live in our folder of logs.
        """
        if entry is None:
            return []
        led = self._process(entry) is not None
        if not led and psutil.pid_exists(int(entry["pid"])) and not _is_zombie(int(entry["pid"])):
            return []
        members = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
                if os.getsid(process.pid) != int(entry["pid"]) or process.create_time() < entry["started"] - 1:
                    continue
                if led or Path(process.cwd()) == self.logs.resolve():
                    members.append(process)
        return members

    @staticmethod
    def _process(entry: dict[str, float] | None) -> psutil.Process | None:
        if entry is None:
            return None
        try:
            process = psutil.Process(int(entry["pid"]))
            same = abs(process.create_time() - entry["started"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for(url: str, seconds: float, alive: Callable[[], bool] = lambda: True, method: str = "GET") -> None:
    """Wait until `url` answers at all; raises TimeoutError naming it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError as answer:
            if answer.code < 500:
                return
        except OSError:
            pass
        else:
            return
        if not alive():
            raise RuntimeError(f"the process behind {url} ended; see its log")
        time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s")
