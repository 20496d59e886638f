"""The four systems in Airflow's connection form, each asking for what it needs and nothing else.

Airflow finds this by the package's entry point `apache_airflow_provider` and reads it in every process: it imports nothing. The
form's `Test` works where `core.test_connection` is `Enabled`.
"""

from __future__ import annotations

from typing import Any, Final

TYPES: Final = {
    "interlock_hubspot": ("HubSpot", "HubSpotHook"), "interlock_espocrm": ("EspoCRM", "EspoCrmHook"),
    "interlock_tryton": ("Tryton", "TrytonHook"), "interlock_odoo": ("Odoo", "OdooHook"),
}  # fmt: skip
UNUSED: Final = ["port", "extra"]
HIDDEN: Final = {
    "interlock_hubspot": ["login", "schema"], "interlock_espocrm": ["schema"], "interlock_tryton": [], "interlock_odoo": [],
}  # fmt: skip
LABELS: Final = {
    "interlock_hubspot": {"host": "Address", "password": "Access token of the private app"},
    "interlock_espocrm": {
        "host": "Address",
        "login": "API key that signs (HMAC), or a user's name",
        "password": "API key or secret",
    },
    "interlock_tryton": {"host": "Address with port", "schema": "Database"},
    "interlock_odoo": {"host": "Address", "password": "API key", "schema": "Database"},
}
EXAMPLES: Final = {
    "interlock_hubspot": {"host": "https://api.hubapi.com"},
    "interlock_espocrm": {"host": "https://crm.example.com", "login": "empty where the API key alone is sent"},
    "interlock_tryton": {"host": "https://erp.example.com:8000"},
    "interlock_odoo": {"host": "https://erp.example.com"},
}


def get_provider_info() -> dict[str, Any]:
    """Tell Airflow of the connection types."""
    return {
        "package-name": "interlock",
        "name": "Interlock",
        "description": "Connections to the CRM and the ERP that Interlock meshes.",
        "connection-types": [
            {
                "connection-type": conn_type,
                "hook-name": f"Interlock: {name}",
                "hook-class-name": f"interlock.pipeline.connection_types.{hook}",
                "ui-field-behaviour": {
                    "hidden-fields": [*UNUSED, *HIDDEN[conn_type]],
                    "relabeling": LABELS[conn_type],
                    "placeholders": EXAMPLES[conn_type],
                },
            }
            for conn_type, (name, hook) in TYPES.items()
        ],
    }
