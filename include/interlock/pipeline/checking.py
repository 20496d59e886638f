"""What `interlock doctor` says, as a task: for people who see Airflow and no command line."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Final

from airflow.sdk import result, task

from interlock.errors import ConfigurationError
from interlock.pipeline.steps import assembled

log = logging.getLogger(__name__)
LEVELS: Final = {"ok": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@result
@task
def look() -> dict[str, int]:
    """Look at all that a run needs; returns how many findings there are of each level.

    Raises ConfigurationError naming what is in error: the log says more, and how to cure it.
    """
    from interlock.engine.diagnose import diagnose  # noqa: PLC0415 - DAG files parse often and must stay light

    with assembled() as engine:
        found = list(diagnose(engine))
    for check in found:
        log.log(LEVELS[check.level], "%s: %s%s", check.name, check.message, f"; {check.cure}" if check.cure else "")
    if wrong := list(dict.fromkeys(check.name for check in found if check.level == "error")):
        raise ConfigurationError(f"{', '.join(wrong)}: the lines above say what is wrong, and the cure")
    counts = Counter(str(check.level) for check in found)
    return {level: counts[level] for level in LEVELS}
