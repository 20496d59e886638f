"""Put an engine together from settings and connections."""

from __future__ import annotations

from collections.abc import Callable

from interlock.config import Endpoint, Settings
from interlock.connectors.registry import connect
from interlock.engine.context import Engine
from interlock.store.database import Database

LookUp = Callable[[str], Endpoint]


def assemble(settings: Settings, look_up: LookUp) -> Engine:
    """Connect both systems and the integration database; `look_up` turns a connection id into an endpoint."""
    return Engine(
        database=Database(look_up(settings.database).url),
        crm=connect(
            settings.crm.system, look_up(settings.crm.connection), settings.crm.with_maps(settings.maps), settings.customers
        ),
        erp=connect(settings.erp.system, look_up(settings.erp.connection), settings.erp, settings.customers),
        settings=settings,
    )
