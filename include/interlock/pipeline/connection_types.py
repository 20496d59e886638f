"""Whether a connection of one of our types leads to the system that it names."""

from __future__ import annotations

from typing import ClassVar

from airflow.sdk import BaseHook

from interlock.config import CrmSettings, CustomerSettings, ErpSettings
from interlock.connectors.registry import connect
from interlock.errors import InterlockError
from interlock.pipeline.connections import endpoint_of


class SystemHook(BaseHook):
    """What the form shows for one system, and whether a connection leads to it."""

    conn_name_attr: ClassVar[str] = "connection"
    default_conn_name: ClassVar[str]
    system: ClassVar[str]
    settings: ClassVar[type[CrmSettings | ErpSettings]]

    def __init__(self, connection: str = "") -> None:
        super().__init__()
        self.connection = connection or self.default_conn_name

    def test_connection(self) -> tuple[bool, str]:
        """Ask the system which installation it is."""
        there = endpoint_of(self.get_connection(self.connection))
        try:
            found = connect(self.system, there, self.settings(system=self.system), CustomerSettings()).instance()
        except InterlockError as error:
            return False, str(error)
        return True, f"{found.product} {found.version}, {found.id}"


class HubSpotHook(SystemHook):
    """HubSpot."""

    conn_type, hook_name, default_conn_name = "interlock_hubspot", "Interlock: HubSpot", "interlock_crm"
    system, settings = "hubspot", CrmSettings


class EspoCrmHook(SystemHook):
    """EspoCRM."""

    conn_type, hook_name, default_conn_name = "interlock_espocrm", "Interlock: EspoCRM", "interlock_crm"
    system, settings = "espocrm", CrmSettings


class TrytonHook(SystemHook):
    """Tryton."""

    conn_type, hook_name, default_conn_name = "interlock_tryton", "Interlock: Tryton", "interlock_erp"
    system, settings = "tryton", ErpSettings


class OdooHook(SystemHook):
    """Odoo."""

    conn_type, hook_name, default_conn_name = "interlock_odoo", "Interlock: Odoo", "interlock_erp"
    system, settings = "odoo", ErpSettings
