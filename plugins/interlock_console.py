"""The operator's console in the Airflow UI: a navigation entry, and a tab on every run."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/interlock"
ADDRESS = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX


class InterlockConsole(AirflowPlugin):
    """Declares the pages; every process of Airflow loads this, only the API server builds the application."""

    name = "interlock_console"
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Interlock",
            "href": f"{ADDRESS}/",
            "url_route": "interlock",
            "destination": "nav",
            "nav_top_level": True,
            "icon": f"{ADDRESS}/static/icon.svg",
        },
        {
            "name": "Interlock",
            "href": f"{ADDRESS}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "url_route": "interlock-run",
            "destination": "dag_run",
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The application; its imports take two seconds, which no task should pay for."""
        from interlock.pipeline.console.app import create_app  # noqa: PLC0415

        return [{"app": create_app(), "url_prefix": PREFIX, "name": "Interlock"}]
