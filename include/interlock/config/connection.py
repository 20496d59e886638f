"""Where a system is, and how patient a connection to it is."""

from __future__ import annotations

from pydantic import SecretStr

from interlock.config.section import PositiveInt, Seconds, Section


class Endpoint(Section):
    """Where a system is and how to log in: an Airflow connection, never part of the file.

    url: scheme, host, port. database: Tryton's database name. token: a bearer token or API key.
    """

    url: str
    login: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    database: str = ""


class HttpSettings(Section):
    """Time-outs in seconds, tries of safe calls, and the quota to stay within (`requests` in any `per_seconds`).

    sending_seconds: a batch that takes several writing calls begins none after that time.
    """

    connect_timeout: Seconds = 5
    read_timeout: Seconds = 30
    write_timeout: Seconds = 60
    sending_seconds: Seconds = 30
    tries: PositiveInt = 5
    backoff: Seconds = 0.5
    requests: PositiveInt = 190
    per_seconds: Seconds = 10
