"""Put an engine together from settings and connections."""

from __future__ import annotations

from collections.abc import Callable

from interlock.config import Endpoint, Settings
from interlock.connectors.registry import connect, connect_register
from interlock.engine.context import Engine
from interlock.engine.flows import FLOWS
from interlock.engine.leads import LEADS
from interlock.errors import ConnectionMissing
from interlock.store.database import Database

LookUp = Callable[[str], Endpoint]


def assemble(settings: Settings, look_up: LookUp, process: str = LEADS.name) -> Engine:
    """Connect both systems and the integration database; `look_up` turns a connection id into an endpoint.

    process: whose work it is; any other name, such as that of a DAG for people, only looks.
    """
    return Engine(
        database=Database(look_up(settings.database).url),
        crm=connect(
            settings.crm.system, look_up(settings.crm.connection), settings.crm.with_maps(settings.maps), settings.customers
        ),
        erp=connect(settings.erp.system, look_up(settings.erp.connection), settings.erp, settings.customers),
        settings=settings,
        flow=FLOWS.get(process, LEADS),
        register=connect_register(settings.tax.vat_register, lambda: _of_its_own(settings.tax.vat_connection, look_up)),
    )


def _of_its_own(connection_id: str, look_up: LookUp) -> Endpoint | None:
    try:
        return look_up(connection_id)
    except ConnectionMissing:
        return None
