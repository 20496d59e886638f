"""Turn an Airflow connection into what a connector needs."""

from __future__ import annotations

from urllib.parse import quote

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from pydantic import SecretStr

from interlock.config import Endpoint
from interlock.errors import ConnectionMissing


def look_up(connection_id: str) -> Endpoint:
    """Read a connection from Airflow (its database, an environment variable or a secrets backend); or ConnectionMissing."""
    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        raise ConnectionMissing(f"Airflow has no connection {connection_id}; add it under Admin > Connections") from None
    return endpoint_of(connection)


def endpoint_of(connection: Connection) -> Endpoint:
    """Return where a connection leads and how to log in there."""
    secret = SecretStr(connection.password or "")
    if connection.conn_type in {"postgres", "postgresql"}:
        login = f"{quote(connection.login or '', safe='')}:{quote(connection.password or '', safe='')}"
        return Endpoint(url=f"postgresql://{login}@{connection.host}:{connection.port or 5432}/{connection.schema or ''}")
    host = connection.host or ""
    url = host if "://" in host else f"{connection.schema if connection.schema in {'http', 'https'} else 'https'}://{host}"
    return Endpoint(
        url=url.rstrip("/") + (f":{connection.port}" if connection.port else ""),
        login=connection.login or "",
        password=secret,
        token=secret,
        database=connection.schema or "",
    )
