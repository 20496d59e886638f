"""Import all that tasks use; tasks are forks of the scheduler, and what it has imported costs them nothing.

For `airflow_local_settings.py`: `if "scheduler" in sys.argv: import interlock.pipeline.preload`. New code then needs a restart
of the scheduler.
"""

import great_expectations
import great_expectations.data_context.types.base  # noqa: F401
import sqlalchemy.pool  # noqa: F401

import interlock.engine.assemble
import interlock.engine.run
import interlock.pipeline.connections
import interlock.store.approvals  # noqa: F401
