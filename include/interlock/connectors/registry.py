"""Which connectors there are."""

from __future__ import annotations

from interlock.config import CrmSettings, CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.hubspot.client import HubSpot
from interlock.connectors.tryton.client import Tryton
from interlock.errors import ConfigurationError
from interlock.ports.system import System


def connect(system: str, endpoint: Endpoint, settings: CrmSettings | ErpSettings, customers: CustomerSettings) -> System:
    """Build the connector of that name; raises ConfigurationError naming those there are."""
    match (system, settings):
        case ("hubspot", CrmSettings()):
            return HubSpot(endpoint, settings)
        case ("tryton", ErpSettings()):
            return Tryton(endpoint, settings, customers)
    raise ConfigurationError(f"no connector {system!r} here; a CRM is hubspot, an ERP is tryton")
