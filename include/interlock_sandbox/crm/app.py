"""The service: its parts put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from interlock_sandbox.crm import associations, catalogue, faults, limits, objects, page, properties, schemas, vat_register
from interlock_sandbox.crm.records import Records
from interlock_sandbox.crm.schema import PORTAL


def create_app(
    dsn: str,
    token: str,
    *,
    portal: int = PORTAL,
    rate: int = 190,
    per: float = 10.0,
    search_rate: int = 5,
    index_delay: float = 0.0,
) -> FastAPI:
    """Build the service; it creates its tables where they are missing."""
    records = Records(dsn)
    quota = limits.Limits(rate, per, search_rate, index_delay)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        records.pool.close()

    app = FastAPI(title="Sandbox CRM", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    faults.add(app)
    limits.add(app, quota, token)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    catalogue.add(app, records, portal)
    properties.add(app, records)
    schemas.add(app, records, portal)
    associations.add(app, records)
    app.include_router(objects.routes("/crm/v3/objects", records, quota))
    app.include_router(objects.routes("/crm/objects/{version}", records, quota))
    page.add(app, records)
    vat_register.add(app, records)
    return app
