"""The console as one FastAPI application; Airflow mounts it, and authenticates nothing by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from interlock.errors import InterlockError, NotAllowed, NothingToDecide
from interlock.pipeline.console import actions, pages
from interlock.pipeline.console.render import HEADERS, message

TITLES = {
    401: ("Please log in", "Your Airflow login has ended. Reload the Airflow page and log in again."),
    403: ("Not allowed", "Your Airflow role may not do this. Ask an administrator of Airflow for the right."),
}


def create_app() -> FastAPI:
    """Build the application: pages, actions, and errors as plain words with their cure."""
    app = FastAPI(title="Interlock", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages.router)
    app.include_router(actions.router)
    app.middleware("http")(_protect)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(InterlockError)(_impossible)
    app.exception_handler(Exception)(_broken)
    return app


async def _protect(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await go_on(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _sentence(error: Exception) -> str:
    return str(error)[:1].upper() + str(error)[1:]


def _say(request: Request, status: int, title: str, text: str) -> Response:
    if request.method == "GET":
        return message(request, status, title, text)
    return JSONResponse({"message": text}, status, headers=HEADERS)


async def _refused(request: Request, error: HTTPException) -> Response:
    title, text = TITLES.get(error.status_code, ("Not found", f"{error.detail}"))
    return _say(request, error.status_code, title, text)


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
    return _say(request, 422, "Not understood", f"The request is not understood: {', '.join(places)}. Go back and try again.")


async def _impossible(request: Request, error: InterlockError) -> Response:
    if isinstance(error, NotAllowed):
        return _say(request, 403, "Not yours to decide", f"{_sentence(error)}.")
    if isinstance(error, NothingToDecide):
        return _say(request, 409, "Nothing to decide", f"{_sentence(error)}.")
    text = f"{_sentence(error)}. Runs wait and lose nothing. `interlock doctor` checks every connection and says how to cure it."
    return _say(request, 503, "The integration database does not answer", text)


async def _broken(request: Request, _error: Exception) -> Response:
    """Answer in words; the server raises the error again and logs it."""
    return _say(request, 500, "Something went wrong", "The page could not be made; the API server's log says why. Try again.")
