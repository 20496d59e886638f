"""HubSpot's error shape, for whole calls and for single inputs of a batch."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import DataError
from starlette.exceptions import HTTPException

Row = dict[str, Any]


class Fault(Exception):
    """An answer in HubSpot's error shape."""

    def __init__(
        self, status: int, category: str, message: str, *, context: Row | None = None, headers: Row | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.body = {"status": "error", "message": message, "correlationId": secrets.token_hex(16), "category": category, **more}
        if context:
            self.body["context"] = context

    def answer(self) -> JSONResponse:
        return JSONResponse(self.body, self.status, self.headers)


def invalid(message: str, **more: Any) -> Fault:
    """Build the commonest refusal."""
    return Fault(400, "VALIDATION_ERROR", message, **more)


def missing(ids: list[str]) -> Row:
    """Describe the inputs of a batch that name no record."""
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {"ids": ids}, "links": {}, "errors": [],
    }  # fmt: skip


def add(app: FastAPI) -> None:
    """Answer every failure in HubSpot's shape."""

    @app.exception_handler(Fault)
    def _fault(_: Request, fault: Fault) -> JSONResponse:
        return fault.answer()

    @app.exception_handler(RequestValidationError)
    def _shape(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return invalid(f"Invalid input: {first['msg']} at {'/'.join(map(str, first['loc']))}").answer()

    @app.exception_handler(HTTPException)
    def _route(_: Request, error: HTTPException) -> JSONResponse:
        return Fault(
            error.status_code, "OBJECT_NOT_FOUND" if error.status_code == 404 else "VALIDATION_ERROR", str(error.detail)
        ).answer()

    @app.exception_handler(DataError)
    def _data(_: Request, error: DataError) -> JSONResponse:
        return invalid(f"Invalid input: {str(error).splitlines()[0]}").answer()
