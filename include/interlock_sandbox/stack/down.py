"""End everything that was started from a folder, by process id, also after a crash."""

from __future__ import annotations

from pathlib import Path

from interlock_sandbox.stack.paths import LOCAL
from interlock_sandbox.stack.postgres import Postgres
from interlock_sandbox.stack.processes import Processes


def down(folder: Path = LOCAL, grace: float = 20) -> None:
    """Stop the children, by force after `grace` seconds each, then PostgreSQL."""
    ended = Processes(folder).stop_all(grace) if folder.exists() else []
    if (folder / "postgres.secret").exists():
        postgres = Postgres(folder)
        if postgres.server() is not None:
            postgres.stop()
            ended.append("postgres")
    print(f"ended: {', '.join(ended) or 'nothing was running'}")


if __name__ == "__main__":
    down()
