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


class Processes:
    """The processes started from one folder, remembered by id and start time so that no stranger is ever ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "processes.json"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> int:
        """Start a child in its own process group, its output in `logs/NAME.log`."""
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        known = self._known()
        known[name] = {"pid": child.pid, "started": psutil.Process(child.pid).create_time()}
        private(self.file, json.dumps(known))
        return child.pid

    def running(self, name: str) -> bool:
        """Tell whether the child of that name still lives."""
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
        private(self.file, json.dumps(known))

    def stop_all(self) -> list[str]:
        """End every child, the last started first; returns their names."""
        names = list(reversed(self._known()))
        for name in names:
            self.stop(name)
        return names

    def _known(self) -> dict[str, dict[str, float]]:
        try:
            return dict(json.loads(self.file.read_text()))
        except (OSError, ValueError):
            return {}

    @staticmethod
    def _session(entry: dict[str, float] | None) -> list[psutil.Process]:
        """Return the living members of the session a child leads; its id is not reused while any of them lives."""
        members = []
        for process in psutil.process_iter() if entry else ():
            with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
                if os.getsid(process.pid) == int(entry["pid"]) and process.create_time() >= entry["started"] - 1:
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
