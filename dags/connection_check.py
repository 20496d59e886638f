"""### Connection check

Says what `interlock doctor` says: whether configuration, connections, rights, clocks and books are as the processes need.

- **Trigger it** after connecting a system, and after a change in one. It reads, and writes nothing.
- **The task log** has a line for each thing that was looked at, and the cure of what is wrong.
- **It fails** where an error was found: then a process would fail, or hold back what it should not.
"""

from __future__ import annotations

from airflow.sdk import dag

from interlock.config import load
from interlock.pipeline.checking import look
from interlock.pipeline.defaults import integration


@dag(
    schedule=None,
    tags=["systems"],
    doc_md=__doc__,
    is_paused_upon_creation=False,
    **integration(owner="integration", settings=load().airflow),
)
def connection_check():
    look()


connection_check()
