"""The routes: objects, batches, search, associations v4, properties, account information."""

from __future__ import annotations

import secrets
import time
from collections import deque
from typing import Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from interlock_sandbox.crm import page
from interlock_sandbox.crm.records import Missing, Records, shown
from interlock_sandbox.crm.search import BadSearch, search

Row = dict[str, Any]
BATCH = 100


class Fault(Exception):
    """An answer in HubSpot's error shape."""

    def __init__(self, status: int, category: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.category, self.message, self.headers = status, category, message, headers or {}


def answer(fault: Fault) -> JSONResponse:
    body = {"status": "error", "message": fault.message, "correlationId": secrets.token_hex(16), "category": fault.category}
    return JSONResponse(body, fault.status, fault.headers)


class Limits:
    """The quota: any `rate` calls in `per` seconds, `search_rate` searches in one."""

    def __init__(self, rate: int, per: float) -> None:
        self.rate, self.per, self.search_rate, self.index_delay = rate, per, 5, 0.0
        self.calls: deque[float] = deque()
        self.searches: deque[float] = deque()

    def take(self, is_search: bool) -> dict[str, str]:
        now = time.monotonic()
        for calls, limit, window in ((self.calls, self.rate, self.per), (self.searches, self.search_rate, 1.0)):
            while calls and calls[0] <= now - window:
                calls.popleft()
            if len(calls) >= limit and (calls is self.calls or is_search):
                wait = max(calls[0] + window - now, 0.05)
                raise Fault(429, "RATE_LIMITS", "You have reached your limit.", {"Retry-After": f"{wait:.2f}"})
        self.calls.append(now)
        if is_search:
            self.searches.append(now)
        names = {"Max": self.rate, "Remaining": self.rate - len(self.calls), "Interval-Milliseconds": int(self.per * 1000)}
        return {f"X-HubSpot-RateLimit-{name}": str(value) for name, value in names.items()}


def create_app(dsn: str, token: str, *, portal: int = 146_000_001, rate: int = 190, per: float = 10.0) -> FastAPI:
    """Build the service."""
    records, limits = Records(dsn), Limits(rate, per)

    def guard(request: Request, response: Response) -> None:
        if not secrets.compare_digest(request.headers.get("authorization", ""), f"Bearer {token}"):
            raise Fault(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or wrong.")
        response.headers.update(limits.take(request.url.path.endswith("/search")))

    app = FastAPI(title="Sandbox CRM", docs_url=None, redoc_url=None)
    app.add_exception_handler(Fault, lambda _, fault: answer(fault))  # type: ignore[arg-type]
    app.add_exception_handler(Missing, lambda _, e: answer(Fault(404, "OBJECT_NOT_FOUND", f"Object not found: {e}")))
    app.add_exception_handler(BadSearch, lambda _, e: answer(Fault(400, "VALIDATION_ERROR", str(e))))
    guarded = [Depends(guard)]
    for prefix in ("/crm/v3/objects", "/crm/objects/{version}"):
        _objects(app, prefix, records, limits, guarded)
    _associations(app, records, guarded)

    @app.get("/health")
    def health() -> Row:
        return {"status": "ok"}

    @app.get("/account-info/v3/details", dependencies=guarded)
    def details() -> Row:
        return {"portalId": portal, "accountType": "DEVELOPER_TEST", "timeZone": "Europe/Berlin", "companyCurrency": "EUR"}

    @app.get("/crm/v3/properties/{kind}", dependencies=guarded)
    def properties(kind: str) -> Row:
        with records.pool.connection() as tx:
            return {"results": [{"name": name, "label": name, "type": "string"} for name in sorted(records.known(tx, kind))]}

    @app.post("/crm/v3/properties/{kind}", dependencies=guarded, status_code=201)
    def define(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            tx.execute("INSERT INTO crm.property VALUES (%s, %s) ON CONFLICT DO NOTHING", [kind, body["name"]])
        return body

    @app.post("/sandbox/settings", dependencies=guarded)
    def settings(body: Row = Body()) -> Row:
        for name in ("rate", "per", "search_rate", "index_delay"):
            setattr(limits, name, body.get(name, getattr(limits, name)))
        return {"rate": limits.rate, "per": limits.per, "search_rate": limits.search_rate, "index_delay": limits.index_delay}

    page.add(app, records)
    return app


def _objects(app: FastAPI, prefix: str, records: Records, limits: Limits, guarded: list[Any]) -> None:  # noqa: C901, PLR0915
    def check(tx: Any, kind: str, inputs: list[Row]) -> None:
        if len(inputs) > BATCH:
            raise Fault(400, "VALIDATION_ERROR", f"a batch takes at most {BATCH} inputs")
        names = {name for item in inputs for name in item.get("properties", {})}
        if unknown := records.unknown(tx, kind, names):
            raise Fault(400, "VALIDATION_ERROR", f'Property values were not valid: "{unknown[0]}" PROPERTY_DOESNT_EXIST')

    def put(tx: Any, kind: str, item: Row) -> Row:
        row = records.create(tx, kind, item["properties"])
        for link in item.get("associations") or []:
            to = tx.execute("SELECT type, id FROM crm.object WHERE id = %s", [int(link["to"]["id"])]).fetchone()
            if to is None:
                raise Fault(400, "VALIDATION_ERROR", "an associated object does not exist")
            records.link(tx, kind, row["id"], to["type"], to["id"])
        return row

    def each(kind: str, inputs: list[Row], act: Any, status: int = 200) -> JSONResponse:
        results, missing = [], []
        with records.pool.connection() as tx:
            check(tx, kind, inputs)
            for item in inputs:
                try:
                    results.append(act(tx, item))
                except Missing:
                    missing.append(str(item["id"]))
        body: Row = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": "2026-01-01T00:00:00Z",
            "completedAt": "2026-01-01T00:00:00Z",
        }
        if missing:
            error = {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some objects",
                "context": {"ids": missing},
            }
            body |= {"numErrors": len(missing), "errors": [error]}
        return JSONResponse(body, 207 if missing else status)

    @app.get(prefix + "/{kind}", dependencies=guarded)
    def list_(kind: str, limit: int = 10, after: int = 0, properties: str = "", archived: bool = False) -> Row:
        if limit > BATCH:
            raise Fault(400, "VALIDATION_ERROR", f"limit is {BATCH}")
        with records.pool.connection() as tx:
            rows = tx.execute(
                "SELECT * FROM crm.object WHERE type = %s AND archived = %s AND id > %s ORDER BY id LIMIT %s",
                [kind, archived, after, limit + 1],
            ).fetchall()
        body: Row = {"results": [shown(row, properties.split(",") if properties else None) for row in rows[:limit]]}
        if len(rows) > limit:
            body["paging"] = {"next": {"after": str(rows[limit - 1]["id"])}}
        return body

    @app.post(prefix + "/{kind}", dependencies=guarded, status_code=201)
    def create(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            check(tx, kind, [body])
            return shown(put(tx, kind, body))

    @app.post(prefix + "/{kind}/search", dependencies=guarded)
    def find(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            total, rows, following = search(tx, kind, body, limits.index_delay)
        found: Row = {"total": total, "results": [shown(row, body.get("properties")) for row in rows]}
        return found | ({"paging": {"next": {"after": str(following)}}} if following else {})

    @app.post(prefix + "/{kind}/batch/read", dependencies=guarded)
    def read(kind: str, body: Row = Body()) -> JSONResponse:
        by, wanted = body.get("idProperty") or "", body.get("properties")
        return each(kind, body["inputs"], lambda tx, item: shown(records.get(tx, kind, item["id"], by=by), wanted))

    @app.post(prefix + "/{kind}/batch/create", dependencies=guarded)
    def batch_create(kind: str, body: Row = Body()) -> JSONResponse:
        return each(kind, body["inputs"], lambda tx, item: shown(put(tx, kind, item)), 201)

    @app.post(prefix + "/{kind}/batch/update", dependencies=guarded)
    def batch_update(kind: str, body: Row = Body()) -> JSONResponse:
        return each(kind, body["inputs"], lambda tx, item: shown(records.update(tx, kind, item["id"], item["properties"])))

    @app.post(prefix + "/{kind}/batch/upsert", dependencies=guarded)
    def upsert(kind: str, body: Row = Body()) -> JSONResponse:
        def one(tx: Any, item: Row) -> Row:
            by = item.get("idProperty") or ""
            try:
                row = records.get(tx, kind, item["id"], by=by)
            except Missing:
                return shown(records.create(tx, kind, {by: item["id"], **item["properties"]})) | {"new": True}
            return shown(records.update(tx, kind, str(row["id"]), item["properties"])) | {"new": False}

        return each(kind, body["inputs"], one)

    @app.post(prefix + "/{kind}/batch/archive", dependencies=guarded, status_code=204)
    def batch_archive(kind: str, body: Row = Body()) -> None:
        with records.pool.connection() as tx:
            check(tx, kind, body["inputs"])
            for item in body["inputs"]:
                records.archive(tx, kind, item["id"])

    @app.post(prefix + "/{kind}/merge", dependencies=guarded)
    def merge(kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            return shown(records.merge(tx, kind, body["primaryObjectId"], body["objectIdToMerge"]))

    @app.get(prefix + "/{kind}/{record}", dependencies=guarded)
    def get(kind: str, record: str, properties: str = "", idProperty: str = "") -> Row:  # noqa: N803 - HubSpot's name
        with records.pool.connection() as tx:
            return shown(records.get(tx, kind, record, by=idProperty), properties.split(",") if properties else None)

    @app.patch(prefix + "/{kind}/{record}", dependencies=guarded)
    def update(kind: str, record: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            check(tx, kind, [body])
            return shown(records.update(tx, kind, record, body["properties"]))

    @app.delete(prefix + "/{kind}/{record}", dependencies=guarded, status_code=204)
    def archive(kind: str, record: str) -> None:
        with records.pool.connection() as tx:
            records.archive(tx, kind, record)


def _associations(app: FastAPI, records: Records, guarded: list[Any]) -> None:
    kind_of = [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": None}]

    @app.put("/crm/v4/objects/{kind}/{record}/associations/default/{to_kind}/{to}", dependencies=guarded)
    def link(kind: str, record: int, to_kind: str, to: int) -> Row:
        with records.pool.connection() as tx:
            records.link(tx, kind, record, to_kind, to)
        return {"status": "COMPLETE", "results": [{"from": {"id": str(record)}, "to": {"id": str(to)}}]}

    @app.get("/crm/v4/objects/{kind}/{record}/associations/{to_kind}", dependencies=guarded)
    def links(kind: str, record: int, to_kind: str) -> Row:
        with records.pool.connection() as tx:
            found = records.links(tx, kind, [record], to_kind)[record]
        return {"results": [{"toObjectId": to, "associationTypes": kind_of} for to in found]}

    @app.post("/crm/v4/associations/{kind}/{to_kind}/batch/read", dependencies=guarded)
    def batch(kind: str, to_kind: str, body: Row = Body()) -> Row:
        with records.pool.connection() as tx:
            found = records.links(tx, kind, [int(item["id"]) for item in body["inputs"]], to_kind)
        results = [
            {"from": {"id": str(record)}, "to": [{"toObjectId": to, "associationTypes": kind_of} for to in ids]}
            for record, ids in found.items()
            if ids
        ]
        return {
            "status": "COMPLETE",
            "results": results,
            "startedAt": "2026-01-01T00:00:00Z",
            "completedAt": "2026-01-01T00:00:00Z",
        }
