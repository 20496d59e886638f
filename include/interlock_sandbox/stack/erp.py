"""Tryton, unmodified, in its own environment and process; prepared once and kept as a template database."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from interlock_sandbox.stack.paths import ERP_BIN, LOCAL, ROOT, private
from interlock_sandbox.stack.postgres import Postgres, binaries
from interlock_sandbox.stack.processes import Processes, wait_for

MODULES = (
    "party", "company", "currency", "account", "account_invoice", "account_payment", "account_statement", "product",
)  # fmt: skip
SETUP = Path(__file__).with_name("tryton_setup.py")
LANGUAGES = ("de", "en", "fr", "nl")
TEMPLATE = "erp_template"
LOGIN = "interlock"


@dataclass(frozen=True)
class Erp:
    """Where the ERP answers and who may log in."""

    url: str
    database: str
    login: str
    password: str
    admin_password: str
    dsn: str


def _config(postgres: Postgres, folder: Path) -> Path:
    """Write trytond's configuration. `retry` lets parallel posting wait for a lock instead of failing."""
    file = folder / "trytond.conf"
    private(
        file,
        f"[database]\nuri = {postgres.dsn('').rstrip('/')}/\nretry = 40\n[session]\ntimeout = 2592000\nmax_age = 2592000\n"
        f"[cache]\nclean_timeout = 0\n[attachment]\n",
    )
    return file


def _cache() -> tuple[Path, Path]:
    """Return where the dump of a prepared database and its passwords lie; another lock, set-up or year makes another."""
    choices = repr((MODULES, LANGUAGES, datetime.now(UTC).year))
    mark = hashlib.sha256((ROOT / "locks" / "erp.lock").read_bytes() + SETUP.read_bytes() + choices.encode())
    folder = LOCAL / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"erp-{mark.hexdigest()[:16]}.dump", folder / f"erp-{mark.hexdigest()[:16]}.secret"


def _passwords(postgres: Postgres) -> Path:
    """Return the file with the passwords of this cluster's template; they outlive a change of the set-up."""
    return postgres.state.with_name("erp.secret")


def prepare(postgres: Postgres, folder: Path) -> None:
    """Make the template database: restored from the dump of an earlier preparation, else set up in about a minute.

    One preparation at a time: the dump and its passwords belong together, and a second one would part them.
    """
    import psycopg

    dump, secret = _cache()
    with dump.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if postgres.exists(TEMPLATE):
            return
        postgres.drop("erp_restoring")
        postgres.create("erp_restoring")
        if dump.exists() and secret.exists():
            command = [str(binaries() / "pg_restore"), "--no-owner", "-j", "2", "-d", postgres.dsn("erp_restoring"), str(dump)]
            subprocess.run(command, check=True, capture_output=True)
        else:
            _set_up_and_dump(postgres, folder, dump, secret)
        private(_passwords(postgres), secret.read_text())
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE erp_restoring RENAME TO {TEMPLATE}")


def _set_up_and_dump(postgres: Postgres, folder: Path, dump: Path, secret: Path) -> None:
    dump.unlink(missing_ok=True)
    private(secret, f"{secrets.token_urlsafe(12)} {secrets.token_urlsafe(12)}")
    _set_up(postgres, folder, secret)
    fresh = dump.with_suffix(f".{os.getpid()}")
    subprocess.run([str(binaries() / "pg_dump"), "-Fc", "-f", str(fresh), postgres.dsn("erp_restoring")], check=True)
    fresh.chmod(0o600)
    fresh.replace(dump)


def _set_up(postgres: Postgres, folder: Path, secret: Path) -> None:
    admin, api = secret.read_text().split()
    config, password = _config(postgres, folder), folder / "admin.pass"
    private(password, admin)
    log = folder / "logs" / "erp-setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        subprocess.run(
            [
                str(ERP_BIN / "trytond-admin"), "-c", str(config), "-d", "erp_restoring", "--email", "admin@example.com",
                "-l", *LANGUAGES, "-u", *MODULES, "--activate-dependencies",
            ],
            check=True, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, "TRYTONPASSFILE": str(password)},
        )  # fmt: skip
        command = [str(ERP_BIN / "python"), str(SETUP), str(config), "erp_restoring"]
        subprocess.run(command, check=True, stdout=out, stderr=out, input=api.encode())


def start(postgres: Postgres, processes: Processes, folder: Path, database: str = "erp") -> Erp:
    """Serve a copy of the prepared database; a running server of this folder is taken as it is."""
    prepare(postgres, folder)
    dsn = postgres.create(database, TEMPLATE)
    admin, api = _passwords(postgres).read_text().split()
    env = {"TRYTOND_CONFIG": str(_config(postgres, folder)), "TRYTOND_DATABASE_NAMES": database}
    server = [str(ERP_BIN / "waitress-serve"), "--threads=4"]
    port = processes.serve("erp", lambda port: ([*server, f"--listen=127.0.0.1:{port}", "trytond.application:app"], env), 120)
    url = f"http://127.0.0.1:{port}"
    wait_for(f"{url}/{database}/rpc/", 120, lambda: processes.running("erp"))
    return Erp(url, database, LOGIN, api, admin, dsn)
