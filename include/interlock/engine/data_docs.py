"""Data Docs of a run, where `quality.data_docs` is on: after its writes, so that nothing about a page can undo them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from interlock.domain.finding import Finding
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.quality import docs

Row = dict[str, Any]
log = logging.getLogger(__name__)


def publish(engine: Engine, batch: UUID, info: Row, findings: Sequence[Finding]) -> tuple[str, list[Row]]:
    """Build the run's pages; returns where they are, and the notice that they could not be built."""
    quality = engine.settings.quality
    if not quality.data_docs:
        return "", []
    try:
        run = docs.Run(str(batch), info["run_id"], info["started_at"])
        path = str(docs.build(Path(quality.data_docs_folder), run, findings, quality.data_docs_keep))
    except Exception as error:  # noqa: BLE001 - the run's writes are done
        name = type(error).__name__
        message = f"the Data Docs could not be built ({name}); see that quality.data_docs_folder may be written to"
        log.warning("%s", message)
        problem = Problem("data_docs_failed", "", message)
        return "", [{"ref": f"{engine.process}/{info['run_id']}", "code": problem.code, "message": problem.message}]
    log.info("Data Docs: %s", path)
    return path, []
