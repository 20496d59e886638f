"""Which connectors there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from interlock.config import CrmSettings, CustomerSettings, Endpoint, ErpSettings
from interlock.connectors.espocrm.client import EspoCrm
from interlock.connectors.hubspot.client import HubSpot
from interlock.connectors.odoo.client import Odoo
from interlock.connectors.tryton.client import Tryton
from interlock.connectors.vies.client import Vies
from interlock.errors import ConfigurationError
from interlock.ports.register import VatRegister
from interlock.ports.system import System


def connect(system: str, endpoint: Endpoint, settings: CrmSettings | ErpSettings, customers: CustomerSettings) -> System:
    """Build the connector of that name; raises ConfigurationError naming those there are."""
    match (system, settings):
        case ("hubspot", CrmSettings()):
            return HubSpot(endpoint, settings)
        case ("espocrm", CrmSettings()):
            return EspoCrm(endpoint, settings)
        case ("tryton", ErpSettings()):
            return Tryton(endpoint, settings, customers)
        case ("odoo", ErpSettings()):
            return Odoo(endpoint, settings, customers)
    raise ConfigurationError(f"no connector {system!r} here; a CRM is hubspot or espocrm, an ERP is tryton or odoo")


def connect_register(register: Literal["vies", "none"], endpoint: Callable[[], Endpoint | None]) -> VatRegister | None:
    """Build the VAT register of that name; `endpoint` is asked for at the first question, None: the public service."""
    return Vies(endpoint) if register == "vies" else None
