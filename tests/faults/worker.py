"""A worker: one run of a process in a process of its own, forked from one that has everything imported."""

from __future__ import annotations

import json
import os
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations  # noqa: F401 - imported before the fork, as in the scheduler

from interlock.config import Endpoint, parse
from interlock.connectors.registry import connect
from interlock.engine.context import Engine, Scope
from interlock.engine.flows import FLOWS
from interlock.engine.run import run
from interlock.errors import Retry, Stop
from interlock.store.database import Database

OK, RETRY, STOP, BUG = 0, 75, 78, 70


@dataclass(frozen=True)
class Order:
    """Everything a worker needs, told as plain text so that it crosses a process border."""

    dsn: str
    crm_url: str
    erp_url: str
    token: str
    erp_database: str
    erp_login: str
    erp_password: str
    settings: str
    result: str
    process: str = "lead_to_customer"

    def engine(self) -> Engine:
        settings = parse(self.settings)
        there = Endpoint(url=self.erp_url, login=self.erp_login, password=self.erp_password, database=self.erp_database)
        return Engine(
            Database(self.dsn),
            connect("hubspot", Endpoint(url=self.crm_url, token=self.token), settings.crm, settings.customers),
            connect("tryton", there, settings.erp, settings.customers),
            settings,
            FLOWS[self.process],
        )


def work(order: Order, scope: Scope) -> None:
    """Run once; the exit code says what an operator would see, the result file holds counts or the error."""
    said: dict[str, Any]
    try:
        said, code = {"counts": run(order.engine(), scope)}, OK
    except Retry as error:
        said, code = {"error": str(error)}, RETRY
    except Stop as error:
        said, code = {"error": str(error)}, STOP
    except BaseException:  # noqa: BLE001 - whatever it is, the test must read it
        said, code = {"error": traceback.format_exc()}, BUG
    Path(order.result).write_text(json.dumps(said))
    os._exit(code)
