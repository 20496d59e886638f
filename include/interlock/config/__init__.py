"""`interlock.toml`, validated: every error names the key and the cure."""

from interlock.config.connection import Endpoint, HttpSettings
from interlock.config.crm import ACCOUNT_PROPERTIES, CONTACT_PROPERTIES, MANDATORY_PROPERTIES, CrmSettings
from interlock.config.engine import AirflowSettings
from interlock.config.erp import CustomerSettings, ErpSettings
from interlock.config.loading import CONFIG_VARIABLE, load, parse
from interlock.config.processes import ApprovalSettings
from interlock.config.section import Section
from interlock.config.settings import Settings

__all__ = [
    "ACCOUNT_PROPERTIES",
    "CONFIG_VARIABLE",
    "CONTACT_PROPERTIES",
    "MANDATORY_PROPERTIES",
    "AirflowSettings",
    "ApprovalSettings",
    "CrmSettings",
    "CustomerSettings",
    "Endpoint",
    "ErpSettings",
    "HttpSettings",
    "Section",
    "Settings",
    "load",
    "parse",
]  # fmt: skip
